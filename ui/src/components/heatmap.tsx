// Durations over time as a heatmap. A drag selects a box, as do arrow keys (with Shift they make it larger) and Enter; cells with failures are red
// by their share. Beside the picture stands a table that is not seen.
import { useRef, useState } from 'preact/hooks';
import { FONT, colour, useCanvas } from '../base/canvas';
import { count, duration } from '../base/format';
import { texts } from '../base/i18n';
import { axisLabel, dayClock, nsToMs, ticks } from '../base/time';
import { boxOf, byTime, moved, selected, strength, type Box, type HeatmapAnswer } from '../model/heatmap';
import { tipPlace } from './bars';

const t = texts({
  label: ['Durations over time: {n} spans', '耗时分布：{n} 个 Span'],
  spans: ['{n} span|{n} spans', '{n} 个 Span'],
  failed: ['{n} failed', '失败 {n}'],
  keys: ['Arrow keys choose a cell, with Shift a box; Enter takes it, Escape lets go.', '方向键选择单元格，按住 Shift 扩大选区；Enter 确认，Esc 取消。'],
  time: ['From', '开始'],
  shortest: ['Shortest', '最短'],
  longest: ['Longest', '最长'],
  all: ['Spans', 'Span 数'],
  errors: ['Failed', '失败'],
});

const LEFT = 58;
const BOTTOM = 20;

