// The trace over time: the whole of it at a glance, its spans below each other, and the chosen one at the side.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import type { TraceAnalysis, TraceLogs } from '../../base/schema';
import { BASE, go, link, param, setParams } from '../../base/url';
import { copy } from '../../components/parts';
import { ancestors, criticalBySpan, deeperThan, nextError, placeOf, rowOf, rowsOf, selfTimes, serviceName, spanId, spanName, textFilter, windowOf, withAncestors, type TraceModel } from '../../model/trace';
import { useTicks } from './marks';
import { Minimap } from './minimap';
import { SpanDrawer } from './span';
import { Toolbar } from './toolbar';
import type { SpanMark } from './view';
import { Waterfall } from './waterfall';

const t = texts({
  keys: ['Trace', '链路'],
  down: ['Next row', '下一行'],
  up: ['Previous row', '上一行'],
  fold: ['Hide what is below', '收起'],
  unfold: ['Show what is below', '展开'],
  next_error: ['Next error', '下一个错误'],
  previous_error: ['Previous error', '上一个错误'],
  critical: ['Critical path', '关键路径'],
  repeats: ['Fold repeats', '折叠重复'],
  copy_line: ['Copy the span in one line', '复制 Span 摘要'],
  zoom_out: ['Show all of the time', '显示全部时间'],
});

export function Timeline(props: {
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
  const zoomText = param('zoom');
  const zoom = useMemo(() => windowOf(zoomText, model.durationUs), [zoomText, model]);
  const text = param('find');
  const showCritical = param('critical') === '1';
  const foldRepeats = param('fold') !== '0';
  const filtered = useMemo(() => (text.trim() ? withAncestors(model, textFilter(model, text)) : null), [model, text]);
  const rows = useMemo(() => rowsOf(model, { collapsed, unfolded, foldRepeats, keep: filtered?.keep }), [model, collapsed, unfolded, foldRepeats, filtered]);
  const critical = useMemo(() => (showCritical && analysis ? criticalBySpan(model, analysis.critical_path) : null), [model, analysis, showCritical]);
  const self = useMemo(() => (analysis ? selfTimes(model, analysis.spans) : null), [model, analysis]);
  const ticks = useTicks(model, props.logs);

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
  const zoomOut = () => setParams({ zoom: null }, 'replace');
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
      { keys: 'Y', does: () => t('copy_line'), run: () => void copy(line()) },
      { keys: '0', does: () => t('zoom_out'), run: zoomOut },
    ],
    [rows, selected, collapsed, showCritical, foldRepeats],
  );
  const clamp = ([from, to]: [number, number]) => {
    const [a, b] = [Math.max(0, Math.floor(from)), Math.min(model.durationUs, Math.ceil(to))];
    setParams({ zoom: a > 0 || b < model.durationUs ? `${a}-${b}` : null }, 'replace');
  };
  return (
    <div class="with-drawer">
      <section class="panel grow">
        <Toolbar
          model={model}
          colours={props.colours}
          found={filtered?.found ?? null}
          critical={showCritical}
          foldRepeats={foldRepeats}
          collapsed={collapsed.size > 0}
          zoomed={zoom[0] > 0 || zoom[1] < model.durationUs}
          onCollapse={() => setCollapsed(collapsed.size ? new Set() : deeperThan(model, 1))}
          onError={error}
          onZoomOut={zoomOut}
        />
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
