// What there are many different ones of besides values of services: series of metrics, keys of attributes.
import { count, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import type { AttributeKeys, MetricSeries, SeriesTop } from '../../base/schema';
import { link } from '../../base/url';
import { Meter, Panel, Table, type Column } from '../../components/parts';

const t = texts({
  series: ['Most series', '时间序列最多的指标'],
  of: ['{n} series in {time}', '{time}内共 {n} 条序列'],
  metric: ['Metric', '指标'],
  service: ['Service', '服务'],
  count: ['Series', '序列数'],
  keys: ['Attribute keys', '属性键'],
  column: ['In', '所在列'],
  different: ['Keys', '键数'],
  rarest: ['Rarest', '最少见'],
  beyond: ['{n} beyond', '{n} 块超限'],
  beyond_why: ['So many blocks have more than {max} keys: a key seems to carry a value, and searches for any attribute read all rows of them', '这些数据块的键数超过 {max}：键名中可能包含取值，按属性查询时需读取其全部行'],
});

export function ManySeries({ of }: { of: SeriesTop }) {
  if (of.total === 0 && of.partial.length === 0) return null;
  const columns: Column<MetricSeries>[] = [
    { key: 'metric', title: t('metric'), wide: true, width: 220, cell: (one) => <a class="mono" title={one.metric} href={link('/explore/metrics', { metric: one.metric })}>{one.metric}</a> },
    { key: 'service', title: t('service'), cell: (one) => one.service },
    { key: 'count', title: t('count'), num: true, cell: (one) => count(one.series) },
    { key: 'share', title: '', cell: (one) => <Meter share={one.series / Math.max(1, of.total)} /> },
  ];
  return (
    <Panel title={t('series')} flush actions={<span class="faint">{t('of', { n: of.total, time: duration(of.range_ns) })}</span>}>
      {of.partial.length > 0 && <p class="strip">{of.partial.join(' · ')}</p>}
      <Table label={t('series')} columns={columns} rows={of.top.slice(0, 8)} keyOf={(one) => `${one.metric} ${one.service}`} />
    </Panel>
  );
}

export function ManyKeys({ of }: { of: readonly AttributeKeys[] }) {
  if (of.length === 0) return null;
  const columns: Column<AttributeKeys>[] = [
    { key: 'column', title: t('column'), cell: (one) => <span class="mono nowrap">{`${one.table}.${one.column}`}</span> },
    {
      key: 'keys',
      title: t('different'),
      num: true,
      cell: (one) => (
        <>
          {one.blocks_beyond > 0 && (
            <span class="badge error" title={t('beyond_why', { max: one.keys_max })}>
              {t('beyond', { n: one.blocks_beyond })}
            </span>
          )}{' '}
          {count(one.keys)}
        </>
      ),
    },
    { key: 'rarest', title: t('rarest'), wide: true, width: 220, hideSmall: true, cell: (one) => <span class="mono faint" title={one.rarest.join(', ')}>{one.rarest.join(', ')}</span> },
  ];
  return (
    <Panel title={t('keys')} flush>
      <Table label={t('keys')} columns={columns} rows={of.slice(0, 8)} keyOf={(one) => `${one.table} ${one.column}`} />
    </Panel>
  );
}
