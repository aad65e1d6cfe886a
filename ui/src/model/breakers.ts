// Breakers as lanes: what the fold says, in the shape that is drawn. Unknown is never drawn as closed.
import type { BreakerMargins, Completeness } from '../base/schema';

export type State = 'closed' | 'open' | 'half_open' | 'shedding' | 'forced_open' | 'disabled' | 'metrics_only' | 'unknown';

export interface Lane {
  start_us: number[];
  state: string[];
  open_fraction: number[];
}

export interface Moment {
  time: string;
  lo: string | null;
  hi: string;
}

export interface Trip {
  opened: Moment;
  closed: Moment | null;
  ended_by: string;
  open_ns: number;
  half_open_ns: number;
  probes: number;
  reopens: number;
  refused: number;
  forced: boolean;
  cause: string;
  method: string;
  confidence: number;
  instances?: string[];
}

export interface Identity {
  id: string;
  service: string;
  namespace: string;
  environment: string;
  name: string;
  framework: string;
  mechanism: string;
  operations: string[];
  targets: string[];
  aliases: string[];
}

export interface Row extends Identity {
  state: string;
  state_since: string;
  open_fraction: number;
  instances: number;
  trips: number;
  trips_before: number;
  open_ns: number;
  refused: number;
  flapping: boolean;
  last_trip: Trip | null;
  /** Of the time before the last trip, most frequent first. */
  top_codes?: { code: string; count: number; share: number }[];
  lane: Lane;
}

export interface BreakersAnswer {
  t0_ns: string;
  end_ns: string;
  summary: { states: Record<string, number>; trips: number; trips_before: number; open_ns: number; refused: number };
  breakers: Row[];
  next_page_token: string | null;
  notices: { kind: string; breaker_id: string | null; service: string | null; name: string | null; detail: string }[];
  completeness: Completeness;
}

export interface BreakerAnswer {
  t0_ns: string;
  end_ns: string;
  breaker: Row;
  times: { open_ns: number; half_open_ns: number; mean_to_recover_ns: number | null; p95_to_recover_ns: number | null; mean_between_ns: number | null; episodes: number; probes: number; reopens: number };
  flapping: { flaps: boolean; score: number; reopen_ratio: number | null };
  adaptive: { threshold: number; calls_per_s_min: number; margins?: BreakerMargins | null } | null;
  trips: Trip[];
  completeness: Completeness;
}

export interface Transition {
  instance: string;
  at: Moment;
  from: string;
  to: string;
  cause: string;
  text: string;
  method: string;
  confidence: number;
  evidence: { time: string; source: string; rule: string; trace_id: string | null; span_id: string | null }[];
}

export interface Related {
  breaker_id: string;
  service: string;
  name: string;
  t: string;
}

export interface TripAnswer {
  breaker: Identity;
  trip: Trip;
  transitions: Transition[];
  codes: { code: string; count: number; share: number; expected: number; z: number; lift: number }[];
  failing_since: string | null;
  time_to_detect_ns: number | null;
  exemplars: { kind: string; time: string; trace_id: string; span_id: string | null }[];
  hurt: { traces: number; traces_looked_at?: number; contained: number; amplification: number; callers: { distance: number; service: string; traces: number }[]; entry_points: { service: string; operation: string; traces: number; failed: number; requests?: number | null; hurt_share?: number | null }[] };
  recovery: { admitted: number; admitted_failed: number; refused_share: number | null; recovered_at: string | null; dependency_ns: number | null; release_ns: number | null; drop_ratio: (number | null)[] } | null;
  changes: { kind: string; service: string; what: string; time: string; before_ns: number; score: number }[];
  root: Related | null;
  parent: Related | null;
  caused: Related[];
  completeness: Completeness;
}

export interface Segment {
  /** µs after the window's begin. */
  from: number;
  to: number;
  state: State;
  fraction: number;
}

const KNOWN = new Set<string>(['closed', 'open', 'half_open', 'shedding', 'forced_open', 'disabled', 'metrics_only', 'unknown']);

export function stateOf(word: string): State {
  return KNOWN.has(word) ? (word as State) : 'unknown';
}

/** Most urgent first. */
export const STATES: State[] = ['open', 'forced_open', 'half_open', 'shedding', 'unknown', 'metrics_only', 'disabled', 'closed'];

export const STATE_COLOURS: Record<State, string> = {
  open: '--open',
  forced_open: '--forced',
  half_open: '--half',
  shedding: '--shed',
  closed: '--closed',
  disabled: '--unknown',
  metrics_only: '--unknown',
  unknown: '--unknown',
};

