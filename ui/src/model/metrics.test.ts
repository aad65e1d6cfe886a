import { expect, it } from 'vitest';
import type { MetricsRange } from '../base/schema';
import { dots, linesOf, matchers, question, reader, selectorOf, seriesNames, toggled, usual } from './metrics';

const answer = (series: { labels: Record<string, string>; values: unknown[] }[], exemplars: unknown[] = []) => ({ times_ms: [0, 1000], series, exemplars, types: [], meta: {} }) as unknown as MetricsRange;

it('selectors', () => {
  expect(selectorOf('http.server.duration', '')).toBe('{"http.server.duration"}');
  expect(selectorOf('m', ' a="1" ')).toBe('{"m", a="1"}');
  expect(matchers('a="x, y", b=~`1,2`,')).toEqual(['a="x, y"', 'b=~`1,2`']);
  expect(toggled('', 'a', 'x')).toBe('a="x"');
  expect(toggled('a="x", b="y"', 'a', 'z')).toBe('b="y", a="z"');
  expect(toggled('b="y", a="z"', 'a', 'z')).toBe('b="y"');
});

it('questions', () => {
  const shown = { metric: 'm', where: '', fn: '', agg: '', by: '', of: '' };
  expect(question(shown)).toEqual({ selector: '{"m"}' });
  expect(question({ ...shown, of: '0.99', agg: 'sum', by: 'a,b' })).toEqual({ selector: '{"m"}', quantile: '0.99', exemplars: 'true', agg: 'sum', by: 'a,b' });
  expect(question({ ...shown, of: 'avg', fn: 'increase' })).toEqual({ selector: '{"m"}', of: 'avg', function: 'increase' });
  expect(usual({ type: 'histogram' })).toEqual({ of: '0.95', agg: 'sum', by: 'service_name' });
  expect(usual({ type: 'gauge' })).toEqual({ of: '', agg: '', by: '' });
});

it('names say what sets series apart', () => {
  expect(seriesNames([{ s: 'pay', pod: 'p1' }, { s: 'pay', pod: 'p2' }])).toEqual(['p1', 'p2']);
  expect(seriesNames([{ pod: 'p1', host: 'h1', r: '/a' }, { pod: 'p2', host: 'h2', r: '/a' }, { pod: 'p1', host: 'h1', r: '/b' }])).toEqual(['p1 · /a', 'p2 · /a', 'p1 · /b']);
  expect(seriesNames([{}])).toEqual(['Σ']);
});

it('lines and dots', () => {
  const shown = answer([{ labels: { s: 'a' }, values: [1, 'NaN'] }], [
    { series: 0, time: '1970-01-01T00:00:00.500000000Z', value: 0.54, trace_id: 't1' },
    { series: 0, time: '1970-01-01T00:00:00.500000000Z', value: 9, trace_id: 't2' },
    { series: 0, time: '1970-01-01T00:00:09.000000000Z', value: 1, trace_id: 'later' },
  ]);
  const lines = linesOf(shown);
  expect(lines.lines[0]!.values).toEqual([1, null]);
  expect(dots(shown, lines, [0, 1000]).map((dot) => [dot.trace, dot.x, dot.y, dot.above])).toEqual([
    ['t1', 0.5, 0.5, false],
    ['t2', 0.5, 1, true],
  ]);
});

it('units', () => {
  expect(reader('s', false)(0.0125)).toBe('12.5 ms');
  expect(reader('By', true)(2048)).toBe('2.00 KiB/s');
  expect(reader('1', false)(0.25)).toBe('25 %');
  expect(reader('{order}', false)(20_000)).toBe('20.0k');
});
