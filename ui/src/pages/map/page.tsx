// How does failure travel? Services as a graph, breakers as gates on its edges, at any instant of the window.
import { useMemo } from 'preact/hooks';
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { language } from '../../base/prefs';
import { refreshEvery, useGet } from '../../base/query';
import { nsToMs, toIso, toMs } from '../../base/time';
import { BASE, go, link, param, setParams } from '../../base/url';
import { Complete } from '../../components/complete';
import { Panel, Segments, Select, Table, type Column } from '../../components/parts';
import { useRange, useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial, Skeleton } from '../../components/states';
import { NoData } from '../../components/nodata';
import { GLYPHS, density, inkOf, type BreakersAnswer } from '../../model/breakers';
import { around, busiest, edgeKey, foldAddresses, gates, graphOf, hurtNodes, loose, tone, type BlastAnswer, type Gate, type GraphAnswer, type MapEdge, type ServiceGraph } from '../../model/map';
import { Blast } from './blast';
import { Drawing } from './drawing';
import { useLayout } from './layout';
import { NodePanel } from './panel';
import { Scrubber } from './scrubber';

const t = texts({
  title: ['Service map', '服务拓扑'],
  view: ['View', '视图'],
  map: ['Map', '拓扑图'],
  table: ['Table', '表格'],
  focus: ['Around', '聚焦'],
  everything: ['everything', '全部'],
  depth: ['How far', '层数'],
  steps: ['{n} call far|{n} calls far', '{n} 层调用'],
  caller: ['Caller', '调用方'],
  callee: ['Called', '被调用方'],
  rate: ['Per second', '每秒'],
  failed: ['Failed', '失败率'],
  p95: ['p95', 'p95 延迟'],
  gates: ['Breakers', '熔断器'],
  addresses: ['{n} addresses', '{n} 个 IP 地址'],
  fold_addresses: ['Fold addresses', '折叠 IP 地址'],
  hidden: ['{n} services with less traffic are left out.', '另有 {n} 个流量较小的服务未显示。'],
  unlinked: ['{n} call reaches nobody knows whom: its span has no peer.|{n} calls reach nobody knows whom: their spans have no peer.', '{n} 次调用对端未知：Span 中没有对端信息。'],
  no_edges: ['No calls between services are known: client spans may lack what names the peer.', '未发现服务间调用：客户端 Span 可能缺少对端信息。'],
});

/** More are no map any more. */
const NODES_MAX = 400;

export default function MapPage() {
  const range = useRangeQuery();
  const live = useRange().kind === 'relative';
  const every = refreshEvery() || (live ? 10_000 : false);
  const answer = useGet<GraphAnswer>('graph', range, { every });
  const breakers = useGet<BreakersAnswer>('breakers', { limit: 500, ...range }, { every });
  return (
    <div class="page fill">
      <Loaded answer={answer} route="graph" rows={10}>
        {(data) => <Shown answer={data} breakers={breakers.data} />}
      </Loaded>
    </div>
  );
}

