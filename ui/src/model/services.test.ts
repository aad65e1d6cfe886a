import { expect, test } from 'vitest';
import { fine, gateCounts, health, replacements, rollouts } from './services';

test('breakers that are not closed come first, and alone', () => {
  const check = (counts: Record<string, number>, expected: string) => expect(gateCounts(counts).map((one) => `${one.state} ${one.n}`).join(', ')).toBe(expected);
  check({ closed: 4, open: 1, shedding: 2 }, 'open 1, shedding 2');
  check({ closed: 4, unknown: 1 }, 'unknown 1, closed 4');
  check({}, '');
  check({ something_new: 1 }, 'unknown 1');
});

test('a version from the beginning on was not rolled out', () => {
  const version = (name: string, first: number) => ({ version: name, spans: 1, first_seen: String(first), last_seen: '' });
  expect(rollouts([version('1', 0), version('2', 600_000), version('', 600_000)], 0, Number)).toEqual([{ at: 600_000, version: '2' }]);
});

test('what succeeded', () => {
  expect(fine({ count: [3, 1], errors: [1, 1], p95_ns: [] })).toEqual([2, 0]);
  expect(['ok', 'warn', 'error', 'odd'].map(health)).toEqual(['ok', 'warn', 'error', 'ok']);
});

test('a version that came after another replaces it', () => {
  const version = (name: string, first: number) => ({ version: name, spans: 1, first_seen: String(first), last_seen: '' });
  const check = (versions: [string, number][], expected: [number, string][]) => expect(replacements(versions.map(([name, first]) => version(name, first)), Number).map(({ at, version }) => [at, version])).toEqual(expected);
  check([['3', 900], ['1', 100], ['2', 500]], [[500, '2'], [900, '3']]);
  check([['1', 100], ['', 500]], []);
  check([], []);
});