/** For words, which need more contrast than what is drawn. */
export function inkOf(state: State): string {
  return `var(${{ open: '--error', half_open: '--warn', shedding: '--shed', forced_open: '--forced' }[state as string] ?? '--text-soft'})`;
}

/** State is never told by colour alone. */
export const GLYPHS: Record<State, string> = { open: '●', forced_open: '◆', half_open: '◐', shedding: '◍', closed: '○', disabled: '⊘', metrics_only: '◌', unknown: '?' };

const known = new WeakMap<Lane, { spanUs: number; all: Segment[] }>();

/** Of one lane, worked out once: it is asked for with every drawing. */
export function segments(lane: Lane, spanUs: number): readonly Segment[] {
  const before = known.get(lane);
  if (before?.spanUs === spanUs) return before.all;
  const all = cut(lane, spanUs);
  known.set(lane, { spanUs, all });
  return all;
}

function cut(lane: Lane, spanUs: number): Segment[] {
  return lane.start_us.map((from, index) => ({ from, to: Math.min(spanUs, lane.start_us[index + 1] ?? spanUs), state: stateOf(lane.state[index]!), fraction: lane.open_fraction[index] ?? 0 }));
}

export function isActive(state: State): boolean {
  return state === 'open' || state === 'half_open' || state === 'shedding' || state === 'forced_open';
}

/** Where each trip of a lane begins: active after what was not. A lane that begins active has not tripped within the window. */
export function openings(all: readonly Segment[]): number[] {
  return all.filter((one, index) => index > 0 && isActive(one.state) && !isActive(all[index - 1]!.state)).map((one) => one.from);
}

/** The stretch of not being closed that covers a moment. */
export function activeAt(all: readonly Segment[], us: number): { from: number; to: number } | null {
  return stretches(all).find((one) => us >= one.from && us < one.to) ?? null;
}

/** Stretches of not being closed, in order. */
export function stretches(all: readonly Segment[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  all.forEach((one, index) => {
    if (!isActive(one.state)) return;
    const last = found.at(-1);
    if (last && index > 0 && isActive(all[index - 1]!.state)) last.to = one.to;
    else found.push({ from: one.from, to: one.to });
  });
  return found;
}

/** The stretch before (-1) or after (1) a moment that is within one, or the last or first when there is no moment. */
export function neighbour(all: readonly Segment[], us: number | null, by: 1 | -1): { from: number; to: number } | null {
  const list = stretches(all);
  if (us === null) return (by === 1 ? list[0] : list.at(-1)) ?? null;
  return (by === 1 ? list.find((one) => one.from > us) : list.findLast((one) => one.to <= us)) ?? null;
}

/** Whom it guards calls to: the target, or the name that somebody gave it. Names made of an operation are none. */
export function guarded(row: Pick<Identity, 'targets' | 'name'>): string {
  return row.targets.join(', ') || (row.name.startsWith('op:') ? '' : row.name);
}

export function titleOf(row: Pick<Identity, 'service' | 'targets' | 'name'>): string {
  const whom = guarded(row);
  return whom ? `${row.service} › ${whom}` : row.service;
}

/** What the title does not say already. */
export function subtitleOf(row: Pick<Identity, 'targets' | 'name' | 'framework'>): string {
  return [row.name === guarded(row) ? '' : row.name.replace(/^op:/, ''), row.framework].filter(Boolean).join(' · ');
}

export interface Group {
  name: string;
  rows: Row[];
  worst: State;
}

export type GroupBy = 'target' | 'service' | 'none';

/** In the order of the rows, which is the server's: the group with the costliest breaker comes first. */
export function group(rows: readonly Row[], by: GroupBy): Group[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = by === 'none' ? '' : by === 'target' ? guarded(row) : row.service;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, list]) => ({ name, rows: list, worst: STATES.find((state) => list.some((row) => stateOf(row.state) === state)) ?? 'unknown' }));
}

export function density(rows: readonly Row[], spanUs: number, buckets: number): number[] {
  const counts = new Array<number>(buckets).fill(0);
  for (const row of rows) for (const at of openings(segments(row.lane, spanUs))) counts[Math.min(buckets - 1, Math.floor((at / spanUs) * buckets))]!++;
  return counts;
}

export const LEVELS = ['exact', 'counted', 'sampled', 'inferred'] as const;
export type Level = (typeof LEVELS)[number];

/** How a transition is known, as four levels that people can weigh. */
export function level(method: string): Level {
  if (method === 'explicit') return 'exact';
  if (method === 'counter') return 'counted';
  if (method === 'onehot' || method === 'enum_gauge') return 'sampled';
  return 'inferred';
}
