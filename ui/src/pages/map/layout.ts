// Asks the worker for places. While a new layout is on its way the old one stays: a map must not jump because numbers changed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { shapeKey, type ServiceGraph } from '../../model/map';
import type { Ask, Laid } from './layout.worker';

export const NODE_WIDTH = 168;
export const NODE_HEIGHT = 46;

export function useLayout(graph: ServiceGraph): Laid | null {
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);
  const [laid, setLaid] = useState<Laid | null>(null);
  useEffect(() => {
    const own = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    own.onmessage = (event: MessageEvent<Laid>) => event.data.ask === asked.current && setLaid(event.data);
    worker.current = own;
    return () => own.terminate();
  }, []);
  useEffect(() => {
    const ask: Ask = { ask: ++asked.current, nodes: graph.nodes.map(({ id }) => ({ id, width: NODE_WIDTH, height: NODE_HEIGHT })), edges: graph.edges.map(({ from, to }) => ({ from, to })) };
    worker.current?.postMessage(ask);
  }, [shapeKey(graph)]);
  return laid;
}
