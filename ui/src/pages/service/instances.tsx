// Who answers for a service, and whether the load is shared.
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { Spark } from '../../components/bars';
import { Meter, Panel, Table, type Column } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { TopCode } from '../../components/topcode';
import { condition } from '../../model/search';
import { replacements, type Instance } from '../../model/services';

const t = texts({
  title: ['Instances', '实例'],
  instance: ['Instance', '实例'],
  place: ['Where', '位置'],
  version: ['Version', '版本'],
  calls: ['Calls/s', '调用/秒'],
  share: ['Share', '占比'],
  skew: ['Against its share', '相对应得份额'],
  weight: ['weight {n}', '权重 {n}'],
  failed: ['Failed', '失败率'],
  trend: ['Calls over time', '调用趋势'],
  slow: ['p95 over time', 'p95 趋势'],
  code: ['Most frequent code', '主要错误码'],
  since: ['{version} since {time}', '{version}，自 {time} 起'],
  seen: ['Seen', '出现时间'],
  restarts: ['{n} restart|{n} restarts', '重启 {n} 次'],
  silent: ['silent since {time}', '自 {time} 起无数据'],
  even: ['Shared as expected: {share}', '负载均衡度：{share}'],
  none: ['No instance is known', '没有已知实例'],
  unnamed: ['spans do not say which', 'Span 未标明'],
});

/** Its versions; of one that came after another, since when. */
function Versions({ of }: { of: Instance }) {
  const later = new Map(replacements(of.versions, toMs).map(({ at, version }) => [version, at]));
  return (
    <span class="mono small">
      {of.versions.map((one) => (later.has(one.version) ? t('since', { version: one.version, time: dayClock(later.get(one.version)!) }) : one.version)).join(', ')}
    </span>
  );
}

export function Instances({ service }: { service: string }) {
  const answer = useGet<{ instances: Instance[]; fairness: number | null }>(`services/${encodeURIComponent(service)}/instances`, useRangeQuery());
  const columns: Column<Instance>[] = [
    {
      key: 'instance',
      title: t('instance'),
      wide: true,
      cell: (one) =>
        one.instance ? (
          <a class="main mono" href={link('/traces', { q: `${condition('service', service)} AND ${condition('service.instance.id', one.instance)}` })}>
            {one.instance}
          </a>
        ) : (
          <span class="faint">{t('unnamed')}</span>
        ),
    },
    { key: 'place', title: t('place'), hideSmall: true, cell: (one) => <span class="faint nowrap">{one.place}</span> },
    { key: 'version', title: t('version'), hideSmall: true, cell: (one) => <Versions of={one} /> },
    { key: 'calls', title: t('calls'), num: true, cell: (one) => rate(one.calls_per_s) },
    { key: 'trend', title: t('trend'), hideSmall: true, class: 'hide-medium', cell: (one) => <Spark values={one.trend.count} tone="--s0" /> },
    { key: 'share', title: t('share'), hideSmall: true, cell: (one) => <Meter share={one.share} tone={one.skew !== null && one.skew > 1.5 ? 'warn' : undefined} /> },
    {
      key: 'skew',
      title: t('skew'),
      num: true,
      cell: (one) =>
        one.skew === null ? (
          '–'
        ) : (
          <span class="nowrap">
            {one.weight !== null && <span class="faint small">{`${t('weight', { n: one.weight })} `}</span>}
            <span class={one.skew > 1.5 || one.skew < 0.5 ? 'warn-text strong' : 'faint'}>{`×${one.skew.toFixed(2)}`}</span>
          </span>
        ),
    },
    { key: 'failed', title: t('failed'), num: true, cell: (one) => <span class={one.error_share >= 0.05 ? 'error-text strong' : one.error_share >= 0.01 ? 'warn-text' : 'faint'}>{percent(one.error_share)}</span> },
    ...(['p50_ns', 'p95_ns', 'p99_ns'] as const).map((key): Column<Instance> => ({ key, title: key.slice(0, 3), num: true, hideSmall: key !== 'p95_ns', cell: (one) => (one[key] === null ? '–' : duration(one[key])) })),
    { key: 'slow', title: t('slow'), hideSmall: true, class: 'hide-medium', cell: (one) => <Spark values={one.trend.p95_ns} tone="--s3" /> },
    { key: 'code', title: t('code'), hideSmall: true, cell: (one) => <TopCode of={one.top_codes} /> },
    {
      key: 'seen',
      title: t('seen'),
      hideSmall: true,
      cell: (one) => (
        <span class="nowrap small">
          {one.silent_since ? <span class="badge error">{t('silent', { time: dayClock(toMs(one.silent_since)) })}</span> : <span class="faint">{dayClock(toMs(one.first_seen))}</span>}
          {one.restarts > 0 && <span class="badge warn">{t('restarts', { n: one.restarts })}</span>}
        </span>
      ),
    },
  ];
  return (
    <Panel title={t('title')} flush actions={answer.data?.fairness !== null && answer.data !== undefined && <span class="soft">{t('even', { share: percent(answer.data.fairness!) })}</span>}>
      <Loaded answer={answer} route="services/{service}/instances" rows={5}>
        {(data) => (data.instances.length === 0 ? <Empty title={t('none')} /> : <Table label={t('title')} columns={columns} rows={data.instances} keyOf={(one) => one.instance} />)}
      </Loaded>
    </Panel>
  );
}
