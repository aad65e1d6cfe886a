// The service map as it is drawn: nodes, edges, and the breakers on edges as they were at an instant.
import type { Completeness } from '../base/schema';
import { STATES, isActive, segments, type Row, type State } from './breakers';

export type NodeKind = 'service' | 'database' | 'queue' | 'external';

export interface MapNode {
  id: string;
  name: string;
  kind: NodeKind;
  perSecond: number;
  errorShare: number;
  p95Ns: number | null;
  /** Ids of its breakers whose target is not known. */
  breakers: string[];
  /** What was folded into this node. */
  members?: MapNode[];
}

export interface MapEdge {
  from: string;
  to: string;
  calls: number;
  perSecond: number;
  errorShare: number;
  p95Ns: number | null;
  /** Ids of those that guard it. */
  breakers: string[];
}

export interface ServiceGraph {
  nodes: MapNode[];
  edges: MapEdge[];
}

/** One breaker of an edge, at the instant of the cursor. */
export interface Gate {
  row: Row;
  state: State;
}

/** The state of a lane at a moment, µs after the window's begin. Before its first segment nothing is known. */
export function stateAt(row: Row, us: number, spanUs: number): State {
  let found: State = 'unknown';
  for (const one of segments(row.lane, spanUs)) {
    if (one.from > us) break;
    found = one.state;
  }
  return found;
}

export function edgeKey(edge: Pick<MapEdge, 'from' | 'to'>): string {
  return `${edge.from}\n${edge.to}`;
}

/** Breakers by the edge they guard, the most urgent first. */
export function gates(graph: ServiceGraph, rows: readonly Row[], us: number, spanUs: number): Map<string, Gate[]> {
  return placed(graph.edges.map((edge) => [edgeKey(edge), edge.breakers]), rows, us, spanUs);
}

/** Breakers of which nothing says whom they guard, by the node they belong to. */
export function loose(graph: ServiceGraph, rows: readonly Row[], us: number, spanUs: number): Map<string, Gate[]> {
  return placed(graph.nodes.map((node) => [node.id, node.breakers]), rows, us, spanUs);
}

function placed(places: readonly (readonly [string, readonly string[]])[], rows: readonly Row[], us: number, spanUs: number): Map<string, Gate[]> {
  const known = new Map(rows.map((row) => [row.id, row]));
  const found = new Map<string, Gate[]>();
  for (const [key, ids] of places) {
    const list = ids.flatMap((id) => known.get(id) ?? []).map((row) => ({ row, state: stateAt(row, us, spanUs) }));
    if (list.length) found.set(key, list.sort(worstFirst));
  }
  return found;
}

function worstFirst(a: Gate, b: Gate): number {
  return STATES.indexOf(a.state) - STATES.indexOf(b.state) || b.row.refused - a.row.refused;
}

/** What is within `depth` calls of a node, in either direction. */
export function around(graph: ServiceGraph, id: string, depth: number): ServiceGraph {
  const inside = new Set([id]);
  for (const [here, there] of [
    ['from', 'to'],
    ['to', 'from'],
  ] as const) {
    let edge = new Set([id]);
    for (let step = 0; step < depth; step++) {
      edge = new Set(graph.edges.filter((one) => edge.has(one[here])).map((one) => one[there]));
      for (const one of edge) inside.add(one);
    }
  }
  return { nodes: graph.nodes.filter((node) => inside.has(node.id)), edges: graph.edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to)) };
}

/** At most so many nodes, those with the most calls; more are no map any more. */
export function busiest(graph: ServiceGraph, most: number): { graph: ServiceGraph; hidden: number } {
  if (graph.nodes.length <= most) return { graph, hidden: 0 };
  const nodes = [...graph.nodes].sort((a, b) => b.perSecond - a.perSecond).slice(0, most);
  const kept = new Set(nodes.map((node) => node.id));
  return { graph: { nodes, edges: graph.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)) }, hidden: graph.nodes.length - most };
}

/** The node that bare addresses are folded into. */
export const ADDRESSES = 'external:addresses';

/** An IPv4 or IPv6 address, with a port or without: a pod or a host that nobody gave a name. */
export function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}(:\d+)?$/.test(name) || /^\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*\]?(:\d+)?$/i.test(name);
}

