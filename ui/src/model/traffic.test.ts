import { expect, it } from 'vitest';
import type { HistogramAnswer } from '../base/schema';
import { health, services } from './traffic';

const histogram = (t0: string, width: number, series: Record<string, number[]>): HistogramAnswer => ({
  t0_ns: t0,
  width_ms: width,
  buckets: Object.values(series)[0]?.length ?? 0,
  total: 0,
  other_values: 0,
  meta: {},
  series: Object.entries(series).map(([value, counts]) => ({ kind: 'value', value, counts, total: 0 })),
});

it('the sick lead, then the busy', () => {
  const all = histogram('0', 1000, { web: [100, 100], pay: [50, 50], cart: [10, 10] });
  const failed = histogram('1000000000', 1000, { pay: [20, 0], cart: [3, 0] });
  const list = services(all, failed);
  expect(list.map((one) => [one.name, one.errors, one.perSecond])).toEqual([
    ['pay', 20, 50],
    ['web', 0, 100],
    ['cart', 3, 10],
  ]);
  expect(list[0]!.errorTrend).toEqual([0, 20]);
  expect(list.map(health)).toEqual(['error', 'ok', 'ok']);
});
