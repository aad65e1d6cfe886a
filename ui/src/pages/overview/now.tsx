// Is anything wrong now, and what changed? One answer, kept live by the stream.
import { useState } from 'preact/hooks';
import { count, duration, percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { refreshEvery, useGet } from '../../base/query';
import type { Traces } from '../../base/schema';
import { clock, nsToMs, toMs } from '../../base/time';
import { useStream } from '../../base/stream';
import { link } from '../../base/url';
import { codeName } from '../../components/codename';
import { BarChart } from '../../components/bars';
import { stateName } from '../../components/breakerwords';
import { Complete } from '../../components/complete';
import { Icon } from '../../components/icons';
import { Live } from '../../components/live';
import { Meter, Panel } from '../../components/parts';
import { useRange, useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial } from '../../components/states';
import { GLYPHS, STATE_COLOURS, stateOf, titleOf } from '../../model/breakers';
import { youngSince, type OverviewAnswer } from '../../model/overview';
import { DEFAULT_RANGE } from '../../model/range';
import { fine, health } from '../../model/services';
import { Changes } from './changes';

const t = texts({
  title: ['Overview', '总览'],
  open: ['Breakers not closed', '未关闭的熔断器'],
  refused: ['Calls refused per second', '每秒被拒绝的调用'],
  codes: ['Codes spiking', '突增的错误码'],
  sick: ['Sick services', '异常服务'],
  of: ['of {n}', '共 {n} 个'],
  failed: ['Failed calls', '失败率'],
  traffic: ['Calls per second', '每秒调用'],
  recent: ['in the last {time}', '最近 {time}'],
  changed: ['What changed, most surprising first', '近期变化（按异常程度排序）'],
  over_time: ['Calls and failures', '调用与失败'],
  fine: ['fine', '正常'],
  bad: ['failed', '失败'],
  now_open: ['Open now', '当前熔断'],
  spiking: ['Spiking now', '正在突增的错误码'],
  usual: ['{now}, {usual} expected', '{now} 次，预期 {usual} 次'],
  refused_calls: ['calls refused', '次调用被拒绝'],
  since: ['since {time}', '自 {time}'],
  worst: ['Failing now', '正在失败的服务'],
  slow: ['Slowest requests', '最慢的请求'],
  trips_shown: ['trip', '熔断'],
  young: ['The first calls of this window are of {time}: whatever was not seen before them is called new.', '该时间范围内最早的调用始于 {time}，在此之前未见过的都会标为“首次出现”。'],
  quiet: ['All quiet', '一切正常'],
  quiet_why: ['{spans} spans of {services} services, {codes} error codes and {breakers} breakers were looked at.', '已检查 {services} 个服务的 {spans} 个 Span、{codes} 个错误码和 {breakers} 个熔断器。'],
});

export function Now() {
  const range = useRangeQuery();
  const shown = useRange();
  // The stream tells of the last hour, which is what the page shows unless asked for another time.
  const usual = shown.kind === 'relative' && shown.range === DEFAULT_RANGE;
  const [streamed, setStreamed] = useState<OverviewAnswer | null>(null);
  const [answered, setAnswered] = useState(false);
  const stream = useStream('stream/overview', {}, usual && answered, { overview: (data) => setStreamed(data as OverviewAnswer) });
  const answer = useGet<OverviewAnswer>('overview', range, { every: refreshEvery() || (usual && stream === 'live' ? false : 10_000) });
  if (answer.data && !answered) setAnswered(true);
  const data = usual && streamed && stream === 'live' && (!answer.data || toMs(streamed.end) >= toMs(answer.data.end)) ? streamed : answer.data;
  const slow = useGet<Traces>('traces', { sort: 'slowest', limit: 6, ...range }, { every: false });
  return (
    <>
      <div class="page-head">
        <h1>{t('title')}</h1>
        <Complete of={data?.completeness} />
        <span class="spring" />
        <Live stream={stream} />
      </div>
      <Loaded answer={{ ...answer, data }} route="overview" rows={10}>
        {(one) => <Body one={one} slow={slow} />}
      </Loaded>
    </>
  );
}

function Body({ one, slow }: { one: OverviewAnswer; slow: ReturnType<typeof useGet<Traces>> }) {
  const { now, checked } = one;
  const young = youngSince(one);
  const recent = t('recent', { time: duration(now.recent_ns) });
  return (
    <>
      <Partial meta={(one as unknown as { meta: Record<string, unknown> }).meta} />
      <div class="tiles">
        <a class="tile" href={link('/breakers')}>
          <span class="name">{t('open')}</span>
          <span class={`value${now.open_breakers.total ? ' error-text' : ''}`}>{now.open_breakers.total}</span>
          <span class="sub">{t('of', { n: checked.breakers })}</span>
        </a>
        <a class="tile" href={link('/breakers', { view: 'limits' })}>
          <span class="name">{t('refused')}</span>
          <span class={`value${now.rejected_per_s > 0 ? ' error-text' : ''}`}>{rate(now.rejected_per_s)}</span>
          <span class="sub">{recent}</span>
        </a>
        <a class="tile" href={link('/errors')}>
          <span class="name">{t('codes')}</span>
          <span class={`value${now.spiking_codes.total ? ' error-text' : ''}`}>{now.spiking_codes.total}</span>
          <span class="sub">{t('of', { n: checked.codes })}</span>
        </a>
        <a class="tile" href={link('/services')}>
          <span class="name">{t('sick')}</span>
          <span class={`value${now.sick_services.total ? ' error-text' : ''}`}>{now.sick_services.total}</span>
          <span class="sub">{t('of', { n: checked.services })}</span>
        </a>
        <a class="tile" href={link('/traces', { q: 'status:error' })}>
          <span class="name">{t('failed')}</span>
          <span class="value">{percent(now.error_share)}</span>
          <span class="sub">{recent}</span>
        </a>
        <a class="tile" href={link('/traces')}>
          <span class="name">{t('traffic')}</span>
          <span class="value">{rate(now.calls_per_s)}</span>
          <span class="sub">{now.p95_ns === null ? recent : `p95 ${duration(now.p95_ns)}`}</span>
        </a>
      </div>
      <Panel title={t('over_time')}>
        <BarChart
          label={t('over_time')}
          height={110}
          unit={(value) => count(Math.round(value))}
          marks={one.changes.filter((change) => change.kind === 'trip' && change.time !== null).map((change) => ({ at: toMs(change.time!), colour: '--open', label: `${t('trips_shown')} ${change.service} › ${change.subject}` }))}
          bars={{
            t0: nsToMs(one.buckets.t0_ns),
            widthMs: one.buckets.width_ms,
            series: [
              { name: t('bad'), colour: '--open', counts: one.trend.errors },
              { name: t('fine'), colour: '--s10', counts: fine(one.trend) },
            ],
          }}
        />
      </Panel>
      <div class="grid two">
        <Panel title={t('changed')}>
          {one.changes.length === 0 ? (
            <Empty title={t('quiet')}>
              <p>{t('quiet_why', { spans: count(Math.round(checked.spans)), services: checked.services, codes: checked.codes, breakers: checked.breakers })}</p>
            </Empty>
          ) : (
            <>
              {young !== null && <p class="faint small">{t('young', { time: clock(young, 0) })}</p>}
              <Changes changes={one.changes} total={one.changes_total} />
            </>
          )}
        </Panel>
        <div class="grid" style={{ alignContent: 'start' }}>
          {now.open_breakers.listed.length > 0 && (
            <Panel title={t('now_open')}>
              {now.open_breakers.listed.slice(0, 6).map((breaker) => {
                const state = stateOf(breaker.state);
                return (
                  <a class="row exemplar" key={breaker.id} href={link('/breakers', { breaker: breaker.id, trip: breaker.state_since })}>
                    <span style={{ color: `var(${STATE_COLOURS[state]})` }}>{GLYPHS[state]}</span>
                    <strong class="cut">{titleOf(breaker)}</strong>
                    <span class="soft nowrap">{stateName(state)}</span>
                    <span class="spring" />
                    {breaker.refused > 0 && (
                      <span class="nowrap small">
                        <b class="error-text">{short(Math.round(breaker.refused))}</b> {t('refused_calls')}
                      </span>
                    )}
                    <span class="faint small nowrap">{t('since', { time: clock(toMs(breaker.state_since), 0) })}</span>
                  </a>
                );
              })}
            </Panel>
          )}
          {now.spiking_codes.listed.length > 0 && (
            <Panel title={t('spiking')}>
              {now.spiking_codes.listed.slice(0, 6).map((code) => (
                <a class="row exemplar" key={code.service + code.code} href={link('/errors', { code: code.code })}>
                  <strong class="mono cut" title={code.code}>
                    {codeName(code.code)}
                  </strong>
                  <span class="soft cut">{code.service}</span>
                  <span class="spring" />
                  <span class="small nowrap">{t('usual', { now: short(Math.round(code.count)), usual: short(Math.round(code.expected)) })}</span>
                </a>
              ))}
            </Panel>
          )}
          {now.sick_services.listed.length > 0 && (
            <Panel title={t('worst')}>
              {now.sick_services.listed.slice(0, 7).map((service) => (
                <a class="row exemplar" key={service.service} href={link(`/services/${encodeURIComponent(service.service)}`)}>
                  <i class={`dot ${health(service.health)}`} />
                  <span class="cut">{service.service}</span>
                  <span class="spring" />
                  <Meter share={service.error_share} tone="error" />
                  <span class="nowrap num" style={{ width: '58px' }}>
                    {percent(service.error_share)}
                  </span>
                </a>
              ))}
            </Panel>
          )}
          <Panel title={t('slow')}>
            <Loaded answer={slow} route="traces" rows={4}>
              {(data) => (
                <>
                  {data.traces.map((trace) => (
                    <a class="row exemplar" key={trace.trace_id} href={link(`/traces/${trace.trace_id}`)}>
                      <Icon name="traces" size={14} />
                      <span class="cut">
                        <span class="soft">{trace.root_service}</span> {trace.root_name}
                      </span>
                      <span class="spring" />
                      {trace.errors > 0 && <span class="error-text small nowrap">{count(trace.errors)} ✕</span>}
                      <strong class="nowrap">{duration(trace.duration_ns)}</strong>
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
