// What is wrong now and what changed, the most surprising first. Each line says what it is and where to look.
import { toMs } from '../base/time';
import { isActive, stateOf, subtitleOf, titleOf, type BreakersAnswer } from './breakers';
import type { CodesAnswer } from './errors';
import type { Service } from './traffic';

export interface Happening {
  kind: 'trip' | 'code_new' | 'code_spiking' | 'code_regressed' | 'service_sick';
  at: number;
  title: string;
  detail: string;
  /** Page and parameters. */
  to: [string, Record<string, string>];
  /** Larger is more surprising; units are those of "times as much as usual". */
  surprise: number;
  count: number;
}

export function happenings(breakers: BreakersAnswer | undefined, codes: CodesAnswer | undefined, services: readonly Service[], now: number): Happening[] {
  const found: Happening[] = [];
  for (const row of breakers?.breakers ?? []) {
    if (!row.last_trip || row.trips === 0) continue;
    const at = toMs(row.last_trip.opened.time);
    const fresh = row.trips / Math.max(1, row.trips_before);
    found.push({
      kind: 'trip',
      at,
      title: titleOf(row),
      detail: subtitleOf(row),
      to: ['/breakers', { breaker: row.id, trip: row.last_trip.opened.time }],
      surprise: (isActive(stateOf(row.state)) ? 20 : 5) + Math.min(20, fresh) + Math.log10(1 + row.refused),
      count: row.trips,
    });
  }
  for (const code of codes?.codes ?? []) {
    if (code.status === 'steady' || code.status === 'gone') continue;
    const times = code.usual ? code.records / code.usual : 10;
    found.push({
      kind: `code_${code.status}` as Happening['kind'],
      at: toMs(code.status === 'spiking' ? code.last_seen : code.first_seen),
      title: code.code || code.reason || '',
      detail: code.title || code.message,
      to: ['/errors', { code: code.code }],
      surprise: Math.min(40, times) * (code.records < 30 ? 0.4 : 1),
      count: code.count,
    });
  }
  for (const service of services) {
    if (service.errors < 20 || service.errorShare < 0.05) continue;
    found.push({ kind: 'service_sick', at: now, title: service.name, detail: '', to: [`/services/${encodeURIComponent(service.name)}`, {}], surprise: service.errorShare * 20, count: service.errors });
  }
  return found.sort((a, b) => b.surprise - a.surprise || b.at - a.at);
}