/** Addresses without a name as one node, with the calls to all of them; one alone stays itself. */
export function foldAddresses(graph: ServiceGraph, name: (count: number) => string): ServiceGraph {
  const members = graph.nodes.filter((node) => node.kind === 'external' && isAddress(node.name));
  if (members.length < 2) return graph;
  const inside = new Set(members.map((node) => node.id));
  const end = (id: string) => (inside.has(id) ? ADDRESSES : id);
  const edges = new Map<string, MapEdge>();
  for (const edge of graph.edges) {
    const moved = { ...edge, from: end(edge.from), to: end(edge.to) };
    const known = edges.get(edgeKey(moved));
    edges.set(edgeKey(moved), known ? together(known, moved) : moved);
  }
  const node = members.map(({ perSecond, errorShare, p95Ns, breakers }) => ({ perSecond, errorShare, p95Ns, breakers })).reduce(sum);
  return { nodes: [...graph.nodes.filter((one) => !inside.has(one.id)), { id: ADDRESSES, name: name(members.length), kind: 'external', ...node, members }], edges: [...edges.values()] };
}

type Load = Pick<MapNode, 'perSecond' | 'errorShare' | 'p95Ns' | 'breakers'>;

function sum(a: Load, b: Load): Load {
  const perSecond = a.perSecond + b.perSecond;
  return {
    perSecond,
    errorShare: perSecond > 0 ? (a.errorShare * a.perSecond + b.errorShare * b.perSecond) / perSecond : Math.max(a.errorShare, b.errorShare),
    // Of the slowest: quantiles cannot be added up.
    p95Ns: a.p95Ns === null ? b.p95Ns : Math.max(a.p95Ns, b.p95Ns ?? 0),
    breakers: [...new Set([...a.breakers, ...b.breakers])],
  };
}

function together(a: MapEdge, b: MapEdge): MapEdge {
  return { ...a, ...sum(a, b), calls: a.calls + b.calls };
}

/** 1 to 6 px, by the logarithm of the rate. */
export function thickness(perSecond: number, most: number): number {
  if (perSecond <= 0 || most <= 0) return 1;
  return 1 + 5 * Math.min(1, Math.log10(1 + perSecond) / Math.log10(1 + most));
}

/** Failing shares, as people are warned of them. */
export function tone(errorShare: number): 'ok' | 'warn' | 'error' {
  return errorShare >= 0.05 ? 'error' : errorShare >= 0.01 ? 'warn' : 'ok';
}

export function worst(list: readonly Gate[]): State {
  return list[0]?.state ?? 'unknown';
}

export function anyActive(list: readonly Gate[]): boolean {
  return list.some((gate) => isActive(gate.state));
}

/** What has to be laid out again: names and edges, not numbers. */
export function shapeKey(graph: ServiceGraph): string {
  return JSON.stringify([graph.nodes.map((node) => node.id).sort(), graph.edges.map(edgeKey).sort()]);
}

interface GraphBreaker {
  id: string;
  name: string;
  state: string;
}

interface Numbers {
  calls: number;
  calls_per_s: number;
  errors: number;
  error_share: number;
  p95_ns: number | null;
}

/** What the server says. */
export interface GraphAnswer {
  nodes: (Numbers & { id: string; kind: string; name: string; system: string | null; breakers: GraphBreaker[] })[];
  edges: (Numbers & { from: string; to: string; protocol: string | null; breakers: GraphBreaker[] })[];
  /** Calls of which nothing says whom they reach. */
  unlinked: number;
  completeness?: Completeness;
  meta?: unknown;
}

const KINDS = new Set<string>(['service', 'database', 'queue', 'external']);

export function graphOf(answer: GraphAnswer): ServiceGraph {
  const ids = (breakers: readonly GraphBreaker[]) => breakers.map((one) => one.id);
  return {
    nodes: answer.nodes.map((node) => ({ id: node.id, name: node.name, kind: (KINDS.has(node.kind) ? node.kind : 'external') as NodeKind, perSecond: node.calls_per_s, errorShare: node.error_share, p95Ns: node.p95_ns, breakers: ids(node.breakers) })),
    edges: answer.edges.map((edge) => ({ from: edge.from, to: edge.to, calls: edge.calls, perSecond: edge.calls_per_s, errorShare: edge.error_share, p95Ns: edge.p95_ns, breakers: ids(edge.breakers) })),
  };
}

/** Whom failures of a node hurt. */
export interface BlastAnswer {
  target: string;
  traces: number;
  traces_failed: number;
  traces_spared: number;
  callers: { service: string; distance: number; reached: number; failed: number; requests: number; share: number }[];
  entry_points: { service: string; operation: string; reached: number; failed: number }[];
}

/** Ids of nodes that are hurt, with the share of their requests; the target itself is in it. */
export function hurtNodes(graph: ServiceGraph, blast: BlastAnswer): Map<string, number> {
  const shares = new Map(blast.callers.map((caller) => [caller.service, caller.share]));
  const found = new Map<string, number>();
  for (const node of graph.nodes) {
    const share = node.kind === 'service' ? shares.get(node.name) : undefined;
    if (share !== undefined) found.set(node.id, share);
    else if (node.name === blast.target) found.set(node.id, 1);
  }
  return found;
}
