// A trace that was found, in one of its views.
import { useMemo } from 'preact/hooks';
import { colourOf } from '../../base/colours';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import type { ColumnarTrace, Meta, TraceAnalysis, TraceLogs } from '../../base/schema';
import { param, setParams } from '../../base/url';
import { Tabs } from '../../components/parts';
import { Partial } from '../../components/states';
import { decodeTrace, nextError, origins, placeOf, spanId } from '../../model/trace';
import { ComparePanel } from './compare';
import { TraceHead } from './head';
import { JsonTab } from './json';
import { LogsTab } from './logs';
import { useMarks } from './marks';
import { OperationsTab } from './operations';
import { Timeline } from './timeline';

const t = texts({
  truncated: ['Shown are {shown} of {total} spans.', '显示 {total} 个 Span 中的 {shown} 个。'],
  views: ['Views of the trace', '链路视图'],
  waterfall: ['Waterfall', '瀑布图'],
  table: ['Operations', '操作汇总'],
  logs: ['Logs and events', '日志与事件'],
  json: ['JSON', 'JSON'],
  compare: ['Compare', '对比'],
  as_root: ['Only the subtree of {id}', '仅显示 {id} 的子树'],
  whole: ['Whole trace', '完整链路'],
});

type Tab = 'waterfall' | 'table' | 'logs' | 'json' | 'compare';

const VIEW_KEYS: Partial<Record<Tab, string>> = { waterfall: 'w', table: 't', logs: 'l', compare: 'c' };

export function Shown({ answer, root }: { answer: ColumnarTrace & { meta: Meta }; root: string }) {
  const model = useMemo(() => decodeTrace(answer), [answer]);
  const tab = (param('tab') || 'waterfall') as Tab;
  const analysis = useGet<TraceAnalysis>(`traces/${model.traceId}/analysis`, { root }, { settled: true });
  const logs = useGet<TraceLogs>(`traces/${model.traceId}/logs`, { limit: 2000 }, { settled: true });
  const colours = useMemo(() => {
    const map = colourOf(model.services);
    return model.services.map((name) => map.get(name)!);
  }, [model]);
  const marks = useMarks(model);
  const refused = [...marks.values()].filter((mark) => mark.refused).length;
  const selected = param('span') ? placeOf(model, param('span')) : -1;
  const choose = (at: number) => setParams({ span: at < 0 ? null : spanId(model, at), tab: null }, 'replace');
  const setTab = (next: Tab) => setParams({ tab: next === 'waterfall' ? null : next });
  useKeys(
    () => t('views'),
    (Object.entries(VIEW_KEYS) as [Tab, string][]).map(([one, keys]) => ({ keys, does: () => t(one), run: () => setTab(one) })),
    [],
  );
  return (
    <div class="page fill trace-page">
      <TraceHead model={model} durationNs={answer.duration_ns} refused={refused} orphans={root ? 0 : Math.max(0, model.roots - 1)} skewed={analysis.data?.skewed_span_count ?? 0} onOrigin={() => choose(origins(model)[0] ?? nextError(model, -1, 1))} />
      <Partial meta={answer.meta} />
      {model.truncated && <div class="strip">{t('truncated', { shown: count(model.n), total: count(model.total) })}</div>}
      {root && (
        <div class="strip">
          <span>{t('as_root', { id: root })}</span>
          <button class="btn small" onClick={() => setParams({ root: null })}>
            {t('whole')}
          </button>
        </div>
      )}
      <Tabs
        label={t('views')}
        value={tab}
        tabs={[
          ['waterfall', t('waterfall')],
          ['table', t('table')],
          ['logs', `${t('logs')}${logs.data?.logs.length ? ` ${count(logs.data.logs.length)}` : ''}`],
          ['compare', t('compare')],
          ['json', t('json')],
        ]}
        onChange={setTab}
      />
      {tab === 'waterfall' && <Timeline model={model} colours={colours} marks={marks} selected={selected} choose={choose} analysis={analysis.data} logs={logs.data} />}
      {tab === 'table' && <OperationsTab answer={analysis} services={model.services} colours={colours} />}
      {tab === 'logs' && <LogsTab model={model} answer={logs} onSpan={(id) => setParams({ tab: null, span: id })} />}
      {tab === 'compare' && <ComparePanel model={model} />}
      {tab === 'json' && <JsonTab traceId={model.traceId} spans={model.total} />}
    </div>
  );
}
