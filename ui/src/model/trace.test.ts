import { describe, expect, it } from 'vitest';
import type { ColumnarTrace } from '../base/schema';
import answer from '../../../query/tests/it/contract/answers/trace_columnar.json';
import { ancestors, criticalBySpan, decodeTrace, deeperThan, nextError, origins, placeOf, repeatsFrom, rowOf, rowsOf, spanId, textFilter, windowOf, withAncestors } from './trace';

const id = (at: number) => at.toString(16).padStart(16, '0');

/** Spans as `depth name status` in tree order, 1 ms apart. */
function trace(lines: string[]): ColumnarTrace {
  const spans = lines.map((line) => line.split(' ') as [string, string, string?]);
  const names = [...new Set(spans.map(([, name]) => name))];
  const parent: number[] = [];
  const open: number[] = [];
  spans.forEach(([depth], at) => {
    open.length = Number(depth);
    parent.push(open.at(-1) ?? -1);
    open.push(at);
  });
  const each = <T>(value: (at: number) => T) => spans.map((_, at) => value(at));
  return {
    trace_id: 'ab'.repeat(16),
    t0_ns: '1790000000000000000',
    duration_ns: spans.length * 1_000_000,
    span_count: spans.length,
    remaining: 0,
    truncated: false,
    collapsed: [],
    services: ['shop'],
    names,
    spans: {
      span_ids: each((at) => id(at)).join(''),
      depth: spans.map(([depth]) => Number(depth)),
      parent,
      start_us: each((at) => at * 1000),
      duration_us: each(() => 1000),
      service: each(() => 0),
      name: spans.map(([, name]) => names.indexOf(name)),
      kind: each(() => 1),
      status_code: spans.map(([, , status]) => (status === 'error' ? 2 : 0)),
      flags: each(() => 0),
    },
  } as unknown as ColumnarTrace;
}

const shown = (more = {}) => ({ collapsed: new Set<number>(), unfolded: new Set<number>(), foldRepeats: true, ...more });
const shop = () => decodeTrace(trace(['0 web', '1 cart', '2 get', '2 get', '2 get', '2 get', '2 get', '1 pay error', '2 charge error', '1 log']));

describe('decoding', () => {
  it('takes the answer the server really gives', () => {
    const model = decodeTrace(answer as unknown as ColumnarTrace);
    expect([model.n, model.errors, model.roots, [...model.end]]).toEqual([2, 1, 1, [2, 2]]);
    expect([spanId(model, 1), placeOf(model, '00f067aa0ba90002'), placeOf(model, '0000000000000000')]).toEqual(['00f067aa0ba90002', 1, -1]);
  });
  it('knows where subtrees end', () => {
    expect([...shop().end]).toEqual([10, 7, 3, 4, 5, 6, 7, 9, 9, 10]);
  });
  it('takes a trace without a root, and two roots', () => {
    const model = decodeTrace(trace(['0 a', '0 b', '1 c']));
    expect([model.roots, [...model.end]]).toEqual([2, [1, 3, 3]]);
  });
});

describe('rows', () => {
  it('folds repeats', () => {
    const model = shop();
    const rows = rowsOf(model, shown());
    expect([...rows.span]).toEqual([0, 1, 2, 7, 8, 9]);
    expect([...rows.fold]).toEqual([1, 1, 5, 1, 1, 1]);
    expect(repeatsFrom(model, 2)).toBe(5);
  });
  it.each([
    [0, 0],
    [2, 2],
    [6, 2],
    [7, 3],
    [9, 5],
  ])('span %i stands in row %i, also when it is folded into one', (at, row) => {
    expect(rowOf(rowsOf(shop(), shown()), at)).toBe(row);
  });
  it('a span that is hidden has no row', () => {
    expect(rowOf(rowsOf(shop(), shown({ collapsed: new Set([7]) })), 8)).toBe(-1);
  });
  it('unfolds them again, or never folds', () => {
    expect([...rowsOf(shop(), shown({ unfolded: new Set([2]) })).span]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rowsOf(shop(), shown({ foldRepeats: false })).span.length).toBe(10);
  });
  it('hides what is below a collapsed span', () => {
    expect([...rowsOf(shop(), shown({ collapsed: new Set([1, 7]) })).span]).toEqual([0, 1, 7, 9]);
    expect([...rowsOf(shop(), shown({ collapsed: deeperThan(shop(), 1) })).span]).toEqual([0, 1, 7, 9]);
  });
  it('a filter keeps ancestors', () => {
    const model = shop();
    const { keep, found } = withAncestors(model, textFilter(model, 'CHARGE'));
    expect(found).toBe(1);
    expect([...rowsOf(model, shown({ keep })).span]).toEqual([0, 7, 8]);
    expect(ancestors(model, 8)).toEqual([7, 0]);
  });
});

describe('errors', () => {
  it('are walked around', () => {
    const model = shop();
    expect([nextError(model, -1, 1), nextError(model, 7, 1), nextError(model, 8, 1), nextError(model, 7, -1)]).toEqual([7, 8, 7, 8]);
    expect(nextError(decodeTrace(trace(['0 a'])), -1, 1)).toBe(-1);
  });
  it('are born where nothing below fails', () => {
    expect(origins(shop())).toEqual([8]);
  });
});

it('the critical path lies on its spans', () => {
  const path = criticalBySpan(shop(), { span_ids: id(0) + id(7) + id(0) + id(99), from_ns: [0, 1000, 2000, 0], to_ns: [1000, 2000, 3000, 1] });
  expect([...path]).toEqual([
    [0, [0, 1, 2, 3]],
    [7, [1, 2]],
  ]);
});

it('fifty thousand spans become rows without a pause', () => {
  const lines = ['0 root', ...Array.from({ length: 49_999 }, (_, at) => `${1 + (at % 5)} op${at % 7}`)];
  const model = decodeTrace(trace(lines));
  expect(rowsOf(model, shown()).span.length).toBe(50_000);
});

it.each<[string, [number, number]]>([
  ['', [0, 1000]],
  ['250-500', [250, 500]],
  ['250-5000', [250, 1000]],
  ['-500', [0, 1000]],
  ['500-250', [0, 1000]],
  ['a-b', [0, 1000]],
  ['2000-3000', [0, 1000]],
])('the window %j of a link', (text, expected) => expect(windowOf(text, 1000)).toEqual(expected));