function Shown({ answer, breakers }: { answer: GraphAnswer; breakers: BreakersAnswer | undefined }) {
  const each = param('addresses') === '1';
  const everything = useMemo(() => {
    const all = graphOf(answer);
    return each ? all : foldAddresses(all, (n) => t('addresses', { n }));
  }, [answer, each, language.value]);
  const focus = param('focus');
  const depth = Math.min(3, Math.max(1, Number(param('depth')) || 1));
  const view = param('view') === 'table' ? 'table' : 'map';
  const { graph, hidden } = useMemo(() => busiest(focus && everything.nodes.some((node) => node.id === focus) ? around(everything, focus, depth) : everything, NODES_MAX), [everything, focus, depth]);
  const t0 = breakers ? nsToMs(breakers.t0_ns) : 0;
  const spanMs = breakers ? nsToMs(breakers.end_ns) - t0 : 1;
  const at = param('at') ? toMs(param('at')) : null;
  const us = Math.min(spanMs, Math.max(0, (at ?? t0 + spanMs) - t0)) * 1000;
  const rows = breakers?.breakers ?? [];
  const on = gates(graph, rows, us, spanMs * 1000);
  const own = loose(graph, rows, us, spanMs * 1000);
  const chosen = everything.nodes.find((node) => node.id === param('node') || node.name === param('node'));
  const toNode = (id: string | null) => setParams({ node: id, ...(id ? {} : { blast: null }) }, 'replace');
  const toGate = (gate: Gate) => go(link('/breakers', { breaker: gate.row.id }).slice(BASE.length));
  const showsBlast = param('blast') === '1' && chosen !== undefined && !chosen.members;
  const blast = useGet<BlastAnswer>('graph/blast', { target: chosen?.name ?? '', ...useRangeQuery() }, { when: showsBlast });
  const hurt = showsBlast && blast.data && blast.data.target === chosen.name ? hurtNodes(graph, blast.data) : null;
  const lit = hurt ? new Set(hurt.keys()) : chosen ? new Set(around(graph, chosen.id, 1).nodes.map((node) => node.id)) : null;
  return (
    <>
      <div class="page-head">
        <h1>{t('title')}</h1>
        <Segments label={t('view')} value={view} options={(['map', 'table'] as const).map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ view: next === 'map' ? null : next })} />
        <Complete of={answer.completeness} />
        <span class="spring" />
        {each && (
          <button class="btn" onClick={() => setParams({ addresses: null }, 'replace')}>
            {t('fold_addresses')}
          </button>
        )}
        <Select label={t('focus')} value={focus} options={[['', t('everything')], ...[...everything.nodes].sort((a, b) => a.name.localeCompare(b.name)).map((node) => [node.id, node.name] as const)]} onChange={(next) => setParams({ focus: next || null })} />
        {focus && <Select label={t('depth')} value={String(depth)} options={[1, 2, 3].map((one) => [String(one), t('steps', { n: one })] as const)} onChange={(next) => setParams({ depth: next === '1' ? null : next })} />}
      </div>
      <Partial meta={answer.meta as Record<string, unknown>} />
      {hidden > 0 && <div class="strip">{t('hidden', { n: hidden })}</div>}
      {everything.nodes.length === 0 ? (
        <Panel>
          <NoData table="spans" q="" onQ={() => undefined} />
        </Panel>
      ) : (
        <div class="with-drawer">
          <section class="panel grow">
            {view === 'table' ? <Twin graph={graph} on={on} onNode={toNode} /> : <Map graph={graph} on={on} own={own} lit={lit} hurt={hurt} selected={chosen?.id ?? ''} onNode={toNode} onGate={toGate} />}
            {everything.edges.length === 0 && <p class="faint map-note">{t('no_edges')}</p>}
            {answer.unlinked >= 1 && <p class="faint small map-note">{t('unlinked', { n: Math.round(answer.unlinked) })}</p>}
            {rows.length > 0 && <Scrubber t0={t0} spanMs={spanMs} at={at} trips={density(rows, spanMs * 1000, 160)} onAt={(ms) => setParams({ at: ms === null ? null : toIso(ms) }, 'replace')} />}
          </section>
          {chosen && (
            <NodePanel graph={everything} node={chosen} gates={gates(everything, rows, us, spanMs * 1000)} loose={own.get(chosen.id) ?? []} onNode={toNode} onClose={() => toNode(null)}>
              {!chosen.members && <Blast answer={blast} shown={showsBlast} onShow={(on) => setParams({ blast: on ? '1' : null }, 'replace')} />}
            </NodePanel>
          )}
        </div>
      )}
    </>
  );
}

function Map(props: { graph: ServiceGraph; on: ReturnType<typeof gates>; own: ReturnType<typeof loose>; lit: ReadonlySet<string> | null; hurt: ReadonlyMap<string, number> | null; selected: string; onNode: (id: string) => void; onGate: (gate: Gate) => void }) {
  const laid = useLayout(props.graph);
  return laid ? <Drawing graph={props.graph} laid={laid} gates={props.on} loose={props.own} lit={props.lit} hurt={props.hurt} selected={props.selected} onNode={props.onNode} onGate={props.onGate} /> : <Skeleton rows={10} />;
}

/** The same edges in rows, for those who read rather than see. */
function Twin({ graph, on, onNode }: { graph: ServiceGraph; on: ReturnType<typeof gates>; onNode: (id: string) => void }) {
  const names = new globalThis.Map(graph.nodes.map((node) => [node.id, node.name]));
  const name = (id: string) => (
    <button class="linklike strong" onClick={() => onNode(id)}>
      {names.get(id)}
    </button>
  );
  const columns: Column<MapEdge>[] = [
    { key: 'caller', title: t('caller'), cell: (edge) => name(edge.from) },
    { key: 'callee', title: t('callee'), wide: true, cell: (edge) => name(edge.to) },
    { key: 'rate', title: t('rate'), num: true, cell: (edge) => rate(edge.perSecond) },
    { key: 'failed', title: t('failed'), num: true, cell: (edge) => <span class={tone(edge.errorShare) === 'ok' ? 'faint' : `${tone(edge.errorShare)}-text strong`}>{percent(edge.errorShare)}</span> },
    { key: 'p95', title: t('p95'), num: true, hideSmall: true, cell: (edge) => (edge.p95Ns === null ? '–' : duration(edge.p95Ns)) },
    {
      key: 'gates',
      title: t('gates'),
      cell: (edge) =>
        (on.get(edgeKey(edge)) ?? []).map(({ row, state }) => (
          <a key={row.id} class="nowrap" href={link('/breakers', { breaker: row.id })} style={{ color: inkOf(state) }}>
            {GLYPHS[state]} {row.name}{' '}
          </a>
        )),
    },
  ];
  return (
    <div class="body flush" tabIndex={0}>
      {graph.edges.length === 0 ? <Empty title={t('no_edges')} /> : <Table label={t('title')} columns={columns} rows={[...graph.edges].sort((a, b) => b.perSecond - a.perSecond)} keyOf={edgeKey} />}
    </div>
  );
}
