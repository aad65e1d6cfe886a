import { expect, test } from 'vitest';
import type { Row } from './breakers';
import { ADDRESSES, around, busiest, edgeKey, foldAddresses, gates, hurtNodes, isAddress, loose, stateAt, thickness, type BlastAnswer, type ServiceGraph } from './map';

const node = (id: string, perSecond = 1) => ({ id, name: id, kind: 'service' as const, perSecond, errorShare: 0, p95Ns: null, breakers: [] as string[] });
const edge = (from: string, to: string) => ({ from, to, calls: 1, perSecond: 1, errorShare: 0, p95Ns: null, breakers: [] as string[] });
const CHAIN: ServiceGraph = { nodes: [node('web', 9), node('order', 5), node('pay', 3), node('bank', 1), node('alone', 0)], edges: [edge('web', 'order'), edge('order', 'pay'), edge('pay', 'bank')] };
const row = (service: string, targets: string[], lane: Partial<Row['lane']> = {}) => ({ id: `${service}>${targets}`, service, targets, refused: 0, lane: { start_us: [10, 50], state: ['open', 'closed'], open_fraction: [1, 0], ...lane } }) as unknown as Row;

test('the state of a lane at a moment', () => {
  const one = row('order', ['pay']);
  const check = (us: number, expected: string) => expect(stateAt(one, us, 100)).toBe(expected);
  check(0, 'unknown');
  check(10, 'open');
  check(49, 'open');
  check(50, 'closed');
  check(100, 'closed');
});

test('breakers stand on the edge they guard, or at their service', () => {
  const rows = [row('order', ['pay']), { ...row('order', ['stock'], { start_us: [0], state: ['closed'], open_fraction: [0] }) }, row('pay', [])];
  const guarded: ServiceGraph = { nodes: CHAIN.nodes.map((one) => (one.id === 'pay' ? { ...one, breakers: ['pay>', 'unheard'] } : one)), edges: CHAIN.edges.map((one) => (one.to === 'pay' ? { ...one, breakers: ['order>stock', 'order>pay'] } : one)) };
  const on = gates(guarded, rows, 20, 100);
  expect([...on.keys()]).toEqual([edgeKey(edge('order', 'pay'))]);
  expect(on.get(edgeKey(edge('order', 'pay')))!.map((gate) => gate.state)).toEqual(['open', 'closed']);
  expect([...loose(guarded, rows, 20, 100)].map(([id, list]) => [id, list.length])).toEqual([['pay', 1]]);
});

test('whom a failure hurts', () => {
  const blast: BlastAnswer = { target: 'pay', traces: 4, traces_failed: 3, traces_spared: 1, callers: [{ service: 'order', distance: 1, reached: 3, failed: 2, requests: 4, share: 0.5 }], entry_points: [] };
  expect([...hurtNodes(CHAIN, blast)]).toEqual([
    ['order', 0.5],
    ['pay', 1],
  ]);
});

test('around a node, both ways', () => {
  const check = (id: string, depth: number, expected: string[]) => expect(around(CHAIN, id, depth).nodes.map((one) => one.id)).toEqual(expected);
  check('order', 1, ['web', 'order', 'pay']);
  check('bank', 2, ['order', 'pay', 'bank']);
  check('alone', 3, ['alone']);
  // A caller's other callees are not around: they are neither above nor below.
  expect(around({ nodes: CHAIN.nodes, edges: [edge('web', 'order'), edge('web', 'alone')] }, 'order', 2).nodes.map((one) => one.id)).toEqual(['web', 'order']);
});

test('the busiest are kept, with the edges among them', () => {
  const { graph, hidden } = busiest(CHAIN, 2);
  expect(graph.nodes.map((one) => one.id)).toEqual(['web', 'order']);
  expect(graph.edges).toHaveLength(1);
  expect(hidden).toBe(3);
  expect(busiest(CHAIN, 5).hidden).toBe(0);
});

test('thickness grows with the logarithm', () => {
  expect(thickness(0, 100)).toBe(1);
  expect(thickness(100, 100)).toBe(6);
  expect(thickness(9, 99)).toBeCloseTo(3.5, 5);
});

test.each([
  ['10.244.1.205', true],
  ['10.244.1.205:8080', true],
  ['fd00:10:244::5', true],
  ['[fd00::1]:9000', true],
  ['::1', true],
  ['v2', false],
  ['user.v1.User', false],
  ['redis:6379', false],
  ['api.acquirer-gateway.com', false],
])('%s is an address: %s', (name, expected) => expect(isAddress(name)).toBe(expected));

test('addresses without a name are one node, with the calls to all of them', () => {
  const host = (name: string, perSecond: number, errorShare: number) => ({ ...node(name, perSecond), kind: 'external' as const, errorShare, p95Ns: perSecond * 1e6 });
  const call = (from: string, to: string, calls: number, errorShare: number) => ({ ...edge(from, to), calls, perSecond: calls, errorShare, breakers: [`${from}>${to}`] });
  const graph: ServiceGraph = { nodes: [node('web'), node('pay'), host('10.0.0.1', 3, 0), host('10.0.0.2', 1, 0.4)], edges: [call('web', '10.0.0.1', 3, 0), call('web', '10.0.0.2', 1, 0.4), call('pay', '10.0.0.2', 5, 0)] };
  const folded = foldAddresses(graph, (count) => `${count} addresses`);
  expect(folded.nodes.map((one) => one.name)).toEqual(['web', 'pay', '2 addresses']);
  const hosts = folded.nodes.at(-1)!;
  expect([hosts.id, hosts.perSecond, hosts.errorShare, hosts.p95Ns, hosts.members?.length]).toEqual([ADDRESSES, 4, 0.1, 3e6, 2]);
  expect(folded.edges.map((one) => [one.from, one.to, one.calls, one.errorShare, one.breakers.length])).toEqual([
    ['web', ADDRESSES, 4, 0.1, 2],
    ['pay', ADDRESSES, 5, 0, 1],
  ]);
});

test('one address alone stays itself', () => {
  const graph: ServiceGraph = { nodes: [node('web'), { ...node('10.0.0.1'), kind: 'external' }], edges: [edge('web', '10.0.0.1')] };
  expect(foldAddresses(graph, String)).toBe(graph);
});
