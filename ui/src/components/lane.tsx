// A breaker's states as a lane on a canvas.
import { colour, tile, useCanvas } from '../base/canvas';
import { STATE_COLOURS, isActive, segments, stateOf, stretches, type Lane, type Segment } from '../model/breakers';
import { stateName } from './breakerwords';

/** One lane by itself, under a name that tells its state to those who do not see it. */
export function MiniLane({ name, state, lane, spanUs }: { name: string; state: string; lane: Lane; spanUs: number }) {
  const canvas = useCanvas(({ context, width, height }) => drawLane(context, segments(lane, spanUs), spanUs, height / 2, width));
  return <canvas ref={canvas} class="mini-lane" role="img" aria-label={`${name}: ${stateName(stateOf(state))}`} />;
}

/**
 * Open: solid. Half open: hatched. Shedding: as high as its ratio. Closed: a thin line. Unknown: dots.
 *
 * Edges are whole pixels: those are filled, others are blended, which takes several times as long for a page of lanes.
 */
export function drawLane(context: CanvasRenderingContext2D, all: readonly Segment[], spanUs: number, middle: number, width: number): void {
  const at = (us: number) => Math.round((us / spanUs) * width);
  lines(context, all, at, Math.round(middle) - 1);
  for (const one of all) {
    if (!isActive(one.state)) continue;
    const x = at(one.from);
    const wide = Math.max(2, at(one.to) - x);
    const share = Math.min(1, one.fraction || 1);
    const high = 2 * Math.round(one.state === 'shedding' ? 2 + 7 * Math.max(0.08, Math.min(1, one.fraction)) : 4 + 5 * share);
    const top = Math.round(middle) - high / 2;
    const ink = colour(STATE_COLOURS[one.state]);
    if (one.state === 'half_open' || one.state === 'shedding') {
      context.fillStyle = one.state === 'half_open' ? tile(context, 'half', 5, ink, hatch) : tile(context, 'shed', 4, ink, stipple);
      context.fillRect(x, top, wide, high);
      continue;
    }
    context.fillStyle = ink;
    solid(context, x, top, wide, high);
    if (one.state === 'forced_open' && wide > 14) {
      context.fillStyle = colour('--surface');
      context.fillText('◆', x + wide / 2, middle + 0.5);
    }
  }
  crowds(context, stretches(all), spanUs, middle, width);
}

/** What is known to be closed, and what is not known. A line goes on under what is drawn over it. */
function lines(context: CanvasRenderingContext2D, all: readonly Segment[], at: (us: number) => number, y: number): void {
  for (let index = 0; index < all.length; ) {
    const closed = all[index]!.state === 'closed';
    const begin = index;
    const belongs = (one: Segment) => (closed ? one.state === 'closed' || isActive(one.state) : one.state === all[begin]!.state);
    while (index < all.length && belongs(all[index]!)) index++;
    if (index === begin) index++;
    const first = all[begin]!;
    if (isActive(first.state)) continue;
    const last = closed ? all.slice(begin, index).findLast((one) => one.state === 'closed')! : all[index - 1]!;
    const ink = colour(STATE_COLOURS[first.state]);
    context.fillStyle = closed ? ink : tile(context, 'unknown', 6, ink, (dots) => dots.fillRect(0, 0, 2, 6));
    context.fillRect(at(first.from), y, Math.max(0, at(last.to) - at(first.from)), 2);
  }
}

/** Round corners only where they are seen: they cost a path. */
function solid(context: CanvasRenderingContext2D, x: number, y: number, wide: number, high: number): void {
  if (wide < 12) return context.fillRect(x, y, wide, high);
  context.beginPath();
  context.roundRect(x, y, wide, high, 2);
  context.fill();
}

function hatch(context: CanvasRenderingContext2D): void {
  wash(context, 5);
  context.lineWidth = 1.4;
  context.beginPath();
  for (const from of [-5, 0, 5]) {
    context.moveTo(from - 1, 6);
    context.lineTo(from + 6, -1);
  }
  context.stroke();
}

function stipple(context: CanvasRenderingContext2D): void {
  wash(context, 4);
  context.fillRect(0, 0.5, 1.6, 1.6);
  context.fillRect(2, 2.5, 1.6, 1.6);
}

function wash(context: CanvasRenderingContext2D, size: number): void {
  context.globalAlpha = 0.28;
  context.fillRect(0, 0, size, size);
  context.globalAlpha = 1;
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
