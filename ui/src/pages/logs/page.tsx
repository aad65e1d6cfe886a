// What was said: how much over time, the lines, their fields and patterns, and what is said right now.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '../../base/api';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import type { HistogramAnswer, LogRow, Logs } from '../../base/schema';
import { nsToMs } from '../../base/time';
import { param, setParams } from '../../base/url';
import { BarChart, Legend } from '../../components/bars';
import { Chips } from '../../components/chips';
import { Complete } from '../../components/complete';
import { FilterBar } from '../../components/filter';
import { LogLine } from '../../components/logline';
import { NoData } from '../../components/nodata';
import { Panel, Segments, Select, Tabs } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded, Partial } from '../../components/states';
import { VirtualList } from '../../components/virtual';
import { histogramBars } from '../../model/histogram';
import { LogDrawer } from './drawer';
import { Fields } from './fields';
import { Patterns } from './patterns';
import { Tail } from './tail';

const t = texts({
  title: ['Logs', '日志'],
  lines: ['Lines', '日志行'],
  patterns: ['Patterns', '模式'],
  live: ['Live', '实时'],
  view: ['View', '视图'],
  split: ['Split by', '分组'],
  severity: ['Severity', '级别'],
  service: ['Service', '服务'],
  order: ['Order', '顺序'],
  newest: ['Newest first', '最新在前'],
  oldest: ['Oldest first', '最早在前'],
  wrap: ['Wrap lines', '自动换行'],
  volume: ['Log records over time', '日志数量趋势'],
  total: ['{n} record|{n} records', '{n} 条日志'],
  more: ['Load more', '加载更多'],
  loading: ['Loading', '加载中'],
  keys: ['Logs', '日志'],
  down: ['Next line', '下一行'],
  up: ['Previous line', '上一行'],
  close: ['Close the panel', '关闭面板'],
  tail: ['Live tail', '实时日志'],
});

type Tab = 'lines' | 'patterns' | 'live';
const PAGE = 200;

export default function LogsPage() {
  const q = param('q');
  const tab = (param('tab') || 'lines') as Tab;
  const by = param('by') || 'severity';
  const range = useRangeQuery();
  const sort = param('sort') || 'newest';
  const histogram = useGet<HistogramAnswer>('logs/histogram', { q, by, buckets: 80, ...range });
  const answer = useGet<Logs>('logs', { q, sort, limit: PAGE, ...range }, { when: tab === 'lines' });
  const setQ = (next: string) => setParams({ q: next || null, id: null });
  const bars = useMemo(() => (histogram.data ? histogramBars(histogram.data, nsToMs(histogram.data.t0_ns)) : null), [histogram.data]);
  useKeys(() => t('keys'), [{ keys: 'l', does: () => t('tail'), run: () => setParams({ tab: tab === 'live' ? null : 'live' }) }], [tab]);
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        <FilterBar table="logs" value={q} error={answer.error ?? histogram.error} onChange={setQ} />
        <Segments label={t('view')} value={tab} options={(['lines', 'patterns', 'live'] as const).map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ tab: next === 'lines' ? null : next, id: null })} />
      </div>
      <Chips q={q} onChange={setQ} />
      {tab !== 'live' && (
        <Panel>
          {bars && bars.series.length > 0 ? (
            <>
              <BarChart bars={bars} height={92} label={t('volume')} />
              <div class="row" style={{ marginTop: '6px' }}>
                <Legend series={bars.series} />
                <span class="spring" />
                <Complete of={histogram.data!.completeness} end />
                <span class="faint small">{t('total', { n: histogram.data!.total })}</span>
                <Select
                  label={t('split')}
                  value={by}
                  options={[
                    ['severity', t('severity')],
                    ['service', t('service')],
                  ]}
                  onChange={(next) => setParams({ by: next === 'severity' ? null : next }, 'replace')}
                />
              </div>
            </>
          ) : (
            <div style={{ height: '92px' }} />
          )}
        </Panel>
      )}
      <Partial meta={answer.data?.meta} />
      {tab === 'lines' && <Lines q={q} answer={answer} sort={sort} range={range} setQ={setQ} />}
      {tab === 'patterns' && <Patterns q={q} onQ={setQ} />}
      {tab === 'live' && <Tail q={q} />}
    </div>
  );
}

