// What the state of the server means for a person.
import { toMs } from '../base/time';
import type { DataLink, Sender, SenderDoor, SenderSignal, Status } from '../base/schema';

/** What is wrong with the server itself; it stands on every page. */
export type Trouble = { kind: 'refuses'; reason: string } | { kind: 'disk'; free: number; needed: number } | { kind: 'waiting'; ms: number; failures: number } | { kind: 'compaction'; blocks: number };

/** Rows that wait so much longer than a flush takes. */
const WAITING_MAX_MS = 600_000;
/** So many blocks that could be fewer make every question slower. */
const DEBT_MAX = 500;

export function troubles({ ready, reasons, storage }: Pick<Status, 'ready' | 'reasons' | 'storage'>): Trouble[] {
  const found: Trouble[] = ready ? [] : reasons.map((reason) => ({ kind: 'refuses', reason }));
  const { disk, compaction } = storage;
  if (disk && disk.free_bytes < disk.needed_bytes) found.push({ kind: 'disk', free: disk.free_bytes, needed: disk.needed_bytes });
  if (storage.unflushed_age_ms > WAITING_MAX_MS) found.push({ kind: 'waiting', ms: storage.unflushed_age_ms, failures: storage.flush_failures });
  if (compaction.debt_blocks > DEBT_MAX) found.push({ kind: 'compaction', blocks: compaction.debt_blocks });
  return found;
}

/** What blocks that cannot be read held, as far as they are listed. */
export interface Damage {
  blocks: number;
  /** Beyond those that are listed. */
  more: number;
  rows: number;
  tables: string[];
  first: string;
  last: string;
}

export function damageOf({ damaged_blocks, damaged }: Pick<Status['storage'], 'damaged_blocks' | 'damaged'>): Damage | null {
  const [one] = damaged;
  if (damaged_blocks === 0 || !one) return null;
  const edge = (times: string[], isBetter: (a: string, b: string) => boolean) => times.reduce((best, time) => (isBetter(time, best) ? time : best));
  return {
    blocks: damaged_blocks,
    more: damaged_blocks - damaged.length,
    rows: damaged.reduce((sum, block) => sum + block.rows, 0),
    tables: [...new Set(damaged.map((block) => block.table))].sort(),
    first: edge(
      damaged.map((block) => block.first),
      (a, b) => toMs(a) < toMs(b),
    ),
    last: edge(
      damaged.map((block) => block.last),
      (a, b) => toMs(a) > toMs(b),
    ),
  };
}

/** Nothing was ever stored, and nothing arrived since the start. */
export function isEmpty(status: Status): boolean {
  const { traces, logs, metrics } = status.received;
  return traces + logs + metrics === 0 && status.storage.tables.every((table) => table.rows === 0);
}

export function address(status: Status | undefined, name: 'otlp_grpc' | 'otlp_http' | 'api'): string {
  const fallback = { otlp_grpc: 'http://127.0.0.1:4317', otlp_http: 'http://127.0.0.1:4318', api: 'http://127.0.0.1:4319' };
  return status?.listening.find((one) => one.name === name)?.url ?? fallback[name];
}

/** Requests that a door refused, for whatever reason. */
export function refusedOf(door: Pick<SenderDoor, 'refused'>): number {
  return door.refused.reduce((sum, one) => sum + one.requests, 0);
}

/** Records, samples or requests that were lost on the way, for whatever reason. */
export function droppedOf(link: Pick<DataLink, 'dropped'>): number {
  return link.dropped.reduce((sum, one) => sum + one.records, 0);
}

/** What does not work first, then what lost something, then what waits; else in the order of the server. */
export function troubledFirst(links: readonly DataLink[]): DataLink[] {
  const weight = (one: DataLink) => (one.is_up ? 0 : 4) + (droppedOf(one) > 0 ? 2 : 0) + ((one.lag_bytes ?? 0) > 0 ? 1 : 0);
  return [...links].sort((a, b) => weight(b) - weight(a));
}

/** What the server itself says of the last minute, before this page has seen two states. */
export function perSecond(doors: readonly SenderDoor[]): Omit<Sample, 'at' | 'rejected'> & { rejected: undefined } {
  const of = (signal: string) => doors.filter((door) => door.signal === signal).reduce((sum, door) => sum + door.records_per_s, 0);
  return { traces: of('traces'), logs: of('logs'), metrics: of('metrics'), rejected: undefined };
}

export function signalOf(sender: Pick<Sender, 'signals'>, signal: string): SenderSignal | null {
  return sender.signals.find((one) => one.signal === signal) ?? null;
}

export interface Sample {
  at: number;
  traces: number;
  logs: number;
  metrics: number;
  rejected: number;
}

export function sampleOf(status: Status, at: number): Sample {
  const { traces, logs, metrics, rejected } = status.received;
  return { at, traces, logs, metrics, rejected };
}

/** Per second between the samples; a restart (counters that fall) gives nothing. */
export function rates(samples: readonly Sample[]): (Sample | null)[] {
  return samples.slice(1).map((now, index) => {
    const before = samples[index]!;
    const seconds = (now.at - before.at) / 1000;
    if (seconds <= 0 || now.traces < before.traces || now.logs < before.logs || now.metrics < before.metrics) return null;
    const per = (key: keyof Sample) => (now[key] - before[key]) / seconds;
    return { at: now.at, traces: per('traces'), logs: per('logs'), metrics: per('metrics'), rejected: per('rejected') };
  });
}
