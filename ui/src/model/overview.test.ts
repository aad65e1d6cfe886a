import { expect, test } from 'vitest';
import { hasUsual, kindOf, leadsTo, toneOf, youngSince, type Change } from './overview';

const change = (more: Partial<Change>): Change => ({ kind: 'trip', service: 'order', subject: 'pay', breaker_id: null, time: null, now: 1, before: 0, yesterday: null, usual: null, surprise: 5, ...more });

test('every change leads somewhere', () => {
  const check = (more: Partial<Change>, expected: [string, object]) => expect(leadsTo(change(more))).toEqual(expected);
  check({ breaker_id: 'b1', time: '2026-01-01T00:00:00Z' }, ['/breakers', { breaker: 'b1', trip: '2026-01-01T00:00:00Z' }]);
  check({ kind: 'code_new', subject: '5001003' }, ['/errors', { code: '5001003' }]);
  check({ kind: 'service_slower', service: 'a b' }, ['/services/a%20b', { tab: 'latency' }]);
  check({ kind: 'something_else' }, ['/services/order', {}]);
});

test('a kind that is not known is neither good nor bad', () => {
  expect([kindOf('trip'), kindOf('later')]).toEqual(['trip', null]);
  expect([hasUsual('trip'), hasUsual('code_new'), hasUsual('service_new')]).toEqual([true, true, false]);
  expect([toneOf('trip'), toneOf('service_recovered'), toneOf('service_busier'), toneOf(null)]).toEqual(['error', 'ok', '', '']);
});

test('a window that begins with silence is young', () => {
  const check = (count: number[], expected: number | null) => expect(youngSince({ buckets: { t0_ns: '1000000000000', width_ms: 1000, count: count.length }, trend: { count, errors: [], p95_ns: [] } })).toBe(expected);
  check([0, 0, 3, 4], 1_002_000);
  check([1, 0, 3, 4], null);
  check([0, 0, 0, 0], null);
  // One empty bucket of many is the edge of the window.
  check([0, ...Array.from({ length: 19 }, () => 1)], null);
});