export function Heatmap({ answer, box, height = 220, onBox }: { answer: HeatmapAnswer; box: Box | null; height?: number; onBox: (box: Box | null) => void }) {
  const rows = Math.max(1, answer.bounds_ns.length - 1);
  const [drag, setDrag] = useState<{ from: [number, number]; to: [number, number] } | null>(null);
  const [hover, setHover] = useState<[number, number] | null>(null);
  const [chosen, setChosen] = useState<Box | null>(null);
  const shown = drag ? boxOf(drag.from, drag.to, answer.buckets, rows) : (chosen ?? box);
  const most = Math.max(1, ...answer.cells.spans);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useCanvas(({ context, width, height: full }) => {
    const [w, h] = [width - LEFT, full - BOTTOM];
    const t0 = nsToMs(answer.t0_ns);
    const span = answer.width_ms * answer.buckets;
    context.font = FONT;
    context.textBaseline = 'middle';
    context.fillStyle = colour('--sunken');
    context.fillRect(LEFT, 0, w, h);
    const { row, bucket, spans, errors } = answer.cells;
    const [cool, hot] = [colour('--s0'), colour('--open')];
    for (let index = 0; index < row.length; index++) {
      const x = LEFT + Math.floor((bucket[index]! / answer.buckets) * w);
      const right = LEFT + Math.floor(((bucket[index]! + 1) / answer.buckets) * w);
      const top = Math.floor(h - ((row[index]! + 1) / rows) * h);
      const bottom = Math.floor(h - (row[index]! / rows) * h);
      context.globalAlpha = strength(spans[index]!, most);
      context.fillStyle = cool;
      context.fillRect(x, top, Math.max(1, right - x), Math.max(1, bottom - top));
      if (errors[index]! > 0) {
        // As high as the share of failures, and never too little to be seen; as strong as there are many.
        const part = Math.max(bottom - top < 10 ? 1 : 2, ((bottom - top) * errors[index]!) / spans[index]!);
        context.globalAlpha = Math.max(0.4, strength(errors[index]!, most));
        context.fillStyle = hot;
        context.fillRect(x, bottom - part, Math.max(1, right - x), part);
      }
    }
    context.globalAlpha = 1;
    context.fillStyle = colour('--text-faint');
    context.textAlign = 'end';
    const step = Math.max(1, Math.ceil(rows / (h / 26)));
    for (let index = 0; index <= rows; index += step) {
      const y = Math.min(h - 6, Math.max(7, h - (index / rows) * h));
      if (answer.bounds_ns[index] !== undefined) context.fillText(duration(answer.bounds_ns[index]!), LEFT - 6, y);
    }
    context.textAlign = 'center';
    for (const at of ticks(t0, t0 + span, w / 110)) {
      const x = LEFT + ((at - t0) / span) * w;
      if (x > LEFT + 24 && x < width - 24) context.fillText(axisLabel(at, span), x, h + 11);
    }
    if (shown) {
      const x = LEFT + (shown.bucket[0] / answer.buckets) * w;
      const y = h - ((shown.row[1] + 1) / rows) * h;
      context.strokeStyle = colour('--accent');
      context.lineWidth = 2;
      context.strokeRect(x, y + 1, Math.max(3, ((shown.bucket[1] - shown.bucket[0] + 1) / answer.buckets) * w), Math.max(3, ((shown.row[1] - shown.row[0] + 1) / rows) * h - 2));
    }
  });
  const place = (event: PointerEvent): [number, number] => {
    const at = frame.current!.getBoundingClientRect();
    return [Math.min(0.9999, Math.max(0, (event.clientX - at.left - LEFT) / (at.width - LEFT))), Math.min(0.9999, Math.max(0, (event.clientY - at.top) / (at.height - BOTTOM)))];
  };
  const at: [number, number] | null = chosen ? [(chosen.bucket[1] + 0.5) / answer.buckets, 0] : hover;
  const under = at && !drag ? selected(answer, chosen ?? boxOf(at, at, answer.buckets, rows)) : null;
  const press = (event: KeyboardEvent) => {
    const next = moved(chosen ?? box, event.key, event.shiftKey, answer.buckets, rows);
    if (!next && event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    if (!next && event.key === 'Enter' && chosen) onBox(chosen);
    if (!next && event.key === 'Escape') onBox(null);
    setChosen(next);
  };
  return (
    <div
      ref={frame}
      class="chart"
      style={{ height: `${height}px`, cursor: 'crosshair', touchAction: 'none' }}
      tabIndex={0}
      role="group"
      aria-label={t('keys')}
      onKeyDown={press}
      onBlur={() => setChosen(null)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setChosen(null);
        setDrag({ from: place(event), to: place(event) });
      }}
      onPointerMove={(event) => {
        setHover(place(event));
        if (drag) setDrag({ from: drag.from, to: place(event) });
      }}
      onPointerUp={(event) => {
        if (!drag) return;
        const to = place(event);
        const moved = Math.abs(to[0] - drag.from[0]) + Math.abs(to[1] - drag.from[1]) > 0.01;
        onBox(moved ? boxOf(drag.from, to, answer.buckets, rows) : null);
        setDrag(null);
      }}
      onPointerCancel={() => setDrag(null)}
      onPointerLeave={() => setHover(null)}
    >
      <canvas ref={canvas} role="img" aria-label={t('label', { n: answer.total })} />
      <table class="visually-hidden">
        <caption>{t('label', { n: answer.total })}</caption>
        <thead>
          <tr>
            {(['time', 'all', 'errors', 'shortest', 'longest'] as const).map((name) => (
              <th key={name} scope="col">
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {byTime(answer).map((one) => (
            <tr key={one.start}>
              <th scope="row">{dayClock(one.start)}</th>
              <td>{count(one.spans)}</td>
              <td>{count(one.errors)}</td>
              <td>{duration(one.minNs)}</td>
              <td>{duration(one.maxNs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {under && (under.spans > 0 || chosen) && at && (
        <div class="tip" role={chosen ? 'status' : undefined} style={tipPlace(at[0])}>
          <div class="faint">{dayClock(under.start)}</div>
          <div>{`${duration(under.minNs)} – ${duration(under.maxNs)}`}</div>
          <strong>{t('spans', { n: count(under.spans) })}</strong> {under.errors > 0 && <span class="error-text">{t('failed', { n: under.errors })}</span>}
        </div>
      )}
    </div>
  );
}
