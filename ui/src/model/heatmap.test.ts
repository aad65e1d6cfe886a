import { expect, test } from 'vitest';
import { boxOf, byTime, moved, selected, strength, type HeatmapAnswer } from './heatmap';

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

test('what each stretch of time has, for whoever sees no picture', () => {
  const answer = { ...ANSWER, cells: { row: [2, 0, 1], bucket: [3, 3, 0], spans: [2, 5, 7], errors: [2, 0, 1] } };
  expect(byTime(answer)).toEqual([
    { start: 1000, end: 1500, minNs: 20, maxNs: 40, spans: 7, errors: 1 },
    { start: 2500, end: 3000, minNs: 10, maxNs: 80, spans: 7, errors: 2 },
  ]);
});

test('keys move a box, or make it larger', () => {
  const check = (key: string, grow: boolean, bucket: [number, number], row: [number, number]) => expect(moved({ bucket: [1, 2], row: [1, 1] }, key, grow, 4, 3)).toEqual({ bucket, row });
  check('ArrowRight', false, [3, 3], [1, 1]);
  check('ArrowRight', true, [1, 3], [1, 1]);
  check('ArrowLeft', true, [1, 1], [1, 1]);
  check('ArrowUp', false, [2, 2], [2, 2]);
  check('ArrowDown', true, [1, 2], [1, 1]);
  expect(moved({ bucket: [3, 3], row: [0, 0] }, 'ArrowRight', false, 4, 3)).toEqual({ bucket: [3, 3], row: [0, 0] });
  expect(moved(null, 'ArrowUp', false, 4, 3)).toEqual({ bucket: [2, 2], row: [1, 1] });
  expect(moved(null, 'x', false, 4, 3)).toBeNull();
});
