import { expect, it } from 'vitest';
import { codesBelow, factor, icicle, isWanted, stack, type CodeRow, type TreeNode } from './errors';

const tree: TreeNode[] = [
  { name: '50', count: 8, children: [{ name: '01', count: 8, children: [{ name: '5001003', count: 6 }, { name: '5001007', count: 2 }] }] },
  { name: '53', count: 2, children: [{ name: '5301010', count: 2 }] },
];
const row = (more: Partial<CodeRow>) => ({ code: '1', count: 1, records: 1, trend: [1, 0], ...more }) as CodeRow;

it('an icicle places children beside their parent', () => {
  const boxes = icicle(tree, 10, 0.01);
  expect(boxes.map((box) => [box.path.join('/'), box.depth, box.from, box.share])).toEqual([
    ['50', 0, 0, 0.8],
    ['50/01', 1, 0, 0.8],
    ['50/01/5001003', 2, 0, 0.6],
    ['50/01/5001007', 2, 0.6, 0.2],
    ['53', 0, 0.8, 0.2],
    ['53/5301010', 1, 0.8, 0.2],
  ]);
  expect(icicle(tree, 10, 0.5).map((box) => box.node.name)).toEqual(['50', '01', '5001003']);
  expect(icicle([], 0, 0.1)).toEqual([]);
});

it('a node stands for the codes below it', () => {
  expect([...codesBelow(tree, ['50'])!]).toEqual(['5001003', '5001007']);
  expect([...codesBelow(tree, ['50', '01', '5001007'])!]).toEqual(['5001007']);
  expect([codesBelow(tree, []), codesBelow(tree, ['99'])!.size]).toEqual([null, 0]);
});

it('what is rare shares one series', () => {
  const rows = [row({ code: 'a', count: 5, trend: [5, 0] }), row({ code: 'b', count: 2, trend: [1, 1] }), row({ code: 'c', count: 1, trend: [0, 1] })];
  expect(stack(rows, 1)).toEqual([
    { name: 'a', counts: [5, 0] },
    { name: '', counts: [1, 2] },
  ]);
});

it('against usual', () => {
  expect([factor(row({ records: 46, usual: 1 })), factor(row({})), factor(row({ usual: 0 }))]).toEqual([46, null, null]);
});

it.each<[string | undefined, string, string[], boolean]>([
  ['client', '', [], true],
  ['client', 'client', [], true],
  ['client', 'business', [], false],
  ['client', '-client', [], false],
  ['system', '-client', [], true],
  // Nobody knows its class: it is not of one, so leaving one out leaves it.
  [undefined, 'client', [], false],
  [undefined, '-client', [], true],
  ['system', '', ['5001003'], false],
  ['system', '', ['5001'], true],
])('of class %s, wanted %j without %j: %s', (of, wanted, without, expected) => expect(isWanted({ code: '5001003', class: of }, wanted, without)).toBe(expected));
