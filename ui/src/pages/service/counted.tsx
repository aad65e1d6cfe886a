// A service from counts of spans: for a server that has no answer of its own yet.
import { count, duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useAnswer, useGet } from '../../base/query';
import { send } from '../../base/api';
import type { Deltas, HistogramAnswer, Traces, ValuesAnswer } from '../../base/schema';
import { clock, nsToMs, toMs } from '../../base/time';
import { link } from '../../base/url';
import { BarChart } from '../../components/bars';
import { Meter, Panel, Table } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded, Empty } from '../../components/states';
import { valueText } from '../../components/attributes';
import { condition } from '../../model/search';
import type { CodesAnswer } from '../../model/errors';
import { STATE_COLOURS, GLYPHS, stateOf, type BreakersAnswer } from '../../model/breakers';

const t = texts({
  all: ['All services', '全部服务'],
  spans: ['Spans over time', 'Span 趋势'],
  ok: ['fine', '正常'],
  failed: ['failed', '失败'],
  operations: ['Operations', '操作'],
  operation: ['Operation', '操作'],
  calls: ['Spans', 'Span 数'],
  share: ['Share', '占比'],
  failing: ['Which of them fail', '失败的操作'],
  none_fail: ['None fails in this time.', '该时间范围内没有失败。'],
  slowest: ['Slowest traces', '最慢的链路'],
  newest_failed: ['Newest failed traces', '最新失败链路'],
  none: ['None in this time', '该时间范围内没有'],
  apart: ['What sets failures apart', '失败的特征'],
  against: ['{with} of failures, {without} of the rest', '失败中 {with}，其余 {without}'],
  codes: ['Error codes born here', '在此产生的错误码'],
  breakers: ['Breakers of this service', '此服务的熔断器'],
  traces: ['Traces', '链路'],
  logs: ['Logs', '日志'],
});

