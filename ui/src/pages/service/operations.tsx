// What a service does, by the time it takes in sum.
import { useState } from 'preact/hooks';
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { Spark } from '../../components/bars';
import { Meter, Panel, Segments, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { TopCode } from '../../components/topcode';
import { condition } from '../../model/search';
import { replacements, type Operation } from '../../model/services';

const t = texts({
  title: ['Operations', '操作'],
  operation: ['Operation', '操作'],
  which: ['Which', '类型'],
  server: ['it serves', '对外提供'],
  client: ['it calls', '对外调用'],
  all: ['all', '全部'],
  calls: ['Per second', '每秒'],
  failed: ['Failed', '失败率'],
  trend: ['Calls over time', '调用趋势'],
  slow: ['p95 over time', 'p95 趋势'],
  code: ['Most frequent code', '主要错误码'],
  changed: ['{version} since {time}', '{version}，自 {time} 起'],
  time: ['Share of time', '时间占比'],
  examples: ['Examples', '示例'],
  slowest: ['slowest', '最慢'],
  bad: ['failed', '失败'],
  none: ['No operation of this kind', '没有此类操作'],
  others: ['all others: there are too many names', '其他（名称过多）'],
});

type Which = 'server' | 'client' | 'all';
const KINDS: Record<Which, readonly string[] | null> = { server: ['server', 'consumer'], client: ['client', 'producer'], all: null };

export function Operations({ service }: { service: string }) {
  const answer = useGet<{ operations: Operation[]; total: number }>(`services/${encodeURIComponent(service)}/operations`, useRangeQuery());
  const [chosen, setChosen] = useState<Which | null>(null);
  const all = answer.data?.operations ?? [];
  const which = chosen ?? (all.some((one) => KINDS.server!.includes(one.kind)) ? 'server' : 'all');
  const rows = all.filter((one) => KINDS[which] === null || KINDS[which]!.includes(one.kind));
  const q = (one: Operation) => (one.name === null ? condition('service', service) : `${condition('service', service)} AND ${condition('name', one.name)}`);
  const columns: Column<Operation>[] = [
    {
      key: 'name',
      title: t('operation'),
      wide: true,
      cell: (one) =>
        one.name === null ? (
          <span class="soft">{t('others')}</span>
        ) : (
          <>
            <a class="main" href={link('/traces', { q: q(one) })}>
              {one.name}
            </a>
            {replacements(one.versions, toMs).map(({ at, version }) => (
              <span key={version} class="badge">
                {t('changed', { version, time: dayClock(at) })}
              </span>
            ))}
          </>
        ),
    },
    { key: 'calls', title: t('calls'), num: true, cell: (one) => rate(one.per_s) },
    { key: 'trend', title: t('trend'), hideSmall: true, class: 'hide-medium', cell: (one) => <Spark values={one.trend.count} tone="--s0" /> },
    {
      key: 'failed',
      title: t('failed'),
      num: true,
      cell: (one) =>
        one.errors > 0 ? (
          <a class={one.error_share >= 0.05 ? 'error-text strong' : 'warn-text'} href={link('/traces', { q: `${q(one)} AND status:error` })}>
            {percent(one.error_share)}
          </a>
        ) : (
          <span class="faint">0</span>
        ),
    },
    ...(['p50_ns', 'p95_ns', 'p99_ns'] as const).map((key): Column<Operation> => ({ key, title: key.slice(0, 3), num: true, hideSmall: key !== 'p95_ns', cell: (one) => (one[key] === null ? '–' : duration(one[key])) })),
    { key: 'slow', title: t('slow'), hideSmall: true, class: 'hide-medium', cell: (one) => <Spark values={one.trend.p95_ns} tone="--s3" /> },
    { key: 'code', title: t('code'), hideSmall: true, cell: (one) => <TopCode of={one.top_codes} /> },
    { key: 'time', title: t('time'), hideSmall: true, cell: (one) => <Meter share={one.time_share} /> },
    {
      key: 'examples',
      title: t('examples'),
      hideSmall: true,
      cell: (one) => (
        <span class="nowrap small">
          {one.exemplars.slowest_trace_id && <a href={link(`/traces/${one.exemplars.slowest_trace_id}`)}>{t('slowest')}</a>}
          {one.exemplars.failed_trace_id && (
            <>
              {' · '}
              <a class="error-text" href={link(`/traces/${one.exemplars.failed_trace_id}`)}>
                {t('bad')}
              </a>
            </>
          )}
        </span>
      ),
    },
  ];
  return (
    <Panel title={t('title')} flush actions={<Segments label={t('which')} value={which} options={(['server', 'client', 'all'] as const).map((one) => [one, t(one)] as const)} onChange={setChosen} />}>
      <Loaded answer={answer} route="services/{service}/operations" rows={6}>
        {() => (rows.length === 0 ? <Empty title={t('none')} /> : <Table label={t('title')} columns={columns} rows={rows} keyOf={(one) => `${one.kind} ${one.name}`} />)}
      </Loaded>
    </Panel>
  );
}