function Lines({ q, answer, sort, range, setQ }: { q: string; answer: ReturnType<typeof useGet<Logs>>; sort: string; range: Record<string, string>; setQ: (q: string) => void }) {
  const [more, setMore] = useState<{ for: Logs; logs: LogRow[]; token: string | null; busy: boolean } | null>(null);
  const wrap = param('wrap') === '1';
  const chosen = param('id');
  const data = answer.data;
  const extra = more && more.for === data ? more : null;
  const logs = useMemo(() => (data ? (extra ? [...data.logs, ...extra.logs] : data.logs) : []), [data, extra]);
  const token = extra ? extra.token : (data?.next_page_token ?? null);
  const at = logs.findIndex((log) => log.id === chosen);
  const asked = useRef('');
  const load = async () => {
    if (!data || !token || asked.current === token) return;
    asked.current = token;
    const next = await get<Logs>('logs', { q, sort, limit: PAGE, page_token: token, ...range });
    setMore({ for: data, logs: [...(extra?.logs ?? []), ...next.logs], token: next.next_page_token ?? null, busy: false });
  };
  useEffect(() => {
    asked.current = '';
  }, [data]);
  const choose = (index: number) => logs[index] && setParams({ id: logs[index]!.id }, 'replace');
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => choose(Math.min(logs.length - 1, at + 1)) },
      { keys: 'k', does: () => t('up'), run: () => choose(Math.max(0, at - 1)) },
    ],
    [logs, at],
  );
  const line = (log: LogRow) => <LogLine log={log} wrap={wrap} selected={log.id === chosen} onClick={() => setParams({ id: log.id }, 'replace')} />;
  return (
    <div class="with-drawer">
      <div class="with-fields">
        <Fields q={q} onQ={setQ} />
        <section class="panel grow">
          <div class="head">
            <Tabs
              label={t('order')}
              value={sort}
              tabs={[
                ['newest', t('newest')],
                ['oldest', t('oldest')],
              ]}
              onChange={(next) => setParams({ sort: next === 'newest' ? null : next }, 'replace')}
            />
            <span class="spring" />
            <span class="faint small">{count(logs.length)}</span>
            <label class="check">
              <input type="checkbox" checked={wrap} onChange={() => setParams({ wrap: wrap ? null : '1' }, 'replace')} />
              {t('wrap')}
            </label>
          </div>
          <div class="body flush" style={{ display: 'flex', flexDirection: 'column' }}>
            <Loaded answer={answer} route="logs" rows={18}>
              {() =>
                logs.length === 0 ? (
                  <NoData table="logs" q={q} onQ={setQ} />
                ) : wrap ? (
                  <div class="loglist" style={{ overflow: 'auto' }} tabIndex={0}>
                    {logs.map((log) => (
                      <div key={log.id}>{line(log)}</div>
                    ))}
                    {token && (
                      <button class="btn small" style={{ margin: '8px' }} onClick={() => void load()}>
                        {t('more')}
                      </button>
                    )}
                  </div>
                ) : (
                  <VirtualList
                    rows={logs}
                    rowHeight={24}
                    label={t('lines')}
                    keyOf={(log) => log.id}
                    at={at}
                    onScroll={(box) => {
                      if (box.scrollTop + box.clientHeight > box.scrollHeight - 600) void load();
                    }}
                  >
                    {line}
                  </VirtualList>
                )
              }
            </Loaded>
          </div>
        </section>
      </div>
      {at >= 0 && <LogDrawer log={logs[at]!} onClose={() => setParams({ id: null }, 'replace')} onQ={setQ} />}
    </div>
  );
}
