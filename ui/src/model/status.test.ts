import { expect, it } from 'vitest';
import type { DataLink, SenderDoor, Status } from '../base/schema';
import { damageOf, droppedOf, perSecond, rates, refusedOf, signalOf, troubledFirst, troubles } from './status';

const door = (more: Partial<SenderDoor>) => ({ transport: 'grpc', signal: 'traces', records_per_s: 0, refused: [], ...more }) as SenderDoor;

it('what arrives now is the sum over all doors of a signal', () => {
  const doors = [door({ records_per_s: 2 }), door({ transport: 'http', records_per_s: 3 }), door({ signal: 'logs', records_per_s: 7 }), door({ signal: 'none', records_per_s: 9 })];
  expect(perSecond(doors)).toMatchObject({ traces: 5, logs: 7, metrics: 0 });
});

it('requests are refused for several reasons', () => {
  expect(refusedOf(door({ refused: [{ reason: 'too_large', requests: 2, is_final: true }, { reason: 'disk_full', requests: 5, is_final: false }] }))).toBe(7);
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

it('trouble of disk, log and compaction is told while the server is ready', () => {
  const well = { compaction: { debt_blocks: 3 }, disk: { free_bytes: 9, needed_bytes: 5, total_bytes: 10 }, unflushed_age_ms: 20_000, flush_failures: 1 };
  const check = (storage: object, ready: boolean, expected: string[]) => expect(troubles({ ready, reasons: ready ? [] : ['the server is stopping'], storage: { ...well, ...storage } as Status['storage'] }).map((one) => one.kind)).toEqual(expected);
  check({}, true, []);
  check({}, false, ['refuses']);
  check({ disk: { free_bytes: 4, needed_bytes: 5, total_bytes: 10 } }, true, ['disk']);
  check({ disk: null, unflushed_age_ms: 700_000 }, true, ['waiting']);
  check({ compaction: { debt_blocks: 501 } }, true, ['compaction']);
});

it('links that do not work stand first, then those that lost something, then those that wait', () => {
  const link = (name: string, more: Partial<DataLink> = {}) => ({ kind: 'file', name, of: '', is_up: true, records: 1, dropped: [], ...more }) as DataLink;
  const lost = [{ reason: 'too_long', records: 2 }, { reason: 'queue_full', records: 3 }];
  const links = [link('well'), link('waits', { lag_bytes: 9 }), link('loses', { dropped: lost }), link('down', { is_up: false }), link('well too')];
  expect(troubledFirst(links).map((one) => one.name)).toEqual(['down', 'loses', 'waits', 'well', 'well too']);
  expect(droppedOf({ dropped: lost })).toBe(5);
});

it('damage is told by what of the data it touches', () => {
  const block = (table: string, path: string, rows: number, first: string, last: string) => ({ table, path, rows, first, last, since: last, reason: 'bad magic' });
  const damaged = [block('spans', 'a', 5, '2026-09-21T10:00:00Z', '2026-09-21T11:00:00Z'), block('logs', 'b', 7, '2026-09-21T09:00:00Z', '2026-09-21T10:30:00Z'), block('spans', 'c', 1, '2026-09-21T12:00:00Z', '2026-09-21T12:10:00Z')];
  expect(damageOf({ damaged_blocks: 0, damaged: [] })).toBeNull();
  expect(damageOf({ damaged_blocks: 23, damaged })).toEqual({ blocks: 23, more: 20, rows: 13, tables: ['logs', 'spans'], first: '2026-09-21T09:00:00Z', last: '2026-09-21T12:10:00Z' });
});
