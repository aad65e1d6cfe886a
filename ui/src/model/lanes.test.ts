import { expect, it } from 'vitest';
import type { Group, Row } from './breakers';
import { HEAD, LANE, inSight, itemOf, layOut, type Item } from './lanes';

const group = (name: string, ...ids: string[]): Group => ({ name, worst: 'closed', rows: ids.map((id) => ({ id }) as Row) });
const name = (item: Item) => (item.kind === 'head' ? item.group.name : item.row.id);

it('a head stands above more than one lane of a name', () => {
  const layout = layOut([group('pay', 'a', 'b'), group('stock', 'c'), group('', 'd', 'e')]);
  expect(layout.chunks.flatMap((chunk) => chunk.items).map((item) => [item.y, name(item)])).toEqual([
    [0, 'pay'],
    [HEAD, 'a'],
    [HEAD + LANE, 'b'],
    [HEAD + 2 * LANE, 'c'],
    [HEAD + 3 * LANE, 'd'],
    [HEAD + 4 * LANE, 'e'],
  ]);
  expect(layout.height).toBe(HEAD + 5 * LANE);
  expect(itemOf(layout, 'c')?.y).toBe(HEAD + 2 * LANE);
  expect(itemOf(layout, 'pay')).toBe(null);
});

it('chunks cover every lane once, and in sight are those that touch the window', () => {
  const ids = Array.from({ length: 20 }, (_, index) => `b${index}`);
  const layout = layOut([group('', ...ids)]);
  expect(layout.chunks.flatMap((chunk) => chunk.items).map(name)).toEqual(ids);
  expect(layout.chunks.map((chunk) => [chunk.y, chunk.high])).toEqual([
    [0, 8 * LANE],
    [8 * LANE, 8 * LANE],
    [16 * LANE, 4 * LANE],
  ]);
  const check = (from: number, to: number, expected: string[]) => expect(inSight(layout, from, to).map((chunk) => name(chunk.items[0]!))).toEqual(expected);
  check(0, 8 * LANE, ['b0']);
  check(0, 8 * LANE + 1, ['b0', 'b8']);
  check(8 * LANE, 9 * LANE, ['b8']);
  check(8 * LANE - 1, layout.height, ['b0', 'b8', 'b16']);
  check(layout.height, layout.height + 100, []);
});
