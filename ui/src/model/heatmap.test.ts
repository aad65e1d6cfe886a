import { expect, test } from 'vitest';
import { boxOf, selected, strength, type HeatmapAnswer } from './heatmap';

const ANSWER: HeatmapAnswer = { t0_ns: '1000000000', width_ms: 500, buckets: 4, bounds_ns: [10, 20, 40, 80], cells: { row: [0, 2, 1], bucket: [0, 3, 1], spans: [5, 2, 7], errors: [0, 2, 1] }, total: 14, not_positive: 0 };

test('a drag is a box, whichever corner it begins at', () => {
  const check = (a: [number, number], b: [number, number]) => expect(boxOf(a, b, 4, 3)).toEqual({ bucket: [1, 3], row: [1, 2] });
  check([0.3, 0.05], [0.99, 0.6]);
  check([0.99, 0.6], [0.3, 0.05]);
  expect(boxOf([1, 1], [1, 1], 4, 3)).toEqual({ bucket: [3, 3], row: [0, 0] });
});

test('a box is times and durations', () => {
  expect(selected(ANSWER, { bucket: [1, 3], row: [1, 2] })).toEqual({ start: 1500, end: 3000, minNs: 20, maxNs: 80, spans: 9, errors: 3 });
  expect(selected(ANSWER, { bucket: [2, 2], row: [0, 0] }).spans).toBe(0);
});

test('one span is seen beside thousands', () => {
  expect(strength(1, 10_000)).toBeGreaterThan(0.15);
  expect(strength(10_000, 10_000)).toBe(1);
});
