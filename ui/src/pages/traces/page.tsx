// Show me requests like this: a scatter of durations, and a list of summaries.
import { useState } from 'preact/hooks';
import { count, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import type { TraceSummary, Traces } from '../../base/schema';
import { clock, day, toMs } from '../../base/time';
import { BASE, go, link, param, setParams } from '../../base/url';
import { codeName } from '../../components/codename';
import { Chips } from '../../components/chips';
import { FilterBar } from '../../components/filter';
import { NoData } from '../../components/nodata';
import { Panel, Segments, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded, Partial } from '../../components/states';
import { colourOf } from '../../base/colours';
import { and } from '../../model/search';
import { Durations } from './durations';
import { Scatter } from './scatter';

const t = texts({
  title: ['Traces', '链路'],
  sort: ['Sort', '排序'],
  newest: ['Newest', '最新'],
  slowest: ['Slowest', '最慢'],
  errors: ['Errors', '错误最多'],
  failed: ['Errors', '错误'],
  spans: ['Spans', 'Span 最多'],
  chart: ['Durations', '耗时分布'],
  these: ['traces below', '下列链路'],
  every: ['all spans found', '全部命中 Span'],
  only_errors: ['Only with errors', '仅错误'],
  root: ['Root', '入口'],
  missing_root: ['root is missing', '缺少入口 Span'],
  duration: ['Duration', '耗时'],
  span_count: ['Spans', 'Span'],
  services: ['Services', '服务'],
  codes: ['Codes', '错误码'],
  started: ['Started', '开始时间'],
  next_page: ['Next page', '下一页'],
  first_page: ['First page', '第一页'],
  shown: ['{n} trace|{n} traces', '{n} 条链路'],
  more: ['and more', '还有更多'],
  down: ['Next row', '下一行'],
  up: ['Previous row', '上一行'],
  open: ['Open the trace', '打开链路'],
  keys: ['Trace list', '链路列表'],
});

type Sort = 'newest' | 'slowest' | 'errors' | 'spans';
const LIMIT = 100;

export default function TracesPage() {
  const q = param('q');
  const sort = (param('sort') || 'newest') as Sort;
  const answer = useGet<Traces>('traces', { q, sort, limit: LIMIT, page_token: param('page_token'), ...useRangeQuery() });
  const [row, setRow] = useState(-1);
  const traces = answer.data?.traces ?? [];
  const setQ = (next: string) => setParams({ q: next || null, page_token: null });
  const open = (trace: TraceSummary | undefined) => trace && go(link(`/traces/${trace.trace_id}`, { range: null }).slice(BASE.length));
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => setRow(Math.min(traces.length - 1, row + 1)) },
      { keys: 'k', does: () => t('up'), run: () => setRow(Math.max(0, row - 1)) },
      { keys: 'Enter', does: () => t('open'), run: () => open(traces[row]) },
    ],
    [traces, row],
  );
  const longest = Math.max(1, ...traces.map((trace) => trace.duration_ns));
  const colours = colourOf(traces.flatMap((trace) => trace.services.map((one) => one.name ?? '')));
  const columns: Column<TraceSummary>[] = [
    {
      key: 'started',
      title: t('started'),
      cell: (trace) => (
        <a class="mono nowrap" href={link(`/traces/${trace.trace_id}`)}>
          <span class="faint hide-small">{day(toMs(trace.start_time))} </span>
          {clock(toMs(trace.start_time))}
        </a>
      ),
    },
    {
      key: 'root',
      title: t('root'),
      wide: true,
      cell: (trace) =>
        trace.root_name === null || trace.root_name === undefined ? (
          <span class="warn-text">{t('missing_root')}</span>
        ) : (
          <>
            <span class="soft">{trace.root_service}</span> <span class="strong">{trace.root_name}</span>
          </>
        ),
    },
    {
      key: 'codes',
      title: t('codes'),
      hideSmall: true,
      cell: (trace) => (
        <span class="row tight" style={{ flexWrap: 'nowrap' }}>
          {trace.codes.slice(0, 2).map((code) => (
            <a key={code.code} class="badge error mono" title={code.code} href={link('/errors', { code: code.code })}>
              {codeName(code.code)}
            </a>
          ))}
          {trace.codes.length > 2 && <span class="faint">+{trace.codes.length - 2}</span>}
        </span>
      ),
    },
    { key: 'errors', title: t('failed'), num: true, hideSmall: true, cell: (trace) => (trace.errors ? <span class="error-text strong">{count(trace.errors)}</span> : <span class="faint">0</span>) },
    { key: 'spans', title: t('span_count'), num: true, hideSmall: true, cell: (trace) => count(trace.spans) },
    {
      key: 'services',
      title: t('services'),
      hideSmall: true,
      cell: (trace) => (
        <span class="strip-services" title={trace.services.map((one) => `${one.name ?? '?'} ${one.spans}`).join('\n')}>
          {trace.services.map((one, index) => (
            <i key={index} style={{ flexGrow: one.spans, background: `var(--s${colours.get(one.name ?? '') ?? 15})` }} />
          ))}
        </span>
      ),
    },
    {
      key: 'duration',
      title: t('duration'),
      cell: (trace) => (
        <span class="duration-bar">
          <i class={trace.errors ? 'bad' : ''} style={{ width: `${Math.max(2, (trace.duration_ns / longest) * 90)}px` }} />
          {duration(trace.duration_ns)}
        </span>
      ),
    },
  ];
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        <FilterBar table="spans" value={q} error={answer.error} onChange={setQ} />
        <button class="btn" aria-pressed={/(^| )status:error\b/.test(q)} onClick={() => setQ(/(^| )status:error\b/.test(q) ? q.replace(/( AND )?status:error\b/, '').replace(/^ AND /, '') : and(q, 'status:error'))}>
          {t('only_errors')}
        </button>
        <Segments
          label={t('sort')}
          value={sort}
          options={(['newest', 'slowest', 'errors', 'spans'] as const).map((one) => [one, t(one)] as const)}
          onChange={(next) => setParams({ sort: next === 'newest' ? null : next, page_token: null })}
        />
      </div>
      <Chips q={q} onChange={setQ} />
      <Partial meta={answer.data?.meta} />
      {traces.length > 0 && (
        <Panel class="over-list">
          <Segments
            label={t('chart')}
            value={param('chart') === 'spans' ? 'spans' : 'traces'}
            options={[
              ['traces', t('these')],
              ['spans', t('every')],
            ]}
            onChange={(next) => setParams({ chart: next === 'spans' ? next : null }, 'replace')}
          />
          {param('chart') === 'spans' ? <Durations q={q} /> : <Scatter traces={traces} onOpen={open} />}
        </Panel>
      )}
      <Panel
        grow
        flush
        title={
          <span class="faint">
            {t('shown', { n: traces.length })}
            {answer.data?.next_page_token ? ` ${t('more')}` : ''}
          </span>
        }
        actions={
          <>
            {param('page_token') && (
              <button class="btn small" onClick={() => setParams({ page_token: null })}>
                {t('first_page')}
              </button>
            )}
            {answer.data?.next_page_token && (
              <button class="btn small" onClick={() => setParams({ page_token: answer.data!.next_page_token! })}>
                {t('next_page')}
              </button>
            )}
          </>
        }
      >
        <Loaded answer={answer} route="traces" rows={14}>
          {(data) =>
            data.traces.length === 0 ? (
              <NoData table="spans" q={q} onQ={setQ} />
            ) : (
              <Table label={t('title')} columns={columns} rows={data.traces} keyOf={(trace) => trace.trace_id} onRow={open} selected={(_, index) => index === row} />
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}
