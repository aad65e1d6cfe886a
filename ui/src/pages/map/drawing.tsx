// The map itself: one SVG that can be moved and zoomed. Every node is a button; the edges are told again in the table.
import { useEffect, useRef, useState } from 'preact/hooks';
import { percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { stateName } from '../../components/breakerwords';
import { IconButton } from '../../components/parts';
import { GLYPHS, STATE_COLOURS, isActive } from '../../model/breakers';
import { anyActive, edgeKey, thickness, tone, worst, type Gate, type MapEdge, type MapNode, type ServiceGraph } from '../../model/map';
import { NODE_HEIGHT, NODE_WIDTH } from './layout';
import type { Laid } from './layout.worker';

const t = texts({
  map: ['Who calls whom', '调用关系'],
  node: ['{name}: {rate} per second, {errors} failed', '{name}：每秒 {rate} 次，失败 {errors}'],
  hit: ['{share} hit', '受影响 {share}'],
  closer: ['Closer', '放大'],
  farther: ['Farther', '缩小'],
  whole: ['The whole map', '查看全图'],
});

const TONES = { ok: '--line-strong', warn: '--warn-mark', error: '--open' } as const;
const KINDS: Record<MapNode['kind'], string> = { service: '', database: '⛁', queue: '≡', external: '↗' };
const SCALE_MIN = 0.15;
const SCALE_MAX = 2.5;
/** Names cannot be read below it. */
const READABLE = 0.55;

interface View {
  x: number;
  y: number;
  scale: number;
}

export interface DrawingProps {
  graph: ServiceGraph;
  laid: Laid;
  gates: Map<string, Gate[]>;
  loose: Map<string, Gate[]>;
  /** Ids that stand out; null when nothing is dimmed. */
  lit: ReadonlySet<string> | null;
  /** Shares of requests that fail because of the chosen node, by id. */
  hurt: ReadonlyMap<string, number> | null;
  selected: string;
  onNode: (id: string) => void;
  onGate: (gate: Gate) => void;
}

export function Drawing(props: DrawingProps) {
  const { graph, laid } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View | null>(null);
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);
  const whole = (): View => {
    const { clientWidth: width, clientHeight: height } = box.current!;
    const scale = Math.min(1.15, Math.max(SCALE_MIN, Math.min(width / laid.width, height / laid.height)));
    return { scale, x: (width - laid.width * scale) / 2, y: (height - laid.height * scale) / 2 };
  };
  /** The whole where that can be read, else where calls come in. */
  const first = (): View => {
    const all = whole();
    if (all.scale >= READABLE) return all;
    const { clientWidth: width, clientHeight: height } = box.current!;
    const entry = laid.nodes.reduce((left, node) => (node.x < left.x ? node : left), laid.nodes[0]!);
    const inside = (value: number, room: number, size: number) => Math.min(0, Math.max(room - size * READABLE, value));
    return { scale: READABLE, x: inside(12 - (entry.x - NODE_WIDTH / 2) * READABLE, width, laid.width), y: inside(height / 2 - entry.y * READABLE, height, laid.height) };
  };
  const zoom = (by: number, at?: { x: number; y: number }) =>
    setView((old) => {
      const from = old ?? whole();
      const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, from.scale * by));
      const middle = at ?? { x: box.current!.clientWidth / 2, y: box.current!.clientHeight / 2 };
      return { scale, x: middle.x - ((middle.x - from.x) / from.scale) * scale, y: middle.y - ((middle.y - from.y) / from.scale) * scale };
    });
  useEffect(() => setView(first()), [laid]);
  useEffect(() => {
    const own = box.current!;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const at = own.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 500), { x: event.clientX - at.left, y: event.clientY - at.top });
    };
    const observer = new ResizeObserver(() => setView(first()));
    own.addEventListener('wheel', wheel, { passive: false });
    observer.observe(own);
    return () => {
      own.removeEventListener('wheel', wheel);
      observer.disconnect();
    };
  }, [laid]);
  const places = new Map(laid.nodes.map((node) => [node.id, node]));
  const edges = new Map(graph.edges.map((edge) => [edgeKey(edge), edge]));
  const most = Math.max(...graph.edges.map((edge) => edge.perSecond), 0);
  const dim = (id: string) => props.lit !== null && !props.lit.has(id);
  return (
    <div
      class="map-box"
      ref={box}
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).closest('[role=button]') || !view) return;
        drag.current = { x: event.clientX, y: event.clientY, view };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        if (from) setView({ ...from.view, x: from.view.x + event.clientX - from.x, y: from.view.y + event.clientY - from.y });
      }}
      onPointerUp={() => (drag.current = null)}
    >
      <svg class="map" role="group" aria-label={t('map')}>
        <defs>
          {(['ok', 'warn', 'error'] as const).map((one) => (
            <marker key={one} id={`arrow-${one}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0 0 8 4 0 8z" style={{ fill: `var(${TONES[one]})` }} />
            </marker>
          ))}
        </defs>
        {view && (
          <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
            {laid.edges.map(({ from, to, points }) => {
              const edge = edges.get(edgeKey({ from, to }));
              return edge ? <Edge key={edgeKey(edge)} edge={edge} points={points} most={most} dim={dim(from) || dim(to)} /> : null;
            })}
            {graph.nodes.map((node) => {
              const place = places.get(node.id);
              return place ? <Node key={node.id} node={node} x={place.x} y={place.y} dim={dim(node.id)} hurt={node.id === props.selected ? undefined : props.hurt?.get(node.id)} selected={node.id === props.selected} gates={props.loose.get(node.id) ?? []} onNode={props.onNode} onGate={props.onGate} /> : null;
            })}
            {laid.edges.map(({ from, to, points }) => {
              const list = props.gates.get(edgeKey({ from, to }));
              const middle = along(points);
              return list ? <GateMark key={edgeKey({ from, to })} list={list} x={middle.x} y={middle.y} dim={dim(from) || dim(to)} onGate={props.onGate} /> : null;
            })}
          </g>
        )}
      </svg>
      <div class="map-tools">
        <IconButton icon="plus" label={t('closer')} ghost={false} onClick={() => zoom(1.3)} />
        <IconButton icon="minus" label={t('farther')} ghost={false} onClick={() => zoom(1 / 1.3)} />
        <IconButton icon="expand" label={t('whole')} ghost={false} onClick={() => setView(whole())} />
      </div>
    </div>
  );
}

function Edge({ edge, points, most, dim }: { edge: MapEdge; points: { x: number; y: number }[]; most: number; dim: boolean }) {
  const kind = tone(edge.errorShare);
  return <path class={`map-edge${dim ? ' dimmed' : ''}`} d={curve(points)} style={{ stroke: `var(${TONES[kind]})`, strokeWidth: thickness(edge.perSecond, most) }} marker-end={`url(#arrow-${kind})`} />;
}

function Node({ node, x, y, dim, hurt, selected, gates, onNode, onGate }: { node: MapNode; x: number; y: number; dim: boolean; hurt: number | undefined; selected: boolean; gates: Gate[]; onNode: (id: string) => void; onGate: (gate: Gate) => void }) {
  const kind = tone(node.errorShare);
  const open = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onNode(node.id);
  };
  const label = t('node', { name: node.name, rate: rate(node.perSecond), errors: percent(node.errorShare) });
  return (
    <g transform={`translate(${x - NODE_WIDTH / 2} ${y - NODE_HEIGHT / 2})`} class={`map-node ${node.kind}${selected ? ' selected' : ''}${dim ? ' dimmed' : ''}`}>
      <g role="button" tabIndex={0} aria-pressed={selected} onClick={() => onNode(node.id)} onKeyDown={open}>
        <title>{label}</title>
        <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx={node.kind === 'service' ? 8 : 3} />
        <rect x="0" y="8" width="3" height={NODE_HEIGHT - 16} class="mark" style={{ fill: `var(${kind === 'ok' ? '--ok-mark' : TONES[kind]})` }} />
        <text x="12" y="19" class="name">
          {cut(`${KINDS[node.kind]} ${shortHost(node.name)}`.trim(), 19)}
        </text>
        {hurt === undefined ? (
          <>
            <text x="12" y="36" class="facts">
              {`${rate(node.perSecond)}/s`}
            </text>
            <text x={NODE_WIDTH - 10} y="36" text-anchor="end" class={`facts ${kind}`}>
              {percent(node.errorShare)}
            </text>
          </>
        ) : (
          <text x="12" y="36" class="facts error">
            {t('hit', { share: percent(hurt) })}
          </text>
        )}
      </g>
      {gates.length > 0 && <GateMark list={gates} x={NODE_WIDTH} y={0} dim={dim} onGate={onGate} />}
    </g>
  );
}

/** The gate of an edge: a disc with the glyph of its state; a number when there are several. */
function GateMark({ list, x, y, dim, onGate }: { list: Gate[]; x: number; y: number; dim: boolean; onGate: (gate: Gate) => void }) {
  const state = worst(list);
  const first = list[0]!;
  const label = (list.length > 1 ? `${list.length} ` : '') + list.map((gate) => `${gate.row.service} › ${gate.row.targets.join(', ') || gate.row.name}: ${stateName(gate.state)}`).join('\n');
  const open = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onGate(first);
  };
  return (
    <g role="button" tabIndex={0} aria-label={label} class={`map-gate${anyActive(list) ? ' active' : ''}${dim ? ' dimmed' : ''}`} transform={`translate(${x} ${y})`} onClick={() => onGate(first)} onKeyDown={open}>
      <title>{label}</title>
      <circle r="10" style={{ stroke: `var(${STATE_COLOURS[state]})`, fill: isActive(state) ? `var(${STATE_COLOURS[state]})` : undefined }} />
      <text text-anchor="middle" y="4">
        {list.length > 1 ? list.length : GLYPHS[state]}
      </text>
    </g>
  );
}

/** What is the same for every host of a cluster says nothing. */
function shortHost(name: string): string {
  return name.replace(/(\.svc)?\.cluster\.local$/, '');
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Through the middles of dagre's points, so that bends are round. */
function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    path += next ? ` Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}` : ` L${point.x} ${point.y}`;
  });
  return path;
}

/** The middle of that curve. */
function along(points: { x: number; y: number }[]): { x: number; y: number } {
  const between = (a: { x: number; y: number }, b: { x: number; y: number }) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const at = (points.length - 1) / 2;
  const point = points[Math.ceil(at)]!;
  const before = points[Math.ceil(at) - 1] ?? point;
  if (!Number.isInteger(at)) return between(before, point);
  const after = points[at + 1];
  if (!after) return point;
  // Half way along the bend around this point, which it is drawn towards and does not reach.
  return between(between(at === 1 ? before : between(before, point), between(point, after)), point);
}
