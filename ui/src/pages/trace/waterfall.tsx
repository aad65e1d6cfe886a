// The waterfall: names are pooled DOM rows (a treegrid for screen readers), bars are one canvas beside them. Only rows in sight exist, and
// scrolling touches neither Preact nor layout of more than those.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { FONT, colour, fit } from '../../base/canvas';
import { shownTheme } from '../../base/prefs';
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { serviceName, spanName, type Rows, type TraceModel } from '../../model/trace';

const t = texts({
  label: ['Spans of the trace', '链路中的 Span'],
  error: ['error', '错误'],
  open: ['Show what is below', '展开'],
  close: ['Hide what is below', '收起'],
});

export const ROW = 24;
const RULER = 24;
/** A duration on the ruler, with room beside it. */
const LABEL = 76;

export interface SpanMark {
  code?: string;
  refused?: boolean;
}

export interface WaterfallProps {
  model: TraceModel;
  rows: Rows;
  collapsed: ReadonlySet<number>;
  selected: number;
  /** µs */
  window: [number, number];
  critical: Map<number, number[]> | null;
  self: Float64Array | null;
  logs: ReadonlyMap<number, readonly { us: number; bad: boolean }[]>;
  marks: ReadonlyMap<number, SpanMark>;
  colours: readonly number[];
  onSelect: (at: number) => void;
  onToggle: (at: number, fold: number) => void;
  onZoom: (window: [number, number]) => void;
}

interface PoolRow {
  row: HTMLDivElement;
  toggle: HTMLButtonElement;
  service: HTMLSpanElement;
  name: HTMLSpanElement;
  badge: HTMLSpanElement;
  index: number;
}

export function Waterfall(props: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pool = useRef<PoolRow[]>([]);
  const latest = useRef(props);
  latest.current = props;
  const frame = useRef(0);
  const hover = useRef(-1);

  const paint = () => {
    frame.current = 0;
    const box = scroller.current;
    if (!box || !names.current || !canvas.current) return;
    const { rows } = latest.current;
    const height = box.clientHeight - RULER;
    const first = Math.floor(box.scrollTop / ROW);
    const shift = -(box.scrollTop % ROW);
    const needed = Math.min(Math.ceil(height / ROW) + 1, rows.span.length - first);
    while (pool.current.length < needed) pool.current.push(makeRow(names.current));
    pool.current.forEach((row, offset) => fillRow(row, offset < needed ? first + offset : -1, shift + offset * ROW, latest.current));
    drawBars(canvas.current, first, shift, latest.current, hover.current);
  };
  const schedule = () => {
    if (!frame.current) frame.current = requestAnimationFrame(paint);
  };

  useLayoutEffect(paint);
  const shown = shownTheme.value;
  useEffect(schedule, [shown]);
  useEffect(() => {
    const observer = new ResizeObserver(schedule);
    observer.observe(scroller.current!);
    return () => {
      observer.disconnect();
      pool.current = [];
    };
  }, []);
  // The selected span stays in sight.
  useEffect(() => {
    const box = scroller.current;
    if (!box || props.selected < 0) return;
    const at = rowOf(props.rows, props.selected);
    if (at < 0) return;
    const top = at * ROW;
    if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - RULER - 2 * ROW) box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    schedule();
  }, [props.selected, props.rows]);

  const rowAt = (event: PointerEvent | MouseEvent) => {
    const box = scroller.current!;
    const y = event.clientY - box.getBoundingClientRect().top - RULER + box.scrollTop;
    const index = Math.floor(y / ROW);
    return index >= 0 && index < latest.current.rows.span.length ? index : -1;
  };
  return (
    <div class="waterfall" ref={scroller} onScroll={schedule}>
      <div style={{ height: `${props.rows.span.length * ROW + RULER}px` }}>
        <div class="wf-view">
          <div
            ref={names}
            class="wf-names"
            role="treegrid"
            aria-label={t('label')}
            aria-rowcount={props.rows.span.length}
            tabIndex={0}
            onClick={(event) => {
              const index = rowAt(event);
              if (index < 0) return;
              const [at, fold] = [props.rows.span[index]!, props.rows.fold[index]!];
              if ((event.target as Element).closest('button')) props.onToggle(at, fold);
              else props.onSelect(at);
            }}
            onPointerMove={(event) => ((hover.current = rowAt(event)), schedule())}
            onPointerLeave={() => ((hover.current = -1), schedule())}
          />
          <canvas
            ref={canvas}
            class="wf-bars"
            aria-hidden="true"
            onPointerMove={(event) => ((hover.current = rowAt(event)), schedule())}
            onPointerLeave={() => ((hover.current = -1), schedule())}
            onClick={(event) => {
              const index = rowAt(event);
              if (index >= 0) props.onSelect(props.rows.span[index]!);
            }}
            onWheel={(event) => {
              if (!event.ctrlKey && !event.metaKey) return;
              event.preventDefault();
              const box = canvas.current!.getBoundingClientRect();
              const [from, to] = props.window;
              const middle = from + ((event.clientX - box.left) / box.width) * (to - from);
              const factor = event.deltaY > 0 ? 1.25 : 0.8;
              props.onZoom([middle - (middle - from) * factor, middle + (to - middle) * factor]);
            }}
          />
        </div>
      </div>
    </div>
  );
}

