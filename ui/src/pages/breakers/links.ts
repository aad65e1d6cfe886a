// Where a breaker leads to.
import { toMs } from '../../base/time';
import { link } from '../../base/url';
import type { Identity, Trip } from '../../model/breakers';

const iso = (ms: number) => new Date(ms).toISOString();

/** Failed requests of its service: around a trip, or in the range of the page. */
export function tracesOf(breaker: Pick<Identity, 'service'>, trip: Pick<Trip, 'opened' | 'closed'> | null): string {
  const q = `service:"${breaker.service}" AND status:error`;
  if (!trip) return link('/traces', { q });
  const [opened, closed] = [toMs(trip.opened.time), trip.closed ? toMs(trip.closed.time) : null];
  return link('/traces', { start: iso(opened - 30_000), end: iso((closed ?? opened + 60_000) + 5_000), range: null, q });
}

/** Its target on the map, as things were when it opened; null when nobody knows whom it guards. */
export function mapOf(breaker: Pick<Identity, 'targets'>, trip: Pick<Trip, 'opened' | 'closed'>): string | null {
  const [opened, closed] = [toMs(trip.opened.time), trip.closed ? toMs(trip.closed.time) : null];
  if (!breaker.targets[0]) return null;
  return link('/map', { node: breaker.targets[0], at: trip.opened.time, start: iso(opened - 600_000), end: iso(Math.min(Date.now(), (closed ?? opened) + 600_000)) });
}
