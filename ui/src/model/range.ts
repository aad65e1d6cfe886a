// The time range of a page: relative (`range=1h`) or between two moments, as the URL and the API write it.
import { toIso, toMs } from '../base/time';

export type Range = { kind: 'relative'; range: string } | { kind: 'absolute'; start: number; end: number };

export const PRESETS = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;
export const DEFAULT_RANGE = '1h';

const UNITS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** In ms, or null when the text is none. */
export function spanOf(range: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)(s|m|h|d|w)$/.exec(range.trim());
  return parts && Number(parts[1]) > 0 ? Number(parts[1]) * UNITS[parts[2]!]! : null;
}

export function readRange(params: URLSearchParams): Range {
  const [start, end] = [params.get('start'), params.get('end')];
  if (start && end) {
    const [from, to] = [toMs(start), toMs(end)];
    if (to > from) return { kind: 'absolute', start: from, end: to };
  }
  const range = params.get('range') ?? DEFAULT_RANGE;
  return { kind: 'relative', range: spanOf(range) === null ? DEFAULT_RANGE : range };
}

/** As the API asks for it. */
export function rangeQuery(range: Range): Record<string, string> {
  return range.kind === 'relative' ? { range: range.range } : { start: toIso(range.start), end: toIso(range.end) };
}

/** As the URL keeps it; null takes the other form away. */
export function rangeParams(range: Range): Record<string, string | null> {
  return range.kind === 'relative' ? { range: range.range, start: null, end: null } : { range: null, start: toIso(range.start), end: toIso(range.end) };
}

export function bounds(range: Range, now: number): [number, number] {
  return range.kind === 'relative' ? [now - spanOf(range.range)!, now] : [range.start, range.end];
}

/** Half a window back (-1) or forth (1); never into the future. */
export function shift(range: Range, steps: number, now: number): Range {
  const [from, to] = bounds(range, now);
  const by = Math.min(((to - from) / 2) * steps, now - to);
  return { kind: 'absolute', start: from + by, end: to + by };
}

/** Twice as long around the same middle, or half. */
export function zoom(range: Range, factor: number, now: number): Range {
  const [from, to] = bounds(range, now);
  const middle = (from + to) / 2;
  const half = Math.max(((to - from) / 2) * factor, 5);
  return { kind: 'absolute', start: middle - half, end: Math.min(middle + half, now) };
}
