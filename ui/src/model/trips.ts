// Two trips of one breaker beside each other: did the same happen again?
import { toMs } from '../base/time';
import type { Trip, TripAnswer } from './breakers';

export interface Pair<V> {
  a: V;
  b: V;
}

/** A code's share of the errors before each trip; null where it did not occur. */
export interface CodePair extends Pair<number | null> {
  code: string;
}

/** All codes of both, the largest share first. */
export function codePairs(a: Pick<TripAnswer, 'codes'>, b: Pick<TripAnswer, 'codes'>): CodePair[] {
  const shares = (one: Pick<TripAnswer, 'codes'>) => new Map(one.codes.map((code) => [code.code, code.share]));
  const [left, right] = [shares(a), shares(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((code) => ({ code, a: left.get(code) ?? null, b: right.get(code) ?? null }))
    .sort((x, y) => Math.max(y.a ?? 0, y.b ?? 0) - Math.max(x.a ?? 0, x.b ?? 0));
}

/** How alike the errors before two trips were: the part of their shares that both have, 0 to 1; null when nothing is known of one. */
export function likeness(pairs: readonly CodePair[]): number | null {
  const sum = (of: (pair: CodePair) => number) => pairs.reduce((total, pair) => total + of(pair), 0);
  const [a, b] = [sum((pair) => pair.a ?? 0), sum((pair) => pair.b ?? 0)];
  if (a === 0 || b === 0) return null;
  return sum((pair) => Math.min((pair.a ?? 0) / a, (pair.b ?? 0) / b));
}

/** The trip that contains a moment, or opened at it. */
export function tripAt(trips: readonly Trip[], time: string): Trip | null {
  const at = toMs(time);
  return trips.find((trip) => at >= toMs(trip.opened.time) && (trip.closed === null || at <= toMs(trip.closed.time))) ?? null;
}

/** The one to compare a trip with when nobody chose: the one before, or the one after the first. */
export function beside(trips: readonly Trip[], time: string): Trip | null {
  const sorted = [...trips].sort((a, b) => toMs(a.opened.time) - toMs(b.opened.time));
  const own = tripAt(sorted, time);
  const at = own ? sorted.indexOf(own) : sorted.findIndex((trip) => toMs(trip.opened.time) > toMs(time));
  return sorted[at - 1] ?? sorted[at + 1] ?? null;
}
