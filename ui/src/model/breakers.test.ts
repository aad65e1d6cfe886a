import { expect, it } from 'vitest';
import { activeAt, density, group, level, neighbour, openings, segments, stateOf, subtitleOf, titleOf, type Lane, type Row } from './breakers';

const lane: Lane = { start_us: [0, 100, 150, 200, 400], state: ['closed', 'open', 'half_open', 'closed', 'unknown'], open_fraction: [0, 1, 0.5, 0, 0] };
const row = (more: Partial<Row>) => ({ service: 'order', targets: ['pay'], state: 'closed', lane, ...more }) as Row;

it('the last stretch ends with the window', () => {
  expect(segments(lane, 500).map((one) => [one.from, one.to, one.state])).toEqual([
    [0, 100, 'closed'],
    [100, 150, 'open'],
    [150, 200, 'half_open'],
    [200, 400, 'closed'],
    [400, 500, 'unknown'],
  ]);
});

it('a trip is one stretch of open and half open', () => {
  const all = segments(lane, 500);
  expect(openings(all)).toEqual([100]);
  expect([activeAt(all, 160), activeAt(all, 99), activeAt(all, 450)]).toEqual([{ from: 100, to: 200 }, null, null]);
  const begun = segments({ start_us: [0, 50], state: ['open', 'closed'], open_fraction: [1, 0] }, 100);
  expect(openings(begun)).toEqual([]);
});

it('from trip to trip within a lane', () => {
  const all = segments({ start_us: [0, 10, 20, 40, 60, 80], state: ['closed', 'open', 'closed', 'open', 'half_open', 'closed'], open_fraction: [] }, 100);
  const check = (us: number | null, by: 1 | -1, expected: number | undefined) => expect(neighbour(all, us, by)?.from).toBe(expected);
  check(null, 1, 10);
  check(null, -1, 40);
  check(15, 1, 40);
  check(50, 1, undefined);
  check(50, -1, 10);
  check(15, -1, undefined);
});

it('what nobody knows is unknown, never closed', () => {
  expect(stateOf('something_new')).toBe('unknown');
});

it('groups keep the order of cost and show their worst state', () => {
  const groups = group([row({ targets: ['pay'] }), row({ targets: ['stock'], state: 'shedding' }), row({ targets: ['pay'], state: 'open' })], 'target');
  expect(groups.map((one) => [one.name, one.rows.length, one.worst])).toEqual([
    ['pay', 2, 'open'],
    ['stock', 1, 'shedding'],
  ]);
  expect(group([row({})], 'none')).toHaveLength(1);
});

it('trips over time', () => {
  expect(density([row({}), row({})], 500, 5)).toEqual([0, 2, 0, 0, 0]);
});

it('evidence has levels', () => {
  expect(['explicit', 'counter', 'onehot', 'enum_gauge', 'rejection_burst', 'gap_fill'].map(level)).toEqual(['exact', 'counted', 'sampled', 'sampled', 'inferred', 'inferred']);
});

it('a breaker is called by whom it guards', () => {
  const check = (targets: string[], name: string, title: string, subtitle: string) => expect([titleOf({ service: 'order', targets, name }), subtitleOf({ targets, name, framework: 'kratos' })]).toEqual([title, subtitle]);
  check(['pay'], 'Charge', 'order › pay', 'Charge · kratos');
  check(['pay'], 'pay', 'order › pay', 'kratos');
  check([], 'acquirer', 'order › acquirer', 'kratos');
  check([], 'op:/v2/charges', 'order', '/v2/charges · kratos');
});
