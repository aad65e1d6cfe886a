// A breaker's states as a lane on a canvas.
import { colour, useCanvas } from '../base/canvas';
import { STATE_COLOURS, isActive, segments, stateOf, stretches, type Lane, type Segment } from '../model/breakers';
import { stateName } from './breakerwords';

/** One lane by itself, under a name that tells its state to those who do not see it. */
export function MiniLane({ name, state, lane, spanUs }: { name: string; state: string; lane: Lane; spanUs: number }) {
  const canvas = useCanvas(({ context, width, height }) => drawLane(context, segments(lane, spanUs), spanUs, height / 2, width));
  return <canvas ref={canvas} class="mini-lane" role="img" aria-label={`${name}: ${stateName(stateOf(state))}`} />;
}

/** Open: solid. Half open: hatched. Shedding: as high as its ratio. Closed: a thin line. Unknown: dots. */
export function drawLane(context: CanvasRenderingContext2D, all: readonly Segment[], spanUs: number, middle: number, width: number): void {
  for (const one of all) {
    const x = (one.from / spanUs) * width;
    const end = (one.to / spanUs) * width;
    const ink = colour(STATE_COLOURS[one.state]);
    if (!isActive(one.state)) {
      context.fillStyle = ink;
      if (one.state === 'closed') context.fillRect(x, middle - 1, Math.max(0, end - x), 2);
      else for (let dot = Math.ceil(x / 6) * 6; dot < end; dot += 6) context.fillRect(dot, middle - 1, 2, 2);
      continue;
    }
    const wide = Math.max(2, end - x);
    const high = one.state === 'shedding' ? 4 + 14 * Math.min(1, Math.max(0.08, one.fraction)) : 8 + 10 * Math.min(1, one.fraction || 1);
    const top = middle - high / 2;
    context.fillStyle = ink;
    if (one.state === 'open' || one.state === 'forced_open') {
      context.beginPath();
      context.roundRect(x, top, wide, high, wide > 8 ? 2 : 0);
      context.fill();
      if (one.state === 'forced_open' && wide > 14) {
        context.fillStyle = colour('--surface');
        context.fillText('◆', x + wide / 2, middle + 0.5);
      }
    } else {
      context.globalAlpha = 0.28;
      context.fillRect(x, top, wide, high);
      context.globalAlpha = 1;
      context.save();
      context.beginPath();
      context.rect(x, top, wide, high);
      context.clip();
      if (one.state === 'half_open') {
        context.strokeStyle = ink;
        context.lineWidth = 1.6;
        context.beginPath();
        for (let line = x - high; line < x + wide; line += 5) {
          context.moveTo(line, top + high);
          context.lineTo(line + high, top);
        }
        context.stroke();
      } else {
        for (let dot = x; dot < x + wide; dot += 4) for (let row = top + 1; row < top + high; row += 4) context.fillRect(dot + ((row / 4) % 2) * 2, row, 1.6, 1.6);
      }
      context.restore();
    }
  }
  crowds(context, stretches(all), spanUs, middle, width);
}

/** Trips that share their pixels are counted rather than lost. */
function crowds(context: CanvasRenderingContext2D, trips: readonly { from: number; to: number }[], spanUs: number, middle: number, width: number): void {
  let [begin, end, many] = [0, -Infinity, 0];
  const tell = () => {
    if (many < 2) return;
    context.fillStyle = colour('--text-soft');
    context.textAlign = 'center';
    context.fillText(String(many), Math.min(width - 6, (begin + end) / 2), middle - 14);
  };
  for (const trip of trips) {
    const x = (trip.from / spanUs) * width;
    if (x > end + 1) {
      tell();
      [begin, many] = [x, 0];
    }
    end = Math.max(x + 2, (trip.to / spanUs) * width);
    many++;
  }
  tell();
}
