// Who is rejected by which rule.
import { useState } from 'preact/hooks';
import { percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { clock, toMs } from '../../base/time';
import { link } from '../../base/url';
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
  caller: ['Caller', '调用方'],
  unknown: ['nothing tells who called', '无法确定调用方'],
});

interface Limiter {
  id: string;
  service: string;
  rule: string;
  kind: string;
  rejected: number;
  first: string;
  last: string;
  routes: { route: string; rejected: number }[];
  clients: number;
}

export function Limits() {
  const range = useRangeQuery();
  const answer = useGet<{ limits: Limiter[] }>('limits', range);
  const [chosen, setChosen] = useState<Limiter | null>(null);
  const columns: Column<Limiter>[] = [
    { key: 'service', title: t('service'), cell: (one) => <a href={link(`/services/${encodeURIComponent(one.service)}`)}>{one.service}</a> },
    { key: 'rule', title: t('rule'), cell: (one) => <strong>{one.rule}</strong> },
    { key: 'kind', title: t('kind'), cell: (one) => <span class="badge">{one.kind.replaceAll('_', ' ')}</span> },
    { key: 'rejected', title: t('rejected'), num: true, cell: (one) => <span class="error-text strong">{short(Math.round(one.rejected))}</span> },
    { key: 'routes', title: t('routes'), wide: true, cell: (one) => one.routes.map((route) => route.route).join(', ') },
    { key: 'clients', title: t('clients'), num: true, cell: (one) => one.clients },
    { key: 'last', title: t('last'), cell: (one) => <span class="mono faint">{clock(toMs(one.last), 0)}</span> },
  ];
  return (
    <div class="with-drawer">
      <Panel grow flush label={t('title')}>
        <Loaded answer={answer} route="limits">
          {(data) => (data.limits.length === 0 ? <Empty title={t('none')} /> : <Table label={t('title')} columns={columns} rows={data.limits} keyOf={(one) => one.id} onRow={setChosen} selected={(one) => one.id === chosen?.id} />)}
        </Loaded>
      </Panel>
      {chosen && <Clients limiter={chosen} onClose={() => setChosen(null)} />}
    </div>
  );
}

function Clients({ limiter, onClose }: { limiter: Limiter; onClose: () => void }) {
  const answer = useGet<{ clients: { caller: string | null; rejected: number; rejected_share: number }[] }>(`limits/${limiter.id}/clients`, useRangeQuery());
  return (
    <Drawer label={t('title')} title={`${limiter.service} · ${limiter.rule}`} sub={limiter.kind.replaceAll('_', ' ')} onClose={onClose}>
      <section>
        <h3>{t('caller')}</h3>
        <Loaded answer={answer} route="limits/{rule}/clients">
          {(data) => (
            <>
              {data.clients.map((client, index) => (
                <div class="row" key={index} style={{ flexWrap: 'nowrap' }}>
                  <span class={`cut ${client.caller ? 'strong' : 'faint'}`}>{client.caller ?? t('unknown')}</span>
                  <span class="spring" />
                  <Meter share={client.rejected_share} tone="error" />
                  <span class="nowrap">{percent(client.rejected_share)}</span>
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