export function Counted({ id }: { id: string }) {
  const range = useRangeQuery();
  const q = condition('service', id);
  const bad = `${q} AND status:error`;
  const all = useGet<HistogramAnswer>('spans/histogram', { by: 'status', buckets: 80, q, ...range });
  const operations = useGet<ValuesAnswer>('spans/fields/name/values', { q, limit: 30, ...range });
  const failing = useGet<ValuesAnswer>('spans/fields/name/values', { q: bad, limit: 10, ...range });
  const slowest = useGet<Traces>('traces', { q, sort: 'slowest', limit: 8, ...range });
  const newest = useGet<Traces>('traces', { q: bad, limit: 8, ...range });
  const codes = useGet<CodesAnswer>('errors/codes', { service: id, limit: 8, ...range });
  const breakers = useGet<BreakersAnswer>('breakers', { service: id, limit: 20, ...range });
  const apart = useAnswer<Deltas>(['deltas', 'service', id, range], (signal) => send<Deltas>('POST', 'deltas', { q, selection: { q: 'status:error' }, limit: 8, values: 2, sample: 2000, ...range }, signal), { settled: true });
  return (
    <div class="page">
      <div class="page-head">
        <a href={link('/services')}>{t('all')}</a>
        <span class="faint">/</span>
        <h1>{id}</h1>
        <span class="spring" />
        <a class="btn" href={link('/traces', { q })}>
          {t('traces')}
        </a>
        <a class="btn" href={link('/logs', { q })}>
          {t('logs')}
        </a>
      </div>
      <Panel title={t('spans')}>
        <Loaded answer={all} route="spans/histogram" rows={3}>
          {(data) => (
            <BarChart
              height={120}
              label={t('spans')}
              bars={{
                t0: nsToMs(data.t0_ns),
                widthMs: data.width_ms,
                series: [...data.series]
                  .sort((a, b) => Number(a.value === 'error') - Number(b.value === 'error'))
                  .map((one) => ({ name: one.value === 'error' ? t('failed') : (one.value ?? t('ok')), colour: one.value === 'error' ? '--open' : one.value === 'ok' ? '--s8' : '--s0', counts: one.counts })),
              }}
            />
          )}
        </Loaded>
      </Panel>
      <div class="grid two">
        <Panel title={t('operations')} flush>
          <Loaded answer={operations} route="spans/fields/name/values">
            {(data) => (
              <Table
                label={t('operations')}
                columns={[
                  { key: 'name', title: t('operation'), wide: true, cell: (one) => <a class="main" href={link('/traces', { q: `${q} AND ${condition('name', one.value)}` })}>{one.value}</a> },
                  { key: 'calls', title: t('calls'), num: true, cell: (one) => count(one.count) },
                  { key: 'share', title: t('share'), cell: (one) => <Meter share={one.share} /> },
                ]}
                rows={data.values}
                keyOf={(one) => one.value}
              />
            )}
          </Loaded>
        </Panel>
        <div class="grid" style={{ alignContent: 'start' }}>
          <Panel title={t('failing')} flush>
            <Loaded answer={failing} route="spans/fields/name/values" rows={3}>
              {(data) =>
                data.values.length === 0 ? (
                  <Empty title={t('none_fail')} />
                ) : (
                  <Table
                    label={t('failing')}
                    columns={[
                      { key: 'name', title: t('operation'), wide: true, cell: (one) => <a class="main" href={link('/traces', { q: `${bad} AND ${condition('name', one.value)}` })}>{one.value}</a> },
                      { key: 'calls', title: t('failed'), num: true, cell: (one) => <span class="error-text strong">{count(one.count)}</span> },
                      { key: 'share', title: t('share'), cell: (one) => <Meter share={one.share} tone="error" /> },
                    ]}
                    rows={data.values}
                    keyOf={(one) => one.value}
                  />
                )
              }
            </Loaded>
          </Panel>
          <Panel title={t('apart')}>
            <Loaded answer={apart} route="deltas" rows={3}>
              {(data) => (
                <>
                  {data.attributes
                    .filter((one) => one.score > 0.1 && !/(^|\.)(span_id|trace_id|status_code|duration)/.test(one.attribute))
                    .slice(0, 5)
                    .map((one) => (
                      <div class="delta" key={one.attribute}>
                        <span class="mono faint">{one.attribute}</span>
                        {one.values.slice(0, 1).map((value) => (
                          <div class="row" key={valueText(value.value)} style={{ flexWrap: 'nowrap' }}>
                            <span class="mono strong cut">{valueText(value.value)}</span>
                            <span class="spring" />
                            <span class="soft small nowrap">{t('against', { with: percent(value.selection_share), without: percent(value.baseline_share) })}</span>
                          </div>
                        ))}
                      </div>
                    ))}
                  {data.attributes.length === 0 && <p class="faint">{t('none')}</p>}
                </>
              )}
            </Loaded>
          </Panel>
        </div>
      </div>
      <div class="grid two">
        <TraceList title={t('slowest')} answer={slowest} />
        <TraceList title={t('newest_failed')} answer={newest} />
        <Panel title={t('codes')}>
          <Loaded answer={codes} route="errors/codes" rows={3}>
            {(data) => (
              <>
                {data.codes.map((code) => (
                  <div class="row" key={code.code} style={{ flexWrap: 'nowrap' }}>
                    <a class="mono strong" href={link('/errors', { code: code.code })}>
                      {code.code}
                    </a>
                    <span class="cut soft">{code.title || code.message}</span>
                    <span class="spring" />
                    {short(Math.round(code.count))}
                  </div>
                ))}
                {data.codes.length === 0 && <p class="faint">{t('none')}</p>}
              </>
            )}
          </Loaded>
        </Panel>
        <Panel title={t('breakers')}>
          <Loaded answer={breakers} route="breakers" rows={3}>
            {(data) => (
              <>
                {data.breakers.map((row) => (
                  <a class="row exemplar" key={row.id} href={link('/breakers', { breaker: row.id })}>
                    <span style={{ color: `var(${STATE_COLOURS[stateOf(row.state)]})` }}>{GLYPHS[stateOf(row.state)]}</span>
                    <span class="cut">
                      › {row.targets.join(', ')} {row.name}
                    </span>
                    <span class="spring" />
                    <span class="faint small nowrap">
                      {row.trips} · {duration(row.open_ns)}
                    </span>
                  </a>
                ))}
                {data.breakers.length === 0 && <p class="faint">{t('none')}</p>}
              </>
            )}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}

function TraceList({ title, answer }: { title: string; answer: ReturnType<typeof useGet<Traces>> }) {
  return (
    <Panel title={title}>
      <Loaded answer={answer} route="traces" rows={4}>
        {(data) => (
          <>
            {data.traces.map((trace) => (
              <a class="row exemplar" key={trace.trace_id} href={link(`/traces/${trace.trace_id}`)}>
                <span class="mono faint">{clock(toMs(trace.start_time), 0)}</span>
                <span class="cut">
                  <span class="soft">{trace.root_service}</span> {trace.root_name}
                </span>
                <span class="spring" />
                {trace.errors > 0 && <span class="error-text small">{count(trace.errors)} ✕</span>}
                <strong class="nowrap">{duration(trace.duration_ns)}</strong>
              </a>
            ))}
            {data.traces.length === 0 && <p class="faint">{t('none')}</p>}
          </>
        )}
      </Loaded>
    </Panel>
  );
}
