// The same from counts of spans, breakers and codes: for a server that has no answer of its own yet.
import { count, percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { HistogramAnswer, Traces } from '../../base/schema';
import { dayClock, nsToMs } from '../../base/time';
import { link } from '../../base/url';
import { BarChart } from '../../components/bars';
import { Icon } from '../../components/icons';
import { Meter, Panel } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded, Skeleton } from '../../components/states';
import { duration } from '../../base/format';
import { STATES, isActive, type BreakersAnswer } from '../../model/breakers';
import type { CodesAnswer } from '../../model/errors';
import { happenings } from '../../model/happenings';
import { health, services } from '../../model/traffic';

const t = texts({
  title: ['Overview', '总览'],
  open: ['Breakers not closed', '未闭合的熔断器'],
  trips: ['{n} trip in this time|{n} trips in this time', '该时间范围内熔断 {n} 次'],
  refused: ['Calls refused', '被拒绝的调用'],
  codes: ['Codes new or spiking', '新增或突增的错误码'],
  codes_of: ['of {n} codes', '共 {n} 个错误码'],
  sick: ['Services with failures', '有失败的服务'],
  of: ['of {n}', '共 {n} 个'],
  failed: ['Failed spans', '失败的 Span'],
  traffic: ['Spans per second', '每秒 Span 数'],
  changed: ['What happened, most surprising first', '发生了什么（按意外程度排序）'],
  quiet: ['All quiet', '一切正常'],
  quiet_why: ['{spans} spans of {services} services were looked at.', '已检查 {services} 个服务的 {spans} 个 Span。'],
  over_time: ['Traffic and failures', '流量与失败'],
  fine: ['fine', '正常'],
  bad: ['failed', '失败'],
  trip: ['breaker tripped {n}×', '熔断 {n} 次'],
  code_new: ['new code, {n}×', '新错误码，{n} 次'],
  code_spiking: ['code is spiking, {n}×', '错误码突增，{n} 次'],
  code_regressed: ['code is back, {n}×', '错误码复发，{n} 次'],
  service_sick: ['many failures, {n}', '大量失败，{n} 次'],
  worst: ['Services by failures', '服务失败排行'],
  slow: ['Slowest requests', '最慢的请求'],
  not_known: ['not offered', '未提供'],
});

const ICONS = { trip: 'breakers', code_new: 'errors', code_spiking: 'errors', code_regressed: 'errors', service_sick: 'services' } as const;

