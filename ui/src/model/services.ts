// Services: what the server counts of them, in the shapes that are drawn.
import type { Completeness } from '../base/schema';
import { STATES, isActive, stateOf, type State } from './breakers';

export interface Trend {
  count: number[];
  errors: number[];
  p95_ns: (number | null)[];
}

/** With all durations. */
export interface Trends extends Trend {
  p50_ns: (number | null)[];
  p99_ns: (number | null)[];
}

export interface Buckets {
  t0_ns: string;
  width_ms: number;
  count: number;
}

export interface Version {
  version: string;
  spans: number;
  first_seen: string;
  last_seen: string;
}

export interface Service {
  name: string;
  namespaces: string[];
  environments: string[];
  versions: Version[];
  health: string;
  spans: number;
  spans_per_s: number;
  /** `entry`: calls are those that came in. `all`: none came in, and calls are all its spans. */
  basis: string;
  calls: number;
  calls_per_s: number;
  errors: number;
  error_share: number;
  p50_ns: number | null;
  p95_ns: number | null;
  p99_ns: number | null;
  trend: Trend;
  top_codes: { code: string; count: number }[];
  breakers: { guarding: Record<string, number>; own: Record<string, number> };
  rejected: number;
  last_seen: string;
}

export interface ServicesAnswer {
  buckets: Buckets;
  total: number;
  services: Service[];
  completeness: Completeness;
}

export interface ServiceAnswer {
  buckets: Buckets;
  service: Service | null;
  durations: { p50_ns: (number | null)[]; p95_ns: (number | null)[]; p99_ns: (number | null)[] };
  codes: { code: string; count: number }[];
  completeness: Completeness;
}

export interface Operation {
  /** Null: all those together that are beyond the limit of different names. */
  name: string | null;
  kind: string;
  count: number;
  per_s: number;
  errors: number;
  error_share: number;
  p50_ns: number | null;
  p95_ns: number | null;
  p99_ns: number | null;
  trend: Trends;
  versions: Version[];
  top_codes: { code: string; count: number }[];
  time_share: number;
  exemplars: { slowest_trace_id: string | null; slowest_ns: number | null; failed_trace_id: string | null };
}

export interface Instance {
  instance: string;
  versions: Version[];
  place: string;
  calls: number;
  calls_per_s: number;
  errors: number;
  error_share: number;
  p50_ns: number | null;
  p95_ns: number | null;
  p99_ns: number | null;
  trend: Trends;
  top_codes: { code: string; count: number }[];
  share: number;
  /** By declared weights, else evenly. */
  expected_share: number;
  weight: number | null;
  skew: number | null;
  restarts: number;
  first_seen: string;
  last_seen: string;
  silent_since: string | null;
}

export type Health = 'ok' | 'warn' | 'error';

export function health(word: string): Health {
  return word === 'error' || word === 'warn' ? word : 'ok';
}

/** Breakers by state, the most urgent first; those that are closed are left out unless all are. */
export function gateCounts(counts: Record<string, number>): { state: State; n: number }[] {
  const known = STATES.map((state) => ({ state, n: Object.entries(counts).reduce((sum, [word, n]) => (stateOf(word) === state ? sum + n : sum), 0) })).filter((one) => one.n > 0);
  const active = known.filter((one) => isActive(one.state));
  return active.length ? active : known;
}

/** Versions that were first seen well after the window began: something was rolled out. */
export function rollouts(versions: readonly Version[], t0Ms: number, toMs: (time: string) => number): { at: number; version: string }[] {
  return versions.filter((one) => one.version !== '' && toMs(one.first_seen) > t0Ms + 90_000).map((one) => ({ at: toMs(one.first_seen), version: one.version }));
}

/** Those that succeeded, for stacking below those that failed. */
export function fine(trend: Trend): number[] {
  return trend.count.map((count, index) => Math.max(0, count - (trend.errors[index] ?? 0)));
}

export type SortKey = 'health' | 'calls' | 'errors' | 'slowest' | 'name';
export const SORTS: readonly SortKey[] = ['health', 'calls', 'errors', 'slowest', 'name'];

/** Versions that came after another one of the same service, by when they came. */
export function replacements(versions: readonly Version[], toMs: (time: string) => number): { at: number; version: string }[] {
  const named = versions.filter((one) => one.version !== '').map((one) => ({ at: toMs(one.first_seen), version: one.version }));
  const first = Math.min(...named.map((one) => one.at));
  return named.filter((one) => one.at > first).sort((a, b) => a.at - b.at);
}
