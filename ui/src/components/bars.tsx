// Stacked bars over time with a brush: drag sets the time range, a click takes one bar.
import { useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { FONT, colour, useCanvas } from '../base/canvas';
import { count, short } from '../base/format';
import { axisLabel, clock, dayClock, ticks } from '../base/time';
import { bucketAt, roundTop, totals, type Bars } from '../model/bars';
import { setWindow } from './range';

const AXIS = 18;

export interface Mark {
  at: number;
  colour: string;
  label: string;
}

export function BarChart(props: { bars: Bars; height?: number; label: string; marks?: readonly Mark[]; onSelect?: (start: number, end: number) => void; onBucket?: (start: number, end: number) => void; empty?: ComponentChildren; unit?: (value: number) => string }) {
  const { bars, height = 96 } = props;
  const unit = props.unit ?? count;
  const [hover, setHover] = useState<number | null>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const from = useRef<number | null>(null);
  const n = bars.series[0]?.counts.length ?? 0;
  const span = n * bars.widthMs;
  const sums = totals(bars);
  const top = roundTop(Math.max(0, ...sums));
  const canvas = useCanvas(({ context, width, height: full }) => {
    const h = full - AXIS;
    context.font = FONT;
    context.fillStyle = colour('--grid');
    context.fillRect(0, 0.5, width, 1);
    context.fillRect(0, Math.round(h / 2), width, 1);
    context.fillStyle = colour('--line-strong');
    context.fillRect(0, h, width, 1);
    const w = width / Math.max(1, n);
    for (let index = 0; index < n; index++) {
      let y = h;
      const x = Math.round(index * w);
      const thick = Math.max(1, Math.round((index + 1) * w) - x - (w > 4 ? 1 : 0));
      for (const series of bars.series) {
        const size = ((series.counts[index] ?? 0) / top) * h;
        if (size <= 0) continue;
        context.fillStyle = colour(series.colour);
        const drawn = Math.max(size, 1);
        context.fillRect(x, y - drawn, thick, drawn);
        y -= size;
      }
    }
    if (hover !== null) {
      context.fillStyle = colour('--text');
      context.globalAlpha = 0.06;
      context.fillRect(hover * w, 0, w, h);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour('--text-faint');
    context.textBaseline = 'top';
    context.fillText(short(top), 2, 3);
    context.textAlign = 'center';
    for (const at of ticks(bars.t0, bars.t0 + span, width / 110)) {
      const x = ((at - bars.t0) / span) * width;
      if (x > 24 && x < width - 24) context.fillText(axisLabel(at, span), x, h + 5);
    }
    context.textAlign = 'start';
    for (const mark of props.marks ?? []) {
      const x = ((mark.at - bars.t0) / span) * width;
      if (x < 0 || x > width) continue;
      context.fillStyle = colour(mark.colour);
      context.fillRect(Math.round(x), 0, 1, h);
      context.beginPath();
      context.moveTo(x - 3, h);
      context.lineTo(x + 4, h);
      context.lineTo(x + 0.5, h - 6);
      context.fill();
    }
    if (brush) {
      context.fillStyle = colour('--accent');
      context.globalAlpha = 0.16;
      context.fillRect(Math.min(...brush), 0, Math.abs(brush[1] - brush[0]), h);
      context.globalAlpha = 1;
    }
  });
  const xOf = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [Math.max(0, Math.min(box.width, event.clientX - box.left)), box.width] as const;
  };
  const select = props.onSelect ?? setWindow;
  const near = hover === null ? [] : (props.marks ?? []).filter((mark) => mark.at >= bars.t0 + hover * bars.widthMs && mark.at < bars.t0 + (hover + 1) * bars.widthMs);
  return (
    <div
      class="chart"
      style={{ height: `${height}px`, cursor: 'crosshair', touchAction: 'pan-y' }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const [x] = xOf(event);
        from.current = x;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const [x, width] = xOf(event);
        setHover(bucketAt(bars, x, width));
        if (from.current !== null && Math.abs(x - from.current) > 3) setBrush([from.current, x]);
      }}
      onPointerUp={(event) => {
        const [x, width] = xOf(event);
        if (brush && from.current !== null) {
          const [a, b] = [Math.min(from.current, x), Math.max(from.current, x)];
          select(bars.t0 + (a / width) * span, bars.t0 + (b / width) * span);
        } else if (from.current !== null && props.onBucket) {
          const index = bucketAt(bars, x, width);
          props.onBucket(bars.t0 + index * bars.widthMs, bars.t0 + (index + 1) * bars.widthMs);
        }
        from.current = null;
        setBrush(null);
      }}
      onPointerLeave={() => (setHover(null), from.current === null && setBrush(null))}
      onPointerCancel={() => ((from.current = null), setBrush(null))}
    >
      <canvas ref={canvas} role="img" aria-label={`${props.label}: ${count(sums.reduce((sum, one) => sum + one, 0))}`} />
      {n === 0 && props.empty}
      {hover !== null && n > 0 && (
        <div class="tip" style={tipPlace(hover / n)}>
          <div class="faint">{bars.widthMs < 1000 ? clock(bars.t0 + hover * bars.widthMs) : dayClock(bars.t0 + hover * bars.widthMs)}</div>
          {[...bars.series]
            .filter((series) => (series.counts[hover] ?? 0) > 0)
            .sort((a, b) => b.counts[hover]! - a.counts[hover]!)
            .slice(0, 8)
            .map((series) => (
              <div class="line" key={series.name}>
                <span class="swatch" style={{ background: `var(${series.colour})` }} />
                <span class="cut">{series.name}</span>
                <b>{unit(series.counts[hover]!)}</b>
              </div>
            ))}
          {near.slice(0, 4).map((mark) => (
            <div class="line" key={mark.label}>
              <span class="swatch" style={{ background: `var(${mark.colour})` }} />
              {mark.label}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** Beside the pointer, on the side with more room. */
export function tipPlace(share: number): Record<string, string> {
  return share < 0.6 ? { left: `calc(${share * 100}% + 14px)`, top: '4px' } : { right: `calc(${(1 - share) * 100}% + 14px)`, top: '4px' };
}

export function Legend({ series }: { series: readonly { name: string; colour: string }[] }) {
  return (
    <div class="legend">
      {series.map((one) => (
        <span key={one.name}>
          <i class="swatch" style={{ background: `var(${one.colour})` }} />
          <span class="cut">{one.name}</span>
        </span>
      ))}
    </div>
  );
}

export function Spark({ values, tone = '--accent', label, max }: { values: readonly (number | null)[]; tone?: string; label?: string; max?: number }) {
  const points = values.map((value) => value ?? 0);
  const top = max ?? Math.max(1e-9, ...points);
  const step = 96 / Math.max(1, points.length - 1);
  const line = points.map((value, index) => `${(index * step).toFixed(1)},${(20 - (value / top) * 18).toFixed(1)}`).join(' ');
  return (
    <svg class="spark" viewBox="0 0 96 22" preserveAspectRatio="none" role="img" aria-label={label ?? ''} aria-hidden={label ? undefined : true}>
      {points.length > 1 && <polyline points={`0,21 ${line} 96,21`} fill={`var(${tone})`} fill-opacity="0.12" stroke="none" />}
      <polyline points={line} fill="none" stroke={`var(${tone})`} stroke-width="1.3" vector-effect="non-scaling-stroke" stroke-linejoin="round" />
    </svg>
  );
}
