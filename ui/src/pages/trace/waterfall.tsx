// The waterfall: one canvas that is as high as what is seen of it, names left and bars right; over the names lies a treegrid that is not
// seen. Scrolling draws the canvas and nothing else; the treegrid follows when it rests.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { fit } from '../../base/canvas';
import { shownTheme } from '../../base/prefs';
import { texts } from '../../base/i18n';
import { rowOf, serviceName, spanName } from '../../model/trace';
import { drawBars } from './bars';
import { drawNames, toggleAt } from './names';
import { placeTwin, type TwinRow } from './twin';
import { ROW, RULER, type View } from './view';

const t = texts({
  label: ['Spans of the trace', '链路中的 Span'],
});

/** So long after the last scrolling the treegrid follows. */
const REST_MS = 80;

export interface WaterfallProps extends View {
  onSelect: (at: number) => void;
  onToggle: (at: number, fold: number) => void;
  onZoom: (window: [number, number]) => void;
}

export function Waterfall(props: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pool = useRef<TwinRow[]>([]);
  const latest = useRef(props);
  latest.current = props;
  const frame = useRef(0);
  const rest = useRef(0);
  const hover = useRef(-1);

  const seen = () => ({ first: Math.floor(scroller.current!.scrollTop / ROW), shift: -(scroller.current!.scrollTop % ROW) });
  const draw = () => {
    frame.current = 0;
    if (!scroller.current || !names.current || !canvas.current) return;
    const { first, shift } = seen();
    const split = names.current.clientWidth;
    const { context, width, height } = fit(canvas.current);
    drawNames(context, split, height, first, shift, latest.current, hover.current);
    context.translate(split, 0);
    drawBars(context, width - split, height, first, shift, latest.current, hover.current);
  };
  const follow = () => {
    rest.current = 0;
    if (!scroller.current || !names.current) return;
    const { first, shift } = seen();
    placeTwin(pool.current, names.current, first, shift, scroller.current.clientHeight - RULER, latest.current);
  };
  const schedule = () => {
    frame.current ||= requestAnimationFrame(draw);
  };
  const scrolled = () => {
    schedule();
    clearTimeout(rest.current);
    rest.current = window.setTimeout(follow, REST_MS);
  };

  useLayoutEffect(() => {
    draw();
    follow();
  });
  const shown = shownTheme.value;
  useEffect(schedule, [shown]);
  useEffect(() => {
    const observer = new ResizeObserver(scrolled);
    observer.observe(scroller.current!);
    return () => {
      observer.disconnect();
      clearTimeout(rest.current);
      cancelAnimationFrame(frame.current);
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

  const rowAt = (event: MouseEvent) => {
    const box = scroller.current!;
    const y = event.clientY - box.getBoundingClientRect().top;
    const index = Math.floor((y - RULER + box.scrollTop) / ROW);
    return y >= RULER && index >= 0 && index < latest.current.rows.span.length ? index : -1;
  };
  const chosen = (event: MouseEvent) => {
    // A click without a pointer comes from a screen reader, on the row that it reads.
    const said = event.detail === 0 ? (event.target as Element).closest<HTMLElement>('.wf-row')?.dataset.index : undefined;
    const index = said === undefined ? rowAt(event) : Number(said);
    if (index < 0) return;
    const [at, fold] = [props.rows.span[index]!, props.rows.fold[index]!];
    const x = event.clientX - names.current!.getBoundingClientRect().left;
    const [from, to] = toggleAt(props.model.depth[at]!);
    const onSign = said === undefined ? x >= from && x < to : (event.target as Element).closest('button') !== null;
    if (onSign && (fold > 1 || props.model.end[at]! > at + 1)) props.onToggle(at, fold);
    else props.onSelect(at);
  };
  const pointed = (event: PointerEvent) => {
    const index = rowAt(event);
    if (index === hover.current) return;
    hover.current = index;
    const at = index < 0 ? -1 : props.rows.span[index]!;
    // Names may be cut.
    if (names.current) names.current.title = at < 0 ? '' : `${serviceName(props.model, at)} · ${spanName(props.model, at)}`;
    schedule();
  };
  const left = () => ((hover.current = -1), schedule());
  return (
    <div class="waterfall" ref={scroller} onScroll={scrolled}>
      <div style={{ height: `${props.rows.span.length * ROW + RULER}px` }}>
        <div class="wf-view" onPointerMove={pointed} onPointerLeave={left}>
          <canvas
            ref={canvas}
            class="wf-bars"
            aria-hidden="true"
            onClick={(event) => {
              const index = rowAt(event);
              if (index >= 0) props.onSelect(props.rows.span[index]!);
            }}
            onWheel={(event) => {
              if (!event.ctrlKey && !event.metaKey) return;
              event.preventDefault();
              const box = canvas.current!.getBoundingClientRect();
              const begin = box.left + names.current!.clientWidth;
              const [from, to] = props.window;
              const middle = from + ((event.clientX - begin) / (box.right - begin)) * (to - from);
              const factor = event.deltaY > 0 ? 1.25 : 0.8;
              props.onZoom([middle - (middle - from) * factor, middle + (to - middle) * factor]);
            }}
          />
          <div ref={names} class="wf-names" role="treegrid" aria-label={t('label')} aria-rowcount={props.rows.span.length} tabIndex={0} onClick={chosen} />
        </div>
      </div>
    </div>
  );
}
