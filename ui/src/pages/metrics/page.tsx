// One metric over time: chosen by name, narrowed by labels, put together by function and label; exemplars lead to their traces.
import { useMemo, useState } from 'preact/hooks';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { MetricsRange } from '../../base/schema';
import { clock } from '../../base/time';
import { link, param, setParams } from '../../base/url';
import { Legend } from '../../components/bars';
import { Complete } from '../../components/complete';
import { LineChart } from '../../components/lines';
import { Panel, Segments, Select } from '../../components/parts';
import { useRange, useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial } from '../../components/states';
import { dots, isDistribution, linesOf, question, reader, usual, type Dot, type Shown } from '../../model/metrics';
import { bounds } from '../../model/range';
import { Labels } from './labels';
import { Names, useNames } from './names';

const t = texts({
  title: ['Metrics', '指标'],
  choose: ['Choose a metric', '请选择一个指标'],
  choose_how: [
    'Counters are shown as rates, distributions as quantiles. Dots are exemplars: each leads to its trace.',
    '计数器按速率显示，分布按分位数显示。图中圆点为样本（exemplar），点击可进入对应链路。',
  ],
  nothing: ['No series in this time', '该时间范围内没有时间序列'],
  where: ['Labels, for instance service_name="pay"', '标签筛选，例如 service_name="pay"'],
  fn: ['Function', '函数'],
  fits: ['What fits', '自动选择'],
  value: ['Value', '原始值'],
  rate: ['Rate', '速率'],
  increase: ['Increase', '增量'],
  of: ['Of the distribution', '分布取值'],
  count: ['How many', '数量'],
  sum: ['Sum', '总和'],
  avg: ['Average', '平均值'],
  agg: ['Put together', '聚合'],
  each: ['Every series', '每个序列'],
  min: ['Least', '最小值'],
  max: ['Greatest', '最大值'],
  series: ['Number of series', '序列数'],
  top: ['Top {count}', '前 {count} 名'],
  by: ['by labels, with commas', '按标签，用逗号分隔'],
  over: ['{metric} over time', '{metric} 趋势'],
  window: ['looks back {time}', '回溯窗口 {time}'],
  trace: ['{value} at {time}: show the trace', '{time} 的 {value}：查看链路'],
  read: ['{n} point of {series} series|{n} points of {series} series', '{series} 个序列，{n} 个数据点'],
});

const HEIGHT = 340;

export default function MetricsPage() {
  const names = useNames(param('find'));
  const metric = param('metric');
  const known = names.data?.names.find((one) => one.name === metric);
  const fit = usual(known);
  const shown: Shown = {
    metric,
    where: param('where'),
    fn: param('fn'),
    of: param('of') || fit.of,
    agg: param('agg') === 'none' ? '' : param('agg') || fit.agg,
    by: param('by') === 'none' ? '' : param('by') || fit.by,
  };
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        {metric && <span class="mono cut">{metric}</span>}
        {known?.unit && <span class="chip">{known.unit}</span>}
        {known && <span class="faint small cut">{known.description}</span>}
      </div>
      <div class="with-fields">
        <Names answer={names} metric={metric} />
        <div class="grid" style={{ minWidth: 0, alignContent: 'start', overflow: 'auto' }}>
          {metric === '' ? (
            <Panel>
              <Empty title={t('choose')}>
                <p>{t('choose_how')}</p>
              </Empty>
            </Panel>
          ) : (
            <Metric shown={shown} type={known?.type} unit={known?.unit} />
          )}
        </div>
        {metric !== '' && <Labels metric={metric} where={shown.where} by={shown.by} />}
      </div>
    </div>
  );
}

function Metric({ shown, type, unit }: { shown: Shown; type: string | undefined; unit: string | null | undefined }) {
  const answer = useGet<MetricsRange>('metrics/query_range', { ...question(shown), ...useRangeQuery() });
  return (
    <Panel title={<Controls shown={shown} type={type} />}>
      <div class="row" style={{ justifyContent: 'end' }}>
        <Complete of={answer.data?.completeness} end />
      </div>
      <Partial meta={answer.data?.meta} />
      <Loaded answer={answer} route="metrics/query_range" rows={10}>
        {(data) => (data.series.length === 0 ? <Empty title={t('nothing')} /> : <Chart data={data} shown={shown} unit={unit ?? data.types[0]?.unit} />)}
      </Loaded>
    </Panel>
  );
}

