// What is wrong now and what changed: the server's comparison, and where each line leads.
import { nsToMs } from '../base/time';
import type { Completeness } from '../base/schema';
import type { Buckets, Trend } from './services';

export interface Change {
  kind: string;
  service: string;
  subject: string;
  breaker_id: string | null;
  time: string | null;
  now: number;
  before: number;
  yesterday: number | null;
  /** The median of the same hours of the seven days before. */
  usual: number | null;
  surprise: number;
}

export interface OverviewAnswer {
  start: string;
  end: string;
  completeness: Completeness;
  now: {
    recent_ns: number;
    calls_per_s: number;
    error_share: number;
    p50_ns: number | null;
    p95_ns: number | null;
    p99_ns: number | null;
    rejected_per_s: number;
    open_breakers: { total: number; listed: { id: string; service: string; name: string; targets: string[]; state: string; state_since: string; refused: number }[] };
    spiking_codes: { total: number; listed: { service: string; code: string; count: number; expected: number; surprise: number }[] };
    sick_services: { total: number; listed: { service: string; health: string; calls: number; errors: number; error_share: number }[] };
    ingest: { ok: boolean; trouble: string[]; rejected: number };
  };
  buckets: Buckets;
  trend: Trend;
  changes: Change[];
  changes_total: number;
  checked: { services: number; spans: number; calls: number; codes: number; breakers: number; yesterday: boolean; days: number };
}

/** When the window begins with silence, the moment of its first calls, in ms: what came then is new, though it may be old. */
export function youngSince({ buckets, trend }: Pick<OverviewAnswer, 'buckets' | 'trend'>): number | null {
  const first = trend.count.findIndex((calls) => calls > 0);
  return first > 0 && first >= buckets.count / 10 ? nsToMs(buckets.t0_ns) + first * buckets.width_ms : null;
}

export const KINDS = ['trip', 'code_new', 'code_spiking', 'code_gone', 'service_failing', 'service_recovered', 'service_slower', 'service_faster', 'service_busier', 'service_quieter', 'service_silent', 'service_new', 'version_new'] as const;
export type Kind = (typeof KINDS)[number];

export function kindOf(word: string): Kind | null {
  return KINDS.find((one) => one === word) ?? null;
}

/** Whether what is usual at this hour says something of it: an amount, which was there before. */
export function hasUsual(kind: Kind): boolean {
  return kind !== 'service_new' && kind !== 'service_silent' && kind !== 'version_new';
}

/** Bad, worth a look, or good news. */
export function toneOf(kind: Kind | null): 'error' | 'warn' | 'ok' | '' {
  switch (kind) {
    case 'trip':
    case 'code_spiking':
    case 'service_failing':
    case 'service_silent':
      return 'error';
    case 'code_new':
    case 'service_slower':
      return 'warn';
    case 'service_recovered':
    case 'service_faster':
    case 'code_gone':
      return 'ok';
    default:
      return '';
  }
}

/** Page and parameters that show more of a change. */
export function leadsTo(change: Change): [string, Record<string, string | null>] {
  const service = `/services/${encodeURIComponent(change.service)}`;
  if (change.breaker_id) return ['/breakers', { breaker: change.breaker_id, trip: change.time }];
  if (change.kind.startsWith('code_')) return ['/errors', { code: change.subject }];
  return [service, change.kind === 'version_new' ? { tab: 'instances' } : change.kind === 'service_slower' || change.kind === 'service_faster' ? { tab: 'latency' } : {}];
}
