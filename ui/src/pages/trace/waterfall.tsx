// The waterfall: names are pooled DOM rows (a treegrid for screen readers), bars are one canvas beside them. Only rows in sight exist, and
// scrolling touches neither Preact nor layout of more than those.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { shownTheme } from '../../base/prefs';
import { texts } from '../../base/i18n';
import { serviceName, spanName, type Rows } from '../../model/trace';
import { drawBars } from './bars';
import { placeNames, type NameRow } from './names';
import { ROW, RULER, type View } from './view';

const t = texts({
  label: ['Spans of the trace', '链路中的 Span'],
});

export interface WaterfallProps extends View {
  onSelect: (at: number) => void;
  onToggle: (at: number, fold: number) => void;
  onZoom: (window: [number, number]) => void;
}

export function Waterfall(props: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pool = useRef<NameRow[]>([]);
  const latest = useRef(props);
  latest.current = props;
  const frame = useRef(0);
  const hover = useRef(-1);

  const paint = () => {
    frame.current = 0;
    const box = scroller.current;
    if (!box || !names.current || !canvas.current) return;
    const first = Math.floor(box.scrollTop / ROW);
    const shift = -(box.scrollTop % ROW);
    // First what reads sizes, then what changes them.
    drawBars(canvas.current, first, shift, latest.current, hover.current);
    placeNames(pool.current, names.current, first, shift, box.clientHeight - RULER, latest.current);
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
            onPointerMove={(event) => {
              const index = (hover.current = rowAt(event));
              const at = index < 0 ? -1 : props.rows.span[index]!;
              // Names may be cut.
              if (names.current) names.current.title = at < 0 ? '' : `${serviceName(props.model, at)} · ${spanName(props.model, at)}`;
              schedule();
            }}
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
