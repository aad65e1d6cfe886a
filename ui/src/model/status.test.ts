import { expect, it } from 'vitest';
import type { SenderDoor } from '../base/schema';
import { perSecond, rates, refusedOf, signalOf } from './status';

const door = (more: Partial<SenderDoor>) => ({ transport: 'grpc', signal: 'traces', records_per_s: 0, refused: [], ...more }) as SenderDoor;

it('what arrives now is the sum over all doors of a signal', () => {
  const doors = [door({ records_per_s: 2 }), door({ transport: 'http', records_per_s: 3 }), door({ signal: 'logs', records_per_s: 7 }), door({ signal: 'none', records_per_s: 9 })];
  expect(perSecond(doors)).toMatchObject({ traces: 5, logs: 7, metrics: 0 });
});

it('requests are refused for several reasons', () => {
  expect(refusedOf(door({ refused: [{ reason: 'too_large', requests: 2 }, { reason: 'disk_full', requests: 5 }] }))).toBe(7);
  expect(refusedOf(door({}))).toBe(0);
});

it('a sender has figures only of what it sends', () => {
  const sender = { signals: [{ signal: 'logs', records: 3, records_per_s: 1 }] };
  expect([signalOf(sender, 'logs')?.records, signalOf(sender, 'traces')]).toEqual([3, null]);
});

it('a restart is no negative rate', () => {
  const sample = (at: number, traces: number) => ({ at, traces, logs: 0, metrics: 0, rejected: 0 });
  expect(rates([sample(0, 10), sample(2000, 30), sample(4000, 5)]).map((one) => one?.traces ?? null)).toEqual([10, null]);
});
