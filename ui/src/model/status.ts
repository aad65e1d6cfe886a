// What the state of the server means for a person.
import type { Sender, SenderDoor, SenderSignal, Status } from '../base/schema';

/** Reasons that the server itself gives; they stand on every page. */
export function troubles(status: Status): string[] {
  return status.ready ? [] : status.reasons;
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
