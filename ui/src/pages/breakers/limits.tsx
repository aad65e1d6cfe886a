// Who is rejected by which rule.
import { percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { ClientsAnswer, Limiter, LimitsAnswer } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { link, param, setParams } from '../../base/url';
import { known } from '../../components/breakerwords';
import { Complete } from '../../components/complete';
import { Drawer, Meter, Panel, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';

const t = texts({
  title: ['Rate limits', '限流'],
  rule: ['Rule', '规则'],
  service: ['Service', '服务'],
  kind: ['Kind', '类型'],
  rejected: ['Rejected', '拒绝次数'],
  routes: ['Routes', '路由'],
  clients: ['Known callers', '已知调用方'],
  last: ['Last', '最近'],
  none: ['Nothing was rejected by a limiter in this time', '该时间范围内没有限流拒绝'],
  none_why: ['Read are refusals with 429 or RESOURCE_EXHAUSTED, and those of Kratos, Sentinel, Envoy and other limiters by what they say; a limiter that rejects nobody is not seen.', '可识别 429、RESOURCE_EXHAUSTED，以及 Kratos、Sentinel、Envoy 等限流组件的拒绝信息；从未拒绝请求的限流器不会出现。'],
  caller: ['Caller', '调用方'],
  unknown: ['nothing tells who called', '无法确定调用方'],
  lets: ['Lets through', '放行速率'],
  used: ['In use', '使用率'],
  waited: ['Retry-After honoured', '遵守 Retry-After'],
  waited_why: ['{n} of {of} refusals that said when to come back', '{of} 次要求稍后重试的拒绝中有 {n} 次被遵守'],
  waited_not: ['came back too early after {n} of {of}', '{of} 次中有 {n} 次过早重试'],
  learned: ['Learned from {n} s in which it rejected', '由发生限流的 {n} 秒数据推算'],
  fair: ['Is it fair? Each caller by its share of what was rejected, and of all requests.', '限流是否公平？对比各调用方在被拒绝请求与全部请求中的占比。'],
  of_rejected: ['of the rejected', '占被拒绝请求'],
  of_traffic: ['of all requests', '占全部请求'],
  skew: ['×{n} of its traffic', '流量占比的 {n} 倍'],
  passed: ['{rejected} rejected, {admitted} let through', '拒绝 {rejected}，放行 {admitted}'],
});

const limiterKind = texts({
  rate_limit: ['rate limit', '限流'],
  load_shed: ['load shedding', '过载保护'],
  bulkhead: ['bulkhead', '舱壁隔离'],
  concurrency_cap: ['concurrency cap', '并发数限制'],
  no_healthy_host: ['no healthy host', '无健康实例'],
  retry_budget: ['retry budget', '重试预算'],
  unknown_503: ['503, nobody says why', '503，原因未知'],
  unknown_429: ['429, nobody says why', '429，原因未知'],
});
const LIMITER_KINDS = ['rate_limit', 'load_shed', 'bulkhead', 'concurrency_cap', 'no_healthy_host', 'retry_budget', 'unknown_503', 'unknown_429'] as const;

/** Rejected so much more than its share of the traffic, a caller is told apart. */
const SKEWED = 1.5;

export function Limits() {
  const range = useRangeQuery();
  const answer = useGet<LimitsAnswer>('limits', range);
  const chosen = answer.data?.limits.find((one) => one.id === param('limit'));
  const choose = (one: Limiter | null) => setParams({ limit: one?.id ?? null }, 'replace');
  const columns: Column<Limiter>[] = [
    { key: 'service', title: t('service'), cell: (one) => <a href={link(`/services/${encodeURIComponent(one.service)}`)}>{one.service}</a> },
    { key: 'rule', title: t('rule'), cell: (one) => <strong>{one.rule}</strong> },
    { key: 'kind', title: t('kind'), hideSmall: true, cell: (one) => <span class="badge nowrap">{known(limiterKind, LIMITER_KINDS, one.kind)}</span> },
    { key: 'rejected', title: t('rejected'), num: true, cell: (one) => <span class="error-text strong">{short(Math.round(one.rejected))}</span> },
    {
      key: 'limit',
      title: t('lets'),
      num: true,
      hideSmall: true,
      cell: (one) => (one.limit ? <span title={t('learned', { n: one.limit.seconds })}>≈ {rate(one.limit.calls_per_s)}/s</span> : <span class="faint">–</span>),
    },
    {
      key: 'headroom',
      title: t('used'),
      hideSmall: true,
      cell: (one) =>
        typeof one.limit?.headroom === 'number' ? (
          <span class="row tight" style={{ flexWrap: 'nowrap' }}>
            <Meter share={1 - one.limit.headroom} tone={one.limit.headroom < 0.1 ? 'error' : one.limit.headroom < 0.3 ? 'warn' : undefined} />
            {percent(Math.max(0, 1 - one.limit.headroom))}
          </span>
        ) : (
          <span class="faint">–</span>
        ),
    },
    {
      key: 'waited',
      title: t('waited'),
      num: true,
      hideSmall: true,
      cell: (one) => (one.retry_after ? <span class={one.retry_after.share < 0.5 ? 'error-text strong' : ''} title={t('waited_why', { n: one.retry_after.honoured, of: one.retry_after.told })}>{percent(one.retry_after.share)}</span> : <span class="faint">–</span>),
    },
    { key: 'routes', title: t('routes'), wide: true, hideSmall: true, cell: (one) => one.routes.map((route) => route.route).join(', ') },
    { key: 'clients', title: t('clients'), num: true, hideSmall: true, cell: (one) => one.clients },
    { key: 'last', title: t('last'), cell: (one) => <span class="mono faint">{clock(toMs(one.last), 0)}</span> },
  ];
  return (
    <div class="with-drawer">
      <Panel grow flush label={t('title')} actions={<Complete of={answer.data?.completeness} end />}>
        <Loaded answer={answer} route="limits">
          {(data) => (data.limits.length === 0 ? <Empty title={t('none')}><p>{t('none_why')}</p></Empty> : <Table label={t('title')} columns={columns} rows={data.limits} keyOf={(one) => one.id} onRow={choose} selected={(one) => one.id === chosen?.id} />)}
        </Loaded>
      </Panel>
      {chosen && <Clients limiter={chosen} onClose={() => choose(null)} />}
    </div>
  );
}

function Clients({ limiter, onClose }: { limiter: Limiter; onClose: () => void }) {
  const answer = useGet<ClientsAnswer>(`limits/${limiter.id}/clients`, useRangeQuery());
  return (
    <Drawer label={t('title')} title={`${limiter.service} · ${limiter.rule}`} sub={known(limiterKind, LIMITER_KINDS, limiter.kind)} onClose={onClose}>
      <section>
        <h3>{t('caller')}</h3>
        <Loaded answer={answer} route="limits/{rule}/clients">
          {(data) => (
            <>
              <p class="faint small">{t('fair')}</p>
              {data.clients.map((client, index) => (
                <div class="client" key={index}>
                  <div class="row" style={{ flexWrap: 'nowrap' }}>
                    <span class={`cut ${client.caller ? 'strong' : 'faint'}`}>{client.caller ?? t('unknown')}</span>
                    <span class="spring" />
                    {typeof client.skew === 'number' && client.skew >= SKEWED && <span class="badge warn nowrap">{t('skew', { n: Number(client.skew.toPrecision(2)) })}</span>}
                    <span class="small soft nowrap">{t('passed', { rejected: short(Math.round(client.rejected)), admitted: short(Math.round(client.admitted)) })}</span>
                  </div>
                  <Share name={t('of_rejected')} share={client.rejected_share} tone="error" />
                  {typeof client.traffic_share === 'number' && <Share name={t('of_traffic')} share={client.traffic_share} />}
                  {client.retry_after && <Share name={t('waited')} share={client.retry_after.share} />}
                  {client.retry_after && client.retry_after.honoured < client.retry_after.told && <p class="small warn-text">{t('waited_not', { n: client.retry_after.told - client.retry_after.honoured, of: client.retry_after.told })}</p>}
                </div>
              ))}
            </>
          )}
        </Loaded>
      </section>
      <section>
        <h3>{t('routes')}</h3>
        {limiter.routes.map((route) => (
          <div class="row" key={route.route}>
            <span class="mono cut">{route.route}</span>
            <span class="spring" />
            {short(Math.round(route.rejected))}
          </div>
        ))}
      </section>
    </Drawer>
  );
}

function Share({ name, share, tone }: { name: string; share: number; tone?: 'error' }) {
  return (
    <div class="row small" style={{ flexWrap: 'nowrap' }}>
      <span class="faint cut" style={{ width: '120px', flex: 'none' }}>
        {name}
      </span>
      <Meter share={share} tone={tone} />
      <span class="nowrap">{percent(share)}</span>
    </div>
  );
}
