// Points of time and duration in a box of 1 by 1, the duration on a logarithmic scale.
import { toMs } from '../base/time';
import { duration } from '../base/format';

export interface Scatter {
  from: number;
  to: number;
  points: { x: number; y: number }[];
  /** Durations in ns to write at the axis, with their height. */
  levels: [number, number][];
  durationAt: (y: number) => number;
}

export function scatterOf(traces: readonly { start_time: string; duration_ns: number }[]): Scatter {
  const times = traces.map((trace) => toMs(trace.start_time));
  const lengths = traces.map((trace) => Math.max(1, trace.duration_ns));
  let [from, to] = [Math.min(...times), Math.max(...times)];
  if (!(to > from)) [from, to] = [from - 500, from + 500];
  const low = Math.floor(Math.log10(Math.min(...lengths)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...lengths))));
  const y = (ns: number) => (Math.log10(Math.max(1, ns)) - low) / (high - low);
  const levels: [number, number][] = [];
  for (let power = low; power <= high; power++) levels.push([10 ** power, y(10 ** power)]);
  while (levels.length > 5) levels.splice(0, levels.length, ...levels.filter((_, index) => index % 2 === 0));
  return {
    from,
    to,
    points: times.map((time, index) => ({ x: (time - from) / (to - from), y: y(lengths[index]!) })),
    levels,
    durationAt: (at) => 10 ** (low + Math.min(1, Math.max(0, at)) * (high - low)),
  };
}

/** The index of the closest point within `reach`; -1 when there is none. */
export function nearest(points: readonly (readonly [number, number])[], x: number, y: number, reach: number): number {
  let [best, found] = [reach * reach, -1];
  points.forEach(([a, b], index) => {
    const far = (a - x) ** 2 + (b - y) ** 2;
    if (far < best) [best, found] = [far, index];
  });
  return found;
}

/** As a search says it: units without a space. */
export function durationCondition(low: number, high: number): string {
  const text = (ns: number) => duration(ns).replaceAll(' ', '');
  return `duration>=${text(low)} AND duration<=${text(high)}`;
}
