import { expect, test } from 'vitest';
import { kindOf, leadsTo, toneOf, type Change } from './overview';

const change = (more: Partial<Change>): Change => ({ kind: 'trip', service: 'order', subject: 'pay', breaker_id: null, time: null, now: 1, before: 0, yesterday: null, surprise: 5, ...more });

test('every change leads somewhere', () => {
  const check = (more: Partial<Change>, expected: [string, object]) => expect(leadsTo(change(more))).toEqual(expected);
  check({ breaker_id: 'b1', time: '2026-01-01T00:00:00Z' }, ['/breakers', { breaker: 'b1', trip: '2026-01-01T00:00:00Z' }]);
  check({ kind: 'code_new', subject: '5001003' }, ['/errors', { code: '5001003' }]);
  check({ kind: 'service_slower', service: 'a b' }, ['/services/a%20b', { tab: 'latency' }]);
  check({ kind: 'something_else' }, ['/services/order', {}]);
});

test('a kind that is not known is neither good nor bad', () => {
  expect([kindOf('trip'), kindOf('later')]).toEqual(['trip', null]);
  expect([toneOf('trip'), toneOf('service_recovered'), toneOf('service_busier'), toneOf(null)]).toEqual(['error', 'ok', '', '']);
});
