// Where nodes and edges go: layers from callers to callees, by dagre. In a worker, so that a large map does not hold up the page.
import { Graph, layout } from '@dagrejs/dagre';

export interface Ask {
  ask: number;
  nodes: { id: string; width: number; height: number }[];
  edges: { from: string; to: string }[];
}

export interface Laid {
  ask: number;
  width: number;
  height: number;
  nodes: { id: string; x: number; y: number }[];
  edges: { from: string; to: string; points: { x: number; y: number }[] }[];
}

addEventListener('message', (event: MessageEvent<Ask>) => {
  const { ask, nodes, edges } = event.data;
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 84, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  // A service that calls itself has no place between two layers.
  for (const { from, to } of edges) if (from !== to) graph.setEdge(from, to);
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const place = (id: string) => graph.node(id) as { x: number; y: number };
  const laid: Laid = {
    ask,
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: nodes.map(({ id }) => ({ id, x: place(id).x, y: place(id).y })),
    edges: edges.filter(({ from, to }) => from !== to).map(({ from, to }) => ({ from, to, points: (graph.edge(from, to) as { points: { x: number; y: number }[] }).points })),
  };
  postMessage(laid);
});
