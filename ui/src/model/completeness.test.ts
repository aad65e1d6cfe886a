import { expect, test } from 'vitest';
import type { Completeness } from '../base/schema';
import { isWanting, lost, remarks } from './completeness';

const nothing = { requests: 0, put_off: 0, records: 0 };
const of = (more: Partial<Completeness>, dropped: Partial<Completeness['dropped']> = {}) =>
  ({ watermark: null, late: 0, left_out: 0, sampled_out: 0, partial: false, dropped: { since: '2026-09-21T14:00:00Z', ...nothing, service: null, ...dropped }, ...more }) as Completeness;

test('only what is not zero is said', () => {
  expect(remarks(of({}))).toEqual([]);
  expect(remarks(of({ late: 2, sampled_out: 7.4, left_out: 3 }, { requests: 4, put_off: 50, records: 5 }))).toEqual([
    { kind: 'late', n: 2 },
    { kind: 'sampled', n: 7 },
    { kind: 'left_out', n: 3 },
    { kind: 'dropped', n: 9 },
  ]);
});

test('of one service what it lost itself, where that is known', () => {
  const one = of({}, { requests: 4, records: 5, service: { requests: 0, put_off: 6, records: 1 } });
  expect(lost(one)).toEqual({ requests: 0, putOff: 6, records: 1 });
  expect(remarks(one)).toEqual([{ kind: 'dropped', n: 1 }]);
  expect(remarks(of({}, { requests: 4, service: nothing }))).toEqual([]);
});

test('late and sampled records are counted, so nothing is missing', () => {
  expect(isWanting(of({ late: 9, sampled_out: 9 }, { put_off: 9 }))).toBe(false);
  expect(isWanting(of({ partial: true }))).toBe(true);
  expect(isWanting(of({ left_out: 1 }))).toBe(true);
  expect(isWanting(of({}, { requests: 1 }))).toBe(true);
});
