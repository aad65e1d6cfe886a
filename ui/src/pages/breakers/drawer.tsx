// What stands beside the lanes: a breaker, one of its trips, or two of them beside each other.
import { param, setParams } from '../../base/url';
import { CompareTrips } from './compare';
import { OnePanel } from './one';
import { TripPanel } from './trip';

export function BreakerDrawer({ id, trip }: { id: string; trip: string }) {
  const close = () => setParams({ breaker: null, trip: null, with: null }, 'replace');
  if (!trip) return <OnePanel id={id} onClose={close} />;
  const other = param('with');
  return other ? <CompareTrips id={id} at={trip} other={other} onClose={close} /> : <TripPanel id={id} at={trip} onClose={close} />;
}
