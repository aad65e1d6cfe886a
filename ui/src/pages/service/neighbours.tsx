// Who calls a service and whom it calls, with the breakers in between.
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { link } from '../../base/url';
import { Panel, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { graphOf, tone, type GraphAnswer, type MapEdge } from '../../model/map';

const t = texts({
  callers: ['Called by', '上游（调用方）'],
  callees: ['Calls', '下游（被调用方）'],
  name: ['Name', '名称'],
  rate: ['Per second', '每秒'],
  failed: ['Failed', '失败率'],
  p95: ['p95', 'p95 延迟'],
  none: ['None, as far as spans tell', '未发现'],
  map: ['On the map', '在拓扑中查看'],
});

export function Neighbours({ service }: { service: string }) {
  const answer = useGet<GraphAnswer>('graph', { service, depth: 1, ...useRangeQuery() });
  return (
    <Loaded answer={answer} route="graph" rows={6}>
      {(data) => {
        const graph = graphOf(data);
        const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
        const own = graph.nodes.find((node) => node.kind === 'service' && node.name === service)?.id;
        const panel = (title: 'callers' | 'callees', edges: MapEdge[], of: 'from' | 'to') => {
          const name = (edge: MapEdge) => nodes.get(edge[of])?.name ?? edge[of];
          const columns: Column<MapEdge>[] = [
            { key: 'name', title: t('name'), wide: true, cell: (edge) => (nodes.get(edge[of])?.kind === 'service' ? <a class="main" href={link(`/services/${encodeURIComponent(name(edge))}`)}>{name(edge)}</a> : <span>{name(edge)}</span>) },
            { key: 'rate', title: t('rate'), num: true, cell: (edge) => rate(edge.perSecond) },
            { key: 'failed', title: t('failed'), num: true, cell: (edge) => <span class={tone(edge.errorShare) === 'ok' ? 'faint' : `${tone(edge.errorShare)}-text strong`}>{percent(edge.errorShare)}</span> },
            { key: 'p95', title: t('p95'), num: true, cell: (edge) => (edge.p95Ns === null ? '–' : duration(edge.p95Ns)) },
          ];
          return (
            <Panel title={t(title)} flush actions={<a class="btn small" href={link('/map', { node: own ?? null })}>{t('map')}</a>}>
              {edges.length === 0 ? <Empty title={t('none')} /> : <Table label={t(title)} columns={columns} rows={edges} keyOf={(edge) => edge[of]} />}
            </Panel>
          );
        };
        const sorted = (edges: MapEdge[]) => edges.sort((a, b) => b.perSecond - a.perSecond);
        return (
          <div class="grid two">
            {panel('callers', sorted(graph.edges.filter((edge) => edge.to === own)), 'from')}
            {panel('callees', sorted(graph.edges.filter((edge) => edge.from === own)), 'to')}
          </div>
        );
      }}
    </Loaded>
  );
}
