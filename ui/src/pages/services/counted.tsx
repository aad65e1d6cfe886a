// Services from counts of spans: for a server that has no answer of its own yet.
import { count, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { HistogramAnswer } from '../../base/schema';
import { BASE, go, link, param, setParams } from '../../base/url';
import { Spark } from '../../components/bars';
import { NoData } from '../../components/nodata';
import { Panel, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';
import { health, services, type Service } from '../../model/traffic';

const t = texts({
  title: ['Services', '服务'],
  name: ['Service', '服务'],
  spans: ['Spans', 'Span 数'],
  per_second: ['Spans/s', 'Span/秒'],
  errors: ['Failed', '失败'],
  share: ['Failed share', '失败率'],
  traffic: ['Traffic', '流量'],
  failures: ['Failures', '失败趋势'],
  find: ['Find a service', '查找服务'],
  of: ['{n} service|{n} services', '{n} 个服务'],
  traces: ['traces', '链路'],
  logs: ['logs', '日志'],
  healthy: ['healthy', '健康'],
  some: ['some failures', '有失败'],
  sick: ['many failures', '大量失败'],
});

export function Counted() {
  const range = useRangeQuery();
  const all = useGet<HistogramAnswer>('spans/histogram', { by: 'service', series: 50, buckets: 40, ...range });
  const failed = useGet<HistogramAnswer>('spans/histogram', { by: 'service', series: 50, buckets: 40, q: 'status:error', ...range });
  const find = param('find').toLowerCase();
  const open = (one: Service) => go(link(`/services/${encodeURIComponent(one.name)}`).slice(BASE.length));
  const words = { ok: t('healthy'), warn: t('some'), error: t('sick') };
  const columns: Column<Service>[] = [
    {
      key: 'name',
      title: t('name'),
      wide: true,
      cell: (one) => (
        <>
          <i class={`dot ${health(one)}`} role="img" aria-label={words[health(one)]} title={words[health(one)]} />{' '}
          <a class="main" href={link(`/services/${encodeURIComponent(one.name)}`)}>
            {one.name}
          </a>
        </>
      ),
    },
    { key: 'rate', title: t('per_second'), num: true, cell: (one) => rate(one.perSecond) },
    { key: 'traffic', title: t('traffic'), hideSmall: true, cell: (one) => <Spark values={one.trend} tone="--s0" /> },
    { key: 'errors', title: t('errors'), num: true, cell: (one) => (one.errors ? <span class="error-text strong">{count(one.errors)}</span> : <span class="faint">0</span>) },
    { key: 'share', title: t('share'), num: true, cell: (one) => <span class={health(one) === 'error' ? 'error-text strong' : health(one) === 'warn' ? 'warn-text' : 'faint'}>{percent(one.errorShare)}</span> },
    { key: 'failures', title: t('failures'), hideSmall: true, cell: (one) => (one.errors ? <Spark values={one.errorTrend} tone="--open" /> : null) },
    {
      key: 'go',
      title: '',
      hideSmall: true,
      cell: (one) => (
        <span class="nowrap small">
          <a href={link('/traces', { q: `service:"${one.name}"` })}>{t('traces')}</a> · <a href={link('/logs', { q: `service:"${one.name}"` })}>{t('logs')}</a>
        </span>
      ),
    },
  ];
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        {all.data && <span class="note">{t('of', { n: all.data.series.filter((one) => one.kind === 'value').length })}</span>}
        <span class="spring" />
        <input class="input" aria-label={t('find')} placeholder={t('find')} value={param('find')} onInput={(event) => setParams({ find: event.currentTarget.value || null }, 'replace')} />
      </div>
      <Panel grow flush label={t('title')}>
        <Loaded answer={all} route="spans/histogram" rows={12}>
          {(data) => {
            const rows = services(data, failed.data).filter((one) => one.name.toLowerCase().includes(find));
            return rows.length === 0 && !find ? <NoData table="spans" q="" onQ={() => undefined} /> : <Table label={t('title')} columns={columns} rows={rows} keyOf={(one) => one.name} onRow={open} />;
          }}
        </Loaded>
      </Panel>
    </div>
  );
}
