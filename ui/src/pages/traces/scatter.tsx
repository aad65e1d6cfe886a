// Each trace a point: when, and how long on a logarithmic scale. Drag a box to look closer; the table below is the same in words.
import { useRef, useState } from 'preact/hooks';
import { FONT, colour, useCanvas } from '../../base/canvas';
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import type { TraceSummary } from '../../base/schema';
import { axisLabel, clock, ticks, toIso } from '../../base/time';
import { param, setParams } from '../../base/url';
import { tipPlace } from '../../components/bars';
import { durationCondition, nearest, scatterOf } from '../../model/scatter';
import { and } from '../../model/search';

const t = texts({ label: ['Durations of the traces over time; drag a box to look closer', '链路耗时散点图，框选以放大'] });

const LEFT = 70;
const BOTTOM = 18;
const HEIGHT = 132;

export function Scatter({ traces, onOpen }: { traces: readonly TraceSummary[]; onOpen: (trace: TraceSummary) => void }) {
  const box = scatterOf(traces);
  const [hover, setHover] = useState<number>(-1);
  const [drag, setDrag] = useState<[number, number, number, number] | null>(null);
  const from = useRef<[number, number] | null>(null);
  const size = useRef({ width: 1, height: HEIGHT });
  const place = (index: number): [number, number] => {
    const { width } = size.current;
    const point = box.points[index]!;
    return [LEFT + 8 + point.x * (width - LEFT - 16), 6 + (1 - point.y) * (HEIGHT - BOTTOM - 12)];
  };
  const canvas = useCanvas(({ context, width, height }) => {
    size.current = { width, height };
    context.font = FONT;
    context.textBaseline = 'middle';
    for (const [value, y] of box.levels) {
      const at = Math.round(6 + (1 - y) * (HEIGHT - BOTTOM - 12));
      context.fillStyle = colour('--grid');
      context.fillRect(LEFT, at, width, 1);
      context.fillStyle = colour('--text-faint');
      context.textAlign = 'right';
      context.fillText(duration(value), LEFT - 8, at);
    }
    context.textAlign = 'center';
    for (const at of ticks(box.from, box.to, (width - LEFT) / 120)) {
      const x = LEFT + 8 + ((at - box.from) / (box.to - box.from)) * (width - LEFT - 16);
      context.fillText(axisLabel(at, box.to - box.from), Math.min(width - 28, x), height - 7);
    }
    const [fine, bad] = [colour('--s0'), colour('--open')];
    // Errors last: they lie on top.
    for (const failed of [false, true]) {
      context.fillStyle = failed ? bad : fine;
      context.globalAlpha = failed ? 0.9 : 0.6;
      traces.forEach((trace, index) => {
        if (trace.errors > 0 !== failed) return;
        const [x, y] = place(index);
        context.beginPath();
        context.arc(x, y, index === hover ? 6 : 3.6, 0, 7);
        context.fill();
      });
    }
    context.globalAlpha = 1;
    if (drag) {
      context.fillStyle = colour('--accent');
      context.globalAlpha = 0.14;
      context.fillRect(Math.min(drag[0], drag[2]), Math.min(drag[1], drag[3]), Math.abs(drag[2] - drag[0]), Math.abs(drag[3] - drag[1]));
      context.globalAlpha = 1;
    }
  });
  const at = (event: PointerEvent): [number, number] => {
    const area = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  };
  const finish = (event: PointerEvent) => {
    const [x, y] = at(event);
    const start = from.current;
    from.current = null;
    setDrag(null);
    if (!start) return;
    if (Math.abs(x - start[0]) < 5 && Math.abs(y - start[1]) < 5) {
      if (hover >= 0) onOpen(traces[hover]!);
      return;
    }
    const time = (px: number) => box.from + ((px - LEFT - 8) / (size.current.width - LEFT - 16)) * (box.to - box.from);
    const level = (py: number) => box.durationAt(1 - (py - 6) / (HEIGHT - BOTTOM - 12));
    const [a, b] = [Math.min(start[0], x), Math.max(start[0], x)];
    const [low, high] = [level(Math.max(start[1], y)), level(Math.min(start[1], y))];
    setParams({ start: toIso(Math.floor(time(a))), end: toIso(Math.ceil(time(b)) + 1), range: null, page_token: null, q: and(param('q'), durationCondition(low, high)) });
  };
  const found = hover >= 0 ? traces[hover] : undefined;
  return (
    <div
      class="chart"
      style={{ height: `${HEIGHT}px`, cursor: hover >= 0 ? 'pointer' : 'crosshair' }}
      onPointerDown={(event) => {
        from.current = at(event);
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const [x, y] = at(event);
        if (from.current) setDrag([...from.current, x, y]);
        setHover(nearest(traces.map((_, index) => place(index)), x, y, 12));
      }}
      onPointerUp={finish}
      onPointerLeave={() => setHover(-1)}
    >
      <canvas ref={canvas} role="img" aria-label={t('label')} />
      {found && (
        <div class="tip" style={tipPlace(place(hover)[0] / size.current.width)}>
          <div>
            <span class="soft">{found.root_service}</span> <strong>{found.root_name}</strong>
          </div>
          <div class="line">
            <span class="faint">{clock(Date.parse(found.start_time))}</span>
            <b>{duration(found.duration_ns)}</b>
          </div>
        </div>
      )}
    </div>
  );
}
