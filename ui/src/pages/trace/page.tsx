// One trace: where did the time and the error come from?
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Problem, apiUrl } from '../../base/api';
import { colourOf } from '../../base/colours';
import { count, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import type { ColumnarTrace, Meta, Spans, TraceAnalysis, TraceLogs } from '../../base/schema';
import { clock, day, toMs } from '../../base/time';
import { go, link, param, setParams, BASE } from '../../base/url';
import { Icon } from '../../components/icons';
import { CopyButton, IconButton, Panel, Tabs, copy } from '../../components/parts';
import { Empty, Failure, Partial, Skeleton } from '../../components/states';
import { ancestors, criticalBySpan, decodeTrace, deeperThan, nextError, origins, placeOf, rowsOf, selfTimes, serviceName, spanId, spanName, textFilter, withAncestors, type TraceModel } from '../../model/trace';
import { ComparePanel } from './compare';
import { LogsTab } from './logs';
import { Minimap } from './minimap';
import { SpanDrawer } from './span';
import { OperationsTab } from './operations';
import { JsonTab } from './json';
import type { SpanMark } from './view';
import { Waterfall, rowOf } from './waterfall';

const t = texts({
  searching: ['Looking for the trace', '正在查找链路'],
  not_found: ['No such trace', '未找到该链路'],
  not_found_why: [
    'All data was searched. Ids are 32 hex digits. If the trace was sent just now, it may still be on its way; this page asks again by itself.',
    '已搜索全部数据。ID 为 32 位十六进制。若链路刚刚发送，可能仍在上报途中，本页会自动重试。',
  ],
  to_traces: ['Search traces', '搜索链路'],
  spans: ['{n} span|{n} spans', '{n} 个 Span'],
  services: ['{n} service|{n} services', '{n} 个服务'],
  errors: ['{n} error|{n} errors', '{n} 个错误'],
  origin: ['Where it was born', '错误源头'],
  orphans: ['{n} spans whose parent is absent', '{n} 个 Span 缺少父 Span'],
  skewed: ['{n} spans with a clock that is off', '{n} 个 Span 时钟偏移'],
  refused: ['{n} refused call|{n} refused calls', '{n} 次调用被拒绝'],
  truncated: ['Shown are {shown} of {total} spans.', '显示 {total} 个 Span 中的 {shown} 个。'],
  views: ['Views of the trace', '链路视图'],
  waterfall: ['Waterfall', '瀑布图'],
  table: ['Operations', '操作汇总'],
  logs: ['Logs and events', '日志与事件'],
  json: ['JSON', 'JSON'],
  compare: ['Compare', '对比'],
  filter: ['Find spans by name or service', '按名称或服务查找 Span'],
  found: ['{n} found', '找到 {n} 个'],
  critical: ['Critical path', '关键路径'],
  repeats: ['Fold repeats', '折叠重复'],
  collapse: ['Collapse', '折叠'],
  expand: ['Expand all', '全部展开'],
  next_error: ['Next error', '下一个错误'],
  previous_error: ['Previous error', '上一个错误'],
  zoom_out: ['Show all of the time', '显示全部时间'],
  as_root: ['Only the subtree of {id}', '仅显示 {id} 的子树'],
  whole: ['Whole trace', '完整链路'],
  keys: ['Trace', '链路'],
  down: ['Next row', '下一行'],
  up: ['Previous row', '上一行'],
  fold: ['Hide what is below', '收起'],
  unfold: ['Show what is below', '展开'],
  copy_line: ['Copy the span in one line', '复制 Span 摘要'],
  download: ['Download as OTLP JSON', '下载 OTLP JSON'],
  started: ['Started', '开始于'],
  close: ['Close the panel', '关闭面板'],
});

type Tab = 'waterfall' | 'table' | 'logs' | 'json' | 'compare';

export default function TracePage({ id }: { id: string }) {
  const traceId = id.toLowerCase();
  const root = param('root');
  const answer = useGet<ColumnarTrace & { meta: Meta }>(`traces/${encodeURIComponent(traceId)}`, { format: 'columnar', root }, { settled: true });
  const missing = answer.error instanceof Problem && answer.error.status === 404 && !answer.error.notOffered;
  // It may still be on its way: ask once more, later.
  useEffect(() => {
    if (!missing) return;
    const timer = setTimeout(answer.retry, 5000);
    return () => clearTimeout(timer);
  }, [missing, answer.at]);
  if (answer.data && answer.data.trace_id === traceId) return <Shown key={`${traceId} ${root}`} answer={answer.data} root={root} />;
  return (
    <div class="page">
      {missing ? (
        <Panel>
          <Empty title={t('not_found')}>
            <p class="mono">{traceId}</p>
            <p>{t('not_found_why')}</p>
            <a class="btn" href={link('/traces')}>
              {t('to_traces')}
            </a>
          </Empty>
        </Panel>
      ) : answer.error ? (
        <Panel>
          <Failure error={answer.error} route={`traces/${traceId}`} retry={answer.retry} />
        </Panel>
      ) : (
        <Panel title={t('searching')}>
          <Skeleton rows={14} />
        </Panel>
      )}
    </div>
  );
}

function Shown({ answer, root }: { answer: ColumnarTrace & { meta: Meta }; root: string }) {
  const model = useMemo(() => decodeTrace(answer), [answer]);
  const tab = (param('tab') || 'waterfall') as Tab;
  const analysis = useGet<TraceAnalysis>(`traces/${model.traceId}/analysis`, { root }, { settled: true });
  const logs = useGet<TraceLogs>(`traces/${model.traceId}/logs`, { limit: 2000 }, { settled: true });
  // What governance said about single spans; a small part of them.
  const governed = useGet<Spans>('spans', { q: `trace_id:${model.traceId} AND (has:error_code OR has:rejection_kind)`, limit: 500 }, { settled: true });
  const colours = useMemo(() => {
    const map = colourOf(model.services);
    return model.services.map((name) => map.get(name)!);
  }, [model]);
  const marks = useMemo(() => {
    const found = new Map<number, SpanMark>();
    for (const span of governed.data?.spans ?? []) {
      const at = placeOf(model, span.span_id);
      if (at >= 0) found.set(at, { code: span.error_code ?? span.error_reason ?? undefined, refused: Boolean(span.rejection_kind) });
    }
    return found;
  }, [model, governed.data]);
  const refused = [...marks.values()].filter((mark) => mark.refused).length;
  const born = useMemo(() => origins(model), [model]);
  const selected = param('span') ? placeOf(model, param('span')) : -1;
  const choose = (at: number, how: 'push' | 'replace' = 'replace') => setParams({ span: at < 0 ? null : spanId(model, at), tab: tab === 'waterfall' ? null : tab }, how);
  const orphans = Math.max(0, model.roots - 1);
  const setTab = (next: Tab) => setParams({ tab: next === 'waterfall' ? null : next });
  return (
    <div class="page fill trace-page">
      <div class="page-head">
        <div style={{ minWidth: 0 }}>
          <h1 class="cut">
            {model.n > 0 && (
              <>
                <span class="soft">{serviceName(model, 0)}</span> {spanName(model, 0)}
              </>
            )}
          </h1>
          <div class="faint small row tight">
            <span class="mono">{model.traceId}</span>
            <CopyButton text={model.traceId} />
            <span>
              {t('started')} {day(model.t0)} {clock(model.t0)}
            </span>
          </div>
        </div>
        <span class="spring" />
        <span class="trace-facts row">
          <strong class="big">{duration(answer.duration_ns)}</strong>
          <span class="soft">{t('spans', { n: model.total })}</span>
          <span class="soft">{t('services', { n: model.services.length })}</span>
          {model.errors > 0 ? (
            <button class="badge error" title="e" onClick={() => choose(born[0] ?? nextError(model, -1, 1))}>
              {t('errors', { n: model.errors })} · {t('origin')}
            </button>
          ) : null}
          {refused > 0 && <span class="badge error">⊘ {t('refused', { n: refused })}</span>}
          {orphans > 0 && !root && <span class="badge warn">{t('orphans', { n: orphans })}</span>}
          {analysis.data && analysis.data.skewed_span_count > 0 && <span class="badge warn">{t('skewed', { n: analysis.data.skewed_span_count })}</span>}
        </span>
        <a class="btn ghost icon" href={apiUrl(`traces/${model.traceId}`, { format: 'otlp' })} download={`${model.traceId}.otlp.json`} aria-label={t('download')} title={t('download')}>
          <Icon name="download" />
        </a>
      </div>
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
      {tab === 'waterfall' && <WaterfallTab model={model} colours={colours} marks={marks} selected={selected} choose={choose} analysis={analysis.data} logs={logs.data} />}
      {tab === 'table' && <OperationsTab answer={analysis} services={model.services} colours={colours} />}
      {tab === 'logs' && <LogsTab model={model} answer={logs} onSpan={(id) => setParams({ tab: null, span: id })} />}
      {tab === 'compare' && <ComparePanel model={model} />}
      {tab === 'json' && <JsonTab traceId={model.traceId} spans={model.total} />}
    </div>
  );
}

function WaterfallTab(props: {
  model: TraceModel;
  colours: number[];
  marks: Map<number, SpanMark>;
  selected: number;
  choose: (at: number) => void;
  analysis: TraceAnalysis | undefined;
  logs: TraceLogs | undefined;
}) {
  const { model, selected, choose, analysis } = props;
  const [collapsed, setCollapsed] = useState<Set<number>>(() => (model.n > 2000 ? deeperThan(model, model.n > 20_000 ? 3 : 6) : new Set()));
  const [unfolded, setUnfolded] = useState<Set<number>>(new Set());
  const [zoom, setZoom] = useState<[number, number]>([0, model.durationUs]);
  const [text, setText] = useState(param('find'));
  const showCritical = param('critical') === '1';
  const foldRepeats = param('fold') !== '0';
  const filtered = useMemo(() => (text.trim() ? withAncestors(model, textFilter(model, text)) : null), [model, text]);
  const rows = useMemo(() => rowsOf(model, { collapsed, unfolded, foldRepeats, keep: filtered?.keep }), [model, collapsed, unfolded, foldRepeats, filtered]);
  const critical = useMemo(() => (showCritical && analysis ? criticalBySpan(model, analysis.critical_path) : null), [model, analysis, showCritical]);
  const self = useMemo(() => (analysis ? selfTimes(model, analysis.spans) : null), [model, analysis]);
  const ticks = useMemo(() => {
    const found = new Map<number, { us: number; bad: boolean }[]>();
    for (const log of props.logs?.logs ?? []) {
      const at = log.span_id ? placeOf(model, log.span_id) : -1;
      if (at < 0) continue;
      const list = found.get(at) ?? [];
      list.push({ us: (toMs(log.time) - model.t0) * 1000, bad: log.severity_number >= 17 });
      found.set(at, list);
    }
    return found;
  }, [model, props.logs]);

  // What is chosen can be seen: its ancestors open.
  useEffect(() => {
    if (selected < 0) return;
    const closed = ancestors(model, selected).filter((up) => collapsed.has(up));
    if (closed.length) setCollapsed(new Set([...collapsed].filter((at) => !closed.includes(at))));
  }, [selected]);

  const toggle = (at: number, fold = 1) => {
    if (fold > 1) {
      setUnfolded(new Set(unfolded).add(at));
      return;
    }
    const next = new Set(collapsed);
    if (!next.delete(at)) next.add(at);
    setCollapsed(next);
  };
  const step = (by: number) => {
    const at = rowOf(rows, selected);
    const next = Math.min(rows.span.length - 1, Math.max(0, selected < 0 ? 0 : at + by));
    if (rows.span[next] !== undefined) choose(rows.span[next]!);
  };
  const error = (by: 1 | -1) => {
    const at = nextError(model, selected, by);
    if (at >= 0) choose(at);
  };
  const fold = (close: boolean) => {
    if (selected < 0) return;
    const inside = model.end[selected]! > selected + 1;
    if (inside && collapsed.has(selected) !== close) toggle(selected);
    else if (close && model.parent[selected]! >= 0) choose(model.parent[selected]!);
  };
  const line = () => (selected < 0 ? '' : `${serviceName(model, selected)} ${spanName(model, selected)} ${duration(model.duration[selected]! * 1000)} trace=${model.traceId} span=${spanId(model, selected)}`);
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => step(1) },
      { keys: 'k', does: () => t('up'), run: () => step(-1) },
      { keys: 'ArrowDown', does: () => t('down'), run: () => step(1) },
      { keys: 'ArrowUp', does: () => t('up'), run: () => step(-1) },
      { keys: 'ArrowLeft', does: () => t('fold'), run: () => fold(true) },
      { keys: 'ArrowRight', does: () => t('unfold'), run: () => fold(false) },
      { keys: 'e', does: () => t('next_error'), run: () => error(1) },
      { keys: 'E', does: () => t('previous_error'), run: () => error(-1) },
      { keys: 'p', does: () => t('critical'), run: () => setParams({ critical: showCritical ? null : '1' }, 'replace') },
      { keys: 'f', does: () => t('repeats'), run: () => setParams({ fold: foldRepeats ? '0' : null }, 'replace') },
      { keys: 'c', does: () => t('copy_line'), run: () => void copy(line()) },
      { keys: '0', does: () => t('zoom_out'), run: () => setZoom([0, model.durationUs]) },
    ],
    [rows, selected, collapsed, showCritical, foldRepeats],
  );
  const clamp = ([from, to]: [number, number]) => {
    const [a, b] = [Math.max(0, from), Math.min(model.durationUs, to)];
    if (b - a > 0.5) setZoom([a, b]);
  };
  const zoomed = zoom[0] > 0 || zoom[1] < model.durationUs;
  return (
    <div class="with-drawer">
      <section class="panel grow">
        <div class="head wf-head">
          <div class="filter" style={{ flex: '0 1 260px' }}>
            <Icon name="search" size={14} />
            <input
              class="input"
              style={{ fontFamily: 'inherit', height: '26px' }}
              aria-label={t('filter')}
              placeholder={t('filter')}
              value={text}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setParams({ find: event.currentTarget.value || null }, 'replace');
              }}
            />
          </div>
          {filtered && <span class="faint">{t('found', { n: filtered.found })}</span>}
          <button class="btn small" aria-pressed={showCritical} title="p" onClick={() => setParams({ critical: showCritical ? null : '1' }, 'replace')}>
            {t('critical')}
          </button>
          <button class="btn small" aria-pressed={foldRepeats} title="f" onClick={() => setParams({ fold: foldRepeats ? '0' : null }, 'replace')}>
            {t('repeats')}
          </button>
          <button class="btn small" onClick={() => setCollapsed(collapsed.size ? new Set() : deeperThan(model, 1))}>
            {collapsed.size ? t('expand') : t('collapse')}
          </button>
          {model.errors > 0 && (
            <span class="row tight">
              <IconButton icon="up" small label={`${t('previous_error')} (E)`} onClick={() => error(-1)} />
              <IconButton icon="down" small label={`${t('next_error')} (e)`} onClick={() => error(1)} />
            </span>
          )}
          <span class="spring" />
          {zoomed && (
            <button class="btn small" onClick={() => setZoom([0, model.durationUs])}>
              {t('zoom_out')}
            </button>
          )}
          <div class="legend hide-small">
            {model.services.slice(0, 8).map((name, index) => (
              <span key={name}>
                <i class="swatch" style={{ background: `var(--s${props.colours[index]})` }} />
                {name}
              </span>
            ))}
          </div>
        </div>
        <Minimap model={model} colours={props.colours} window={zoom} onChange={clamp} />
        <Waterfall
          model={model}
          rows={rows}
          collapsed={collapsed}
          selected={selected}
          window={zoom}
          critical={critical}
          self={self}
          logs={ticks}
          marks={props.marks}
          colours={props.colours}
          onSelect={choose}
          onToggle={toggle}
          onZoom={clamp}
        />
      </section>
      {selected >= 0 && (
        <SpanDrawer
          key={selected}
          traceId={model.traceId}
          spanId={spanId(model, selected)}
          selfUs={self?.[selected] ?? -1}
          t0={model.t0}
          onClose={() => choose(-1)}
          onRoot={(id) => go(link(`/traces/${model.traceId}`, { root: id }).slice(BASE.length))}
          onSpan={(id) => {
            const at = placeOf(model, id);
            if (at >= 0) choose(at);
          }}
        />
      )}
    </div>
  );
}