export function rowOf(rows: Rows, at: number): number {
  let [low, high] = [0, rows.span.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = rows.span[middle]!;
    if (span === at) return middle;
    if (span < at) {
      if (at < span + rows.fold[middle]!) return middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return -1;
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, parent: HTMLElement): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function makeRow(parent: HTMLElement): PoolRow {
  const row = element('div', 'wf-row', parent);
  row.setAttribute('role', 'row');
  const cell = element('div', 'wf-cell', row);
  cell.setAttribute('role', 'gridcell');
  const toggle = element('button', 'wf-toggle', cell);
  toggle.tabIndex = -1;
  const service = element('span', 'wf-service', cell);
  const name = element('span', 'wf-name', cell);
  const badge = element('span', 'wf-badge', cell);
  return { row, toggle, service, name, badge, index: -1 };
}

const INDENT = 13;
const INDENT_LEVELS = 18;

function fillRow(made: PoolRow, index: number, top: number, props: WaterfallProps): void {
  const { row, toggle, service, name, badge } = made;
  if (index < 0) {
    row.hidden = true;
    return;
  }
  const { model, rows, collapsed, marks } = props;
  const [at, fold] = [rows.span[index]!, rows.fold[index]!];
  row.hidden = false;
  row.style.transform = `translateY(${top}px)`;
  const depth = model.depth[at]!;
  const failed = model.status[at] === 2;
  const parent = model.end[at]! > at + 1;
  const open = parent && !collapsed.has(at);
  row.className = `wf-row${props.selected >= at && props.selected < at + fold ? ' selected' : ''}${failed ? ' failed' : ''}`;
  row.setAttribute('aria-rowindex', String(index + 1));
  row.setAttribute('aria-level', String(depth + 1));
  row.setAttribute('aria-selected', String(props.selected === at));
  if (parent) row.setAttribute('aria-expanded', String(open));
  else row.removeAttribute('aria-expanded');
  toggle.style.marginInlineStart = `${Math.min(depth, INDENT_LEVELS) * INDENT}px`;
  toggle.hidden = false;
  toggle.textContent = parent || fold > 1 ? (open ? '▾' : '▸') : '';
  toggle.disabled = !parent && fold === 1;
  toggle.setAttribute('aria-label', open ? t('close') : t('open'));
  const number = props.colours[model.service[at]!] ?? 15;
  service.style.setProperty('--service', `var(--s${number})`);
  const own = serviceName(model, at);
  const above = model.parent[at]!;
  // The name of the service stands where the request enters it.
  const enters = above < 0 || model.service[above] !== model.service[at];
  service.textContent = enters ? own : '';
  service.title = own;
  name.textContent = spanName(model, at);
  name.title = `${own} · ${spanName(model, at)}`;
  const mark = marks.get(at);
  const left = model.collapsed.get(at);
  badge.textContent = `${mark?.refused ? '⊘ ' : ''}${mark?.code ?? ''}${fold > 1 ? ` ×${fold}` : ''}${left ? ` +${left}` : ''}`;
  badge.className = `wf-badge${failed || mark ? ' bad' : ''}`;
  badge.title = failed ? t('error') : '';
  made.index = index;
}

function drawBars(canvas: HTMLCanvasElement, first: number, shift: number, props: WaterfallProps, hover: number): void {
  const { context, width, height } = fit(canvas);
  const { model, rows, window: shown, critical, self, logs, marks } = props;
  const [from, to] = shown;
  const scale = (width - 56) / Math.max(1e-6, to - from);
  const x = (us: number) => 4 + (us - from) * scale;
  context.font = FONT;
  context.textBaseline = 'middle';
  // Ruler and grid.
  const lines = Math.min(5, Math.max(1, Math.floor(width / LABEL)));
  for (let line = 0; line <= lines; line++) {
    const us = from + ((to - from) / lines) * line;
    const at = Math.round(x(us));
    context.fillStyle = colour('--grid');
    context.fillRect(at, RULER, 1, height);
    context.fillStyle = colour('--text-faint');
    context.textAlign = line === 0 ? 'left' : 'center';
    context.fillText(duration(us * 1000), at, RULER / 2);
  }
  context.textAlign = 'left';
  context.fillStyle = colour('--line');
  context.fillRect(0, RULER - 1, width, 1);
  context.save();
  context.beginPath();
  context.rect(0, RULER, width, height - RULER);
  context.clip();
  const [selectedFill, hoverFill, faint, errorFill, criticalFill, surface] = ['--selected', '--hover', '--text-soft', '--open', '--critical', '--surface'].map(colour) as [string, string, string, string, string, string];
  const fills = props.colours.map((number) => colour(`--s${number}`));
  const grey = colour('--s15');
  const count = Math.min(rows.span.length, first + Math.ceil((height - RULER) / ROW) + 1);
  for (let index = first; index < count; index++) {
    const [at, fold] = [rows.span[index]!, rows.fold[index]!];
    const y = RULER + shift + (index - first) * ROW;
    const selected = props.selected >= at && props.selected < at + fold;
    if (selected || index === hover) {
      context.fillStyle = selected ? selectedFill : hoverFill;
      context.fillRect(0, y, width, ROW);
    }
    let right = 0;
    for (let each = at; each < at + fold; each++) {
      const left = x(model.start[each]!);
      const wide = Math.max(2, model.duration[each]! * scale);
      right = Math.max(right, left + wide);
      if (left > width || left + wide < 0) continue;
      const failed = model.status[each] === 2;
      context.fillStyle = failed ? errorFill : model.service[each]! < 0 ? grey : fills[model.service[each]!]!;
      round(context, left, y + 6, wide, ROW - 12);
      const own = self?.[each] ?? -1;
      // What its children took is paler than what it took itself.
      if (fold === 1 && own >= 0 && model.end[each]! > each + 1 && wide > 6) {
        context.fillStyle = surface;
        context.globalAlpha = 0.38;
        for (let child = each + 1; child < model.end[each]!; child = model.end[child]!) {
          const [a, b] = [Math.max(left, x(model.start[child]!)), Math.min(left + wide, x(model.start[child]! + model.duration[child]!))];
          if (b > a) context.fillRect(a, y + 6, b - a, ROW - 12);
          if (model.end[each]! - each > 4000) break;
        }
        context.globalAlpha = 1;
      }
      const segments = critical?.get(each);
      if (segments) {
        context.fillStyle = criticalFill;
        for (let part = 0; part < segments.length; part += 2) context.fillRect(x(segments[part]!), y + ROW - 5, Math.max(1, (segments[part + 1]! - segments[part]!) * scale), 2);
      }
      const mark = marks.get(each);
      if (mark?.refused) gate(context, left - 9, y + ROW / 2, errorFill);
      for (const log of logs.get(each) ?? []) {
        context.fillStyle = log.bad ? errorFill : faint;
        context.beginPath();
        context.arc(x(log.us), y + ROW / 2, 2, 0, 7);
        context.fill();
      }
    }
    context.fillStyle = faint;
    const label = fold > 1 ? `${fold} × ${duration(averageOf(model, at, fold) * 1000)}` : duration(model.duration[at]! * 1000);
    const wide = context.measureText(label).width;
    const place = right + 6 + wide < width ? right + 6 : Math.max(4, x(model.start[at]!) - wide - 6);
    if (place < width && right > -100) context.fillText(label, Math.max(4, place), y + ROW / 2 + 0.5);
  }
  context.restore();
}

function averageOf(model: TraceModel, at: number, fold: number): number {
  let sum = 0;
  for (let each = at; each < at + fold; each++) sum += model.duration[each]!;
  return sum / fold;
}

function round(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  if (width < 5) {
    context.fillRect(x, y, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width, height, 2.5);
  context.fill();
}

/** An open switch: the call was refused. */
function gate(context: CanvasRenderingContext2D, x: number, y: number, ink: string): void {
  context.strokeStyle = ink;
  context.lineWidth = 1.6;
  context.beginPath();
  context.arc(x, y, 3.6, 0, 7);
  context.moveTo(x - 2.4, y + 2.4);
  context.lineTo(x + 2.4, y - 2.4);
  context.stroke();
}
