// Which service is sick?
import { useMemo } from 'preact/hooks';
import { duration, percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import { BASE, go, link, param, setParams } from '../../base/url';
import { Spark } from '../../components/bars';
import { Complete } from '../../components/complete';
import { GateCounts } from '../../components/gates';
import { NoData } from '../../components/nodata';
import { Panel, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial } from '../../components/states';
import { TopCode } from '../../components/topcode';
import { SORTS, health, type Service, type ServicesAnswer, type SortKey } from '../../model/services';

const t = texts({
  title: ['Services', '服务'],
  name: ['Service', '服务'],
  calls: ['Calls/s', '调用/秒'],
  traffic: ['Traffic', '流量'],
  share: ['Failed', '失败率'],
  failures: ['Failures', '失败趋势'],
  p50: ['p50', 'p50'],
  p95: ['p95', 'p95'],
  slow: ['p95 over time', 'p95 趋势'],
  code: ['Commonest code', '主要错误码'],
  guards: ['Breakers around it', '相关熔断器'],
  rejected: ['Refused', '拒绝'],
  find: ['Find a service', '查找服务'],
  of: ['{n} service|{n} services', '{n} 个服务'],
  healthy: ['healthy', '健康'],
  some: ['some calls fail', '有失败'],
  sick: ['many calls fail', '大量失败'],
  own: ['no calls come in: all its spans are counted', '没有入口调用：统计其全部 Span'],
  filtered: ['No service is named like that', '没有符合条件的服务'],
  clear: ['Without the filter', '清除筛选'],
  keys: ['Services', '服务'],
  down: ['Next service', '下一个'],
  up: ['Previous service', '上一个'],
  open: ['Open it', '打开'],
});

const WORDS = { ok: 'healthy', warn: 'some', error: 'sick' } as const;
/** Columns that sort, by the server's word for it. */
const SORT_OF: Record<string, SortKey> = { name: 'name', calls: 'calls', share: 'errors', p95: 'slowest' };

export default function ServicesPage() {
  const sort = SORTS.find((one) => one === param('sort')) ?? 'health';
  const find = param('find');
  const answer = useGet<ServicesAnswer>('services', { sort: sort === 'health' ? null : sort, q: find, buckets: 40, limit: 500, ...useRangeQuery() });
  const rows = useMemo(() => answer.data?.services ?? [], [answer.data]);
  const at = rows.findIndex((one) => one.name === param('row'));
  const open = (one: Service) => go(link(`/services/${encodeURIComponent(one.name)}`).slice(BASE.length));
  const step = (by: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (next) setParams({ row: next.name }, 'replace');
  };
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => step(1) },
      { keys: 'k', does: () => t('up'), run: () => step(-1) },
      { keys: 'Enter', does: () => t('open'), run: () => rows[at] && open(rows[at]!) },
    ],
    [rows, at],
  );
  const columns: Column<Service>[] = [
    {
      key: 'name',
      title: t('name'),
      wide: true,
      width: 170,
      sortable: true,
      cell: (one) => {
        const word = t(WORDS[health(one.health)]);
        return (
          <>
            <i class={`dot ${health(one.health)}`} role="img" aria-label={word} title={word} />{' '}
            <a class="main" href={link(`/services/${encodeURIComponent(one.name)}`)}>
              {one.name}
            </a>
            {one.namespaces.length > 0 && <span class="faint small"> {one.namespaces.join(', ')}</span>}
          </>
        );
      },
    },
    { key: 'calls', title: t('calls'), num: true, sortable: true, cell: (one) => <span title={one.basis === 'all' ? t('own') : undefined}>{`${one.basis === 'all' ? '~' : ''}${rate(one.calls_per_s)}`}</span> },
    { key: 'traffic', title: t('traffic'), hideSmall: true, cell: (one) => <Spark values={one.trend.count} tone="--s0" /> },
    { key: 'share', title: t('share'), num: true, sortable: true, cell: (one) => <span class={health(one.health) === 'ok' ? 'faint' : `${health(one.health)}-text strong`}>{percent(one.error_share)}</span> },
    { key: 'failures', title: t('failures'), hideSmall: true, cell: (one) => (one.errors > 0 ? <Spark values={one.trend.errors} tone="--open" /> : null) },
    { key: 'p50', title: t('p50'), num: true, hideSmall: true, cell: (one) => <span class="faint">{one.p50_ns === null ? '–' : duration(one.p50_ns)}</span> },
    { key: 'p95', title: t('p95'), num: true, sortable: true, cell: (one) => (one.p95_ns === null ? '–' : duration(one.p95_ns)) },
    { key: 'slow', title: t('slow'), hideSmall: true, class: 'hide-medium', cell: (one) => <Spark values={one.trend.p95_ns} tone="--s3" /> },
    { key: 'code', title: t('code'), hideSmall: true, cell: (one) => <TopCode of={one.top_codes} /> },
    { key: 'guards', title: t('guards'), hideSmall: true, cell: (one) => <GateCounts counts={one.breakers.guarding} to={link('/breakers', { target: one.name })} /> },
    { key: 'rejected', title: t('rejected'), num: true, hideSmall: true, cell: (one) => (one.rejected > 0 ? <span class="error-text">{short(Math.round(one.rejected))}</span> : null) },
  ];
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        {answer.data && <span class="note">{t('of', { n: answer.data.total })}</span>}
        <Complete of={answer.data?.completeness} />
        <span class="spring" />
        <input class="input" aria-label={t('find')} placeholder={t('find')} value={find} onInput={(event) => setParams({ find: event.currentTarget.value || null }, 'replace')} />
      </div>
      <Panel grow flush label={t('title')}>
        <Loaded answer={answer} route="services" rows={12}>
          {(data) => (
            <>
              <Partial meta={(data as unknown as { meta: Record<string, unknown> }).meta} />
              {rows.length > 0 ? (
                <Table
                  label={t('title')}
                  columns={columns}
                  rows={rows}
                  keyOf={(one) => one.name}
                  onRow={open}
                  selected={(one) => one.name === param('row')}
                  sort={Object.keys(SORT_OF).find((key) => SORT_OF[key] === sort)}
                  descending={sort !== 'name'}
                  onSort={(key) => setParams({ sort: SORT_OF[key] === sort ? null : (SORT_OF[key] ?? null) })}
                />
              ) : find ? (
                <Empty title={t('filtered')}>
                  <button class="btn" onClick={() => setParams({ find: null })}>
                    {t('clear')}
                  </button>
                </Empty>
              ) : (
                <NoData table="spans" q="" onQ={() => undefined} />
              )}
            </>
          )}
        </Loaded>
      </Panel>
    </div>
  );
}