function Controls({ shown, type }: { shown: Shown; type: string | undefined }) {
  const set = (name: string) => (value: string) => setParams({ [name]: value || null }, 'replace');
  const { fn, of, agg, by } = shown;
  return (
    <div class="row" style={{ width: '100%' }}>
      <Text name="where" value={shown.where} label={t('where')} grow />
      {isDistribution(type) && (
        <Select
          label={t('of')}
          value={of}
          options={[...(type === 'summary' ? [] : (['0.5', '0.9', '0.95', '0.99'] as const).map((q) => [q, `p${q.slice(2).padEnd(2, '0')}`] as const)), ['avg', t('avg')], ['sum', t('sum')], ['count', t('count')]]}
          onChange={set('of')}
        />
      )}
      <Segments
        label={t('fn')}
        value={fn}
        options={[
          ['', t('fits')],
          ['value', t('value')],
          ['rate', t('rate')],
          ['increase', t('increase')],
        ]}
        onChange={set('fn')}
      />
      <Select
        label={t('agg')}
        value={agg || 'none'}
        options={[
          ['none', t('each')],
          ['sum', t('sum')],
          ['avg', t('avg')],
          ['min', t('min')],
          ['max', t('max')],
          ['count', t('series')],
          ['quantile:0.9', 'p90'],
          ['topk:5', t('top', { count: 5 })],
          ['topk:10', t('top', { count: 10 })],
        ]}
        onChange={set('agg')}
      />
      {agg !== '' && <Text name="by" value={by} label={t('by')} />}
    </div>
  );
}

/** A text that is asked for once it is done. */
function Text({ name, value, label, grow }: { name: string; value: string; label: string; grow?: boolean }) {
  return (
    <input
      key={value}
      class="input mono"
      style={grow ? { flex: '1 1 220px' } : { width: '170px' }}
      aria-label={label}
      placeholder={label}
      spellcheck={false}
      defaultValue={value}
      onChange={(event) => setParams({ [name]: event.currentTarget.value.trim() || (name === 'by' ? 'none' : null) }, 'replace')}
    />
  );
}

function Chart({ data, shown, unit }: { data: MetricsRange; shown: Shown; unit: string | null | undefined }) {
  const range = useRange();
  const lines = useMemo(() => linesOf(data), [data]);
  const window = useMemo(() => bounds(range, data.times_ms.at(-1)! + data.step_ms), [data]);
  const points = useMemo(() => dots(data, lines, window), [data]);
  // A quantile of a rate is in the unit of the values; so is an average.
  const counted = shown.of === 'count' ? null : unit;
  const read = reader(counted, data.function === 'rate' && (shown.of === '' || shown.of === 'count' || shown.of === 'sum'));
  const [open, setOpen] = useState(false);
  return (
    <>
      <div style={{ position: 'relative' }}>
        <LineChart label={t('over', { metric: data.metric })} times={lines.times} lines={lines.lines} height={HEIGHT} unit={read} range={window} />
        {points.map((dot) => (
          <Exemplar key={dot.key} dot={dot} read={read} />
        ))}
      </div>
      <div class="row" style={{ marginTop: '6px' }} onClick={() => setOpen(!open)}>
        <Legend series={open ? lines.lines : lines.lines.slice(0, 12)} />
      </div>
      <div class="faint small">
        {t('read', { n: data.meta.points, series: data.meta.series })} · {t('window', { time: reader('ms', false)(data.window_ms) })}
      </div>
    </>
  );
}

/** Over the plot: the axes take 58 px at the left and 24 px at the bottom, and 8 px stay free at the top and the right. */
function Exemplar({ dot, read }: { dot: Dot; read: (value: number) => string }) {
  const text = t('trace', { value: read(dot.value), time: clock(dot.at) });
  return (
    <a
      href={link(`/traces/${dot.trace}`)}
      title={text}
      aria-label={text}
      style={{
        position: 'absolute',
        left: `calc(58px + (100% - 66px) * ${dot.x.toFixed(4)} - 5px)`,
        top: `${(8 + (HEIGHT - 32) * (1 - dot.y) - 5).toFixed(1)}px`,
        width: '10px',
        height: '10px',
        transform: dot.above ? 'none' : 'rotate(45deg)',
        border: '1.5px solid var(--surface)',
        borderRadius: dot.above ? '50%' : '2px',
        background: `var(${dot.colour})`,
      }}
    />
  );
}