export function Counted() {
  const range = useRangeQuery();
  const all = useGet<HistogramAnswer>('spans/histogram', { by: 'service', series: 50, buckets: 60, ...range });
  const failed = useGet<HistogramAnswer>('spans/histogram', { by: 'service', series: 50, buckets: 60, q: 'status:error', ...range });
  const breakers = useGet<BreakersAnswer>('breakers', { tripped: true, limit: 100, ...range });
  const codes = useGet<CodesAnswer>('errors/codes', { limit: 200, ...range });
  const slow = useGet<Traces>('traces', { sort: 'slowest', limit: 7, ...range });
  const list = all.data ? services(all.data, failed.data) : [];
  const found = happenings(breakers.data, codes.data, list, Date.now());
  const sick = list.filter((one) => health(one) !== 'ok');
  const active = breakers.data ? STATES.filter(isActive).reduce((sum, state) => sum + (breakers.data!.summary.states[state] ?? 0), 0) : null;
  const odd = codes.data ? codes.data.codes.filter((code) => code.status !== 'steady').length : null;
  const [spans, errors] = [list.reduce((sum, one) => sum + one.spans, 0), list.reduce((sum, one) => sum + one.errors, 0)];
  const n = all.data?.buckets ?? 0;
  const bad = new Array<number>(n).fill(0);
  const good = new Array<number>(n).fill(0);
  for (const one of list) {
    one.trend.forEach((value, index) => (good[index]! += value - (one.errorTrend[index] ?? 0)));
    one.errorTrend.forEach((value, index) => (bad[index]! += value));
  }
  return (
    <>
      <div class="page-head">
        <h1>{t('title')}</h1>
      </div>
      <div class="tiles">
        <a class="tile" href={link('/breakers', { tripped: '1' })}>
          <span class="name">{t('open')}</span>
          <span class={`value${active ? ' error-text' : ''}`}>{active ?? '–'}</span>
          <span class="sub">{breakers.data ? t('trips', { n: breakers.data.summary.trips }) : breakers.error ? t('not_known') : ''}</span>
        </a>
        <a class="tile" href={link('/breakers', { sort: 'cost' })}>
          <span class="name">{t('refused')}</span>
          <span class={`value${breakers.data?.summary.refused ? ' error-text' : ''}`}>{breakers.data ? short(Math.round(breakers.data.summary.refused)) : '–'}</span>
          <span class="sub">{breakers.data ? duration(breakers.data.summary.open_ns) : breakers.error ? t('not_known') : ''}</span>
        </a>
        <a class="tile" href={link('/errors')}>
          <span class="name">{t('codes')}</span>
          <span class={`value${odd ? ' error-text' : ''}`}>{odd ?? '–'}</span>
          <span class="sub">{codes.data ? t('codes_of', { n: codes.data.codes_total }) : codes.error ? t('not_known') : ''}</span>
        </a>
        <a class="tile" href={link('/services')}>
          <span class="name">{t('sick')}</span>
          <span class={`value${sick.length ? ' error-text' : ''}`}>{all.data ? sick.length : '–'}</span>
          <span class="sub">{t('of', { n: list.length })}</span>
        </a>
        <a class="tile" href={link('/traces', { q: 'status:error' })}>
          <span class="name">{t('failed')}</span>
          <span class="value">{all.data ? percent(spans ? errors / spans : 0) : '–'}</span>
          <span class="sub">{count(errors)}</span>
        </a>
        <a class="tile" href={link('/traces')}>
          <span class="name">{t('traffic')}</span>
          <span class="value">{!all.data ? '–' : rate(list.reduce((sum, one) => sum + one.perSecond, 0))}</span>
          <span class="sub">{count(spans)}</span>
        </a>
      </div>
      <Panel title={t('over_time')}>
        <Loaded answer={all} route="spans/histogram" rows={3}>
          {(data) => (
            <BarChart
              label={t('over_time')}
              height={120}
              bars={{
                t0: nsToMs(data.t0_ns),
                widthMs: data.width_ms,
                series: [
                  { name: t('bad'), colour: '--open', counts: bad },
                  { name: t('fine'), colour: '--s10', counts: good },
                ],
              }}
            />
          )}
        </Loaded>
      </Panel>
      <div class="grid two">
        <Panel title={t('changed')}>
          {!all.data ? (
            <Skeleton rows={5} />
          ) : found.length === 0 ? (
            <Empty title={t('quiet')}>
              <p>{t('quiet_why', { spans: count(spans), services: list.length })}</p>
            </Empty>
          ) : (
            <ul class="plain-list">
              {found.slice(0, 12).map((one) => (
                <li key={one.kind + one.title + one.at}>
                  <a class="row exemplar" href={link(one.to[0], one.to[1])}>
                    <span class={one.kind === 'trip' || one.kind === 'code_spiking' ? 'error-text' : 'warn-text'} style={{ display: 'flex' }}>
                      <Icon name={ICONS[one.kind]} size={15} />
                    </span>
                    <strong class="cut">{one.title}</strong>
                    <span class="soft nowrap">{t(one.kind, { n: short(Math.round(one.count)) })}</span>
                    <span class="faint cut">{one.detail}</span>
                    <span class="spring" />
                    <span class="faint small nowrap">{one.kind === 'service_sick' ? '' : dayClock(one.at)}</span>
                  </a>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <div class="grid" style={{ alignContent: 'start' }}>
          <Panel title={t('worst')}>
            {!all.data && <Skeleton rows={5} />}
            {list.slice(0, 7).map((one) => (
              <a class="row exemplar" key={one.name} href={link(`/services/${encodeURIComponent(one.name)}`)}>
                <i class={`dot ${health(one)}`} />
                <span class="cut">{one.name}</span>
                <span class="spring" />
                <Meter share={one.errorShare} tone="error" />
                <span class="nowrap num" style={{ width: '58px' }}>
                  {percent(one.errorShare)}
                </span>
              </a>
            ))}
          </Panel>
          <Panel title={t('slow')}>
            <Loaded answer={slow} route="traces" rows={4}>
              {(data) => (
                <>
                  {data.traces.map((trace) => (
                    <a class="row exemplar" key={trace.trace_id} href={link(`/traces/${trace.trace_id}`)}>
                      <span class="cut">
                        <span class="soft">{trace.root_service}</span> {trace.root_name}
                      </span>
                      <span class="spring" />
                      {trace.errors > 0 && <span class="error-text small nowrap">{count(trace.errors)} ✕</span>}
                      <strong class="cut">{duration(trace.duration_ns)}</strong>
                    </a>
                  ))}
                </>
              )}
            </Loaded>
          </Panel>
        </div>
      </div>
    </>
  );
}
