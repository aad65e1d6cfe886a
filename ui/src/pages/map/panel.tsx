// One node of the map: who calls it, whom it calls, and which breakers stand between.
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { link, setParams } from '../../base/url';
import { stateName } from '../../components/breakerwords';
import { Drawer } from '../../components/parts';
import { GLYPHS, STATE_COLOURS, isActive } from '../../model/breakers';
import { edgeKey, tone, type Gate, type MapEdge, type MapNode, type ServiceGraph } from '../../model/map';

const t = texts({
  node: ['Service', '服务'],
  callers: ['Called by', '上游（调用方）'],
  callees: ['Calls', '下游（被调用方）'],
  nobody: ['Nobody, as far as spans tell.', '未发现上游。'],
  nothing: ['Nothing, as far as spans tell.', '未发现下游。'],
  gates: ['Breakers', '熔断器'],
  service: ['Service page', '服务详情'],
  traces: ['Traces', '链路'],
  failed: ['failed', '失败'],
  service_kind: ['service', '服务'],
  database: ['database', '数据库'],
  queue: ['queue', '消息队列'],
  external: ['outside', '外部'],
  addresses_why: ['Peers that are known by their address alone: set peer.service or server.address to a name to tell them apart.', '仅知道 IP 地址的对端：设置 peer.service 或有名称的 server.address 即可区分。'],
  each: ['Show each on the map', '在拓扑中逐个显示'],
});

export function NodePanel(props: { graph: ServiceGraph; node: MapNode; gates: Map<string, Gate[]>; loose: Gate[]; onNode: (id: string) => void; onClose: () => void; children?: preact.ComponentChildren }) {
  const { graph, node } = props;
  const names = new Map(graph.nodes.map((one) => [one.id, one.name]));
  const callers = graph.edges.filter((edge) => edge.to === node.id);
  const callees = graph.edges.filter((edge) => edge.from === node.id);
  const all = [...[...callers, ...callees].flatMap((edge) => props.gates.get(edgeKey(edge)) ?? []), ...props.loose];
  const list = (edges: MapEdge[], of: 'from' | 'to', none: string) =>
    edges.length === 0 ? (
      <p class="faint">{none}</p>
    ) : (
      [...edges]
        .sort((a, b) => b.perSecond - a.perSecond)
        .map((edge) => (
          <button class="row exemplar" key={edge[of]} onClick={() => props.onNode(edge[of])}>
            <strong class="cut">{names.get(edge[of])}</strong>
            <span class="spring" />
            <span class="faint small nowrap">{`${rate(edge.perSecond)}/s`}</span>
            {edge.p95Ns !== null && <span class="faint small nowrap">{duration(edge.p95Ns)}</span>}
            <span class={`small nowrap ${tone(edge.errorShare) === 'ok' ? 'faint' : `${tone(edge.errorShare)}-text`}`}>{percent(edge.errorShare)}</span>
          </button>
        ))
    );
  return (
    <Drawer label={t('node')} title={node.name} sub={node.kind === 'service' ? t('service_kind') : t(node.kind)} onClose={props.onClose}>
      <section>
        <div class="row">
          <strong class="big-number">{`${rate(node.perSecond)}/s`}</strong>
          <span class={tone(node.errorShare) === 'ok' ? 'soft' : `${tone(node.errorShare)}-text strong`}>
            {percent(node.errorShare)} {t('failed')}
          </span>
          {node.p95Ns !== null && <span class="soft">{`p95 ${duration(node.p95Ns)}`}</span>}
        </div>
        {node.kind === 'service' && (
          <div class="row">
            <a class="btn small" href={link(`/services/${encodeURIComponent(node.name)}`)}>
              {t('service')}
            </a>
            <a class="btn small" href={link('/traces', { q: `service:"${node.name}"` })}>
              {t('traces')}
            </a>
          </div>
        )}
      </section>
      {node.members && <Members of={node.members} />}
      {props.children}
      {all.length > 0 && (
        <section>
          <h3>{t('gates')}</h3>
          {all.map(({ row, state }) => (
            <a class="row exemplar" key={row.id} href={link('/breakers', { breaker: row.id })}>
              <span style={{ color: `var(${isActive(state) ? STATE_COLOURS[state] : '--text-faint'})` }}>{GLYPHS[state]}</span>
              <span class="cut">
                <strong>{row.service}</strong> <span class="faint">› {row.targets.join(', ')}</span> {row.name}
              </span>
              <span class="spring" />
              <span class="faint small nowrap">{stateName(state)}</span>
            </a>
          ))}
        </section>
      )}
      <section>
        <h3>{t('callers')}</h3>
        {list(callers, 'from', t('nobody'))}
      </section>
      <section>
        <h3>{t('callees')}</h3>
        {list(callees, 'to', t('nothing'))}
      </section>
    </Drawer>
  );
}

/** What was folded into a node. */
function Members({ of }: { of: readonly MapNode[] }) {
  return (
    <section>
      <p class="soft">{t('addresses_why')}</p>
      {[...of]
        .sort((a, b) => b.perSecond - a.perSecond)
        .slice(0, 40)
        .map((node) => (
          <div class="row" key={node.id}>
            <span class="mono">{node.name}</span>
            <span class="spring" />
            <span class="faint small">{`${rate(node.perSecond)}/s`}</span>
            <span class={`small ${tone(node.errorShare) === 'ok' ? 'faint' : `${tone(node.errorShare)}-text`}`}>{percent(node.errorShare)}</span>
          </div>
        ))}
      <button class="btn small" onClick={() => setParams({ addresses: '1', node: null }, 'replace')}>
        {t('each')}
      </button>
    </section>
  );
}
