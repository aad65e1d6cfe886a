// One trip: why, which errors, whom it hurt, how it ended.
import { apiUrl } from '../../base/api';
import { count, duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { clock, dayClock, nsToMs, toMs } from '../../base/time';
import { link, setParams } from '../../base/url';
import { Spark } from '../../components/bars';
import { codeName } from '../../components/codename';
import { Icon } from '../../components/icons';
import { Drawer, Meter, copy } from '../../components/parts';
import { useRangeQuery, frozenLink } from '../../components/range';
import { Loaded } from '../../components/states';
import { GLYPHS, STATE_COLOURS, level, stateOf, titleOf, type BreakerAnswer, type Related, type Trip, type TripAnswer } from '../../model/breakers';
import { MECHANISMS, causeName, known, levelName, mechanismName, stateName } from '../../components/breakerwords';
import { MiniLane } from '../../components/lane';
import { TripStrip } from './strip';

const t = texts({
  trip: ['Trip', '熔断详情'],
  breaker: ['Breaker', '熔断器'],
  all_trips: ['All trips', '全部熔断记录'],
  why: ['Why', '原因'],
  why_inferred: ['No record says why. That it opened is told by the calls that were refused.', '没有记录说明原因，由被拒绝的调用推断出熔断。'],
  why_sampled: ['No record says why. A gauge of the library says that it opened.', '没有记录说明原因，由熔断组件的指标得知。'],
  confidence: ['confidence {n} %', '置信度 {n} %'],
  codes: ['Errors before', '熔断前的错误'],
  codes_none: ['No failure is known from the time before.', '此前没有已知的失败。'],
  lift: ['×{n} of usual', '为平时的 {n} 倍'],
  detect: ['Failures began {time} before it opened.', '熔断前 {time} 开始出现失败。'],
  exemplars: ['Exemplar traces', '示例链路'],
  last_failure: ['last failure before', '熔断前最后一次失败'],
  first_refused: ['first refused', '首个被拒绝'],
  last_refused: ['last refused', '最后一个被拒绝'],
  closing: ['the call that closed it', '触发恢复的调用'],
  healthy: ['healthy', '正常调用'],
  cost: ['Cost', '影响'],
  refused: ['calls refused', '次调用被拒绝'],
  not_contained: ['The trace failed, and no fallback absorbed it|All {n} traces failed: no fallback absorbed it', '{n} 条链路全部失败，无降级兜底'],
  contained: ['{n} of {all} traces did not fail all the same: a fallback absorbed it', '{all} 条链路中有 {n} 条未失败（已降级兜底）'],
  failed_of: ['{failed} of {n} failed', '{n} 次中失败 {failed} 次'],
  recovery: ['Recovery', '恢复'],
  open_for: ['open', '熔断'],
  half_for: ['half open', '半开'],
  probes: ['{n} probe|{n} probes', '{n} 次探测'],
  reopens: ['{n} reopen|{n} reopens', '重新熔断 {n} 次'],
  dependency: ['The dependency was well again after {time}', '依赖在 {time} 后恢复'],
  release: ['the breaker let go {time} later', '熔断器在其后 {time} 恢复放行'],
  drop: ['Share of calls refused, by second', '每秒拒绝比例'],
  ongoing: ['still open', '仍在熔断'],
  changes: ['What changed before', '此前的变更'],
  before: ['{time} before', '{time} 前'],
  chain: ['Chain', '级联熔断'],
  follows: ['follows from', '源自'],
  caused: ['caused', '引发'],
  steps: ['Transitions', '状态变化'],
  traces: ['Open traces', '查看链路'],
  on_map: ['On the map', '在拓扑中查看'],
  copy_summary: ['Copy summary', '复制摘要'],
  summary: ['{service} › {target}: breaker {name} opened {time}, {refused} calls refused, open {open}. {link}', '{service} › {target}：熔断器 {name} 于 {time} 熔断，拒绝 {refused} 次调用，持续 {open}。{link}'],
  none: ['No trip in this time.', '该时间范围内没有熔断。'],
  instances: ['Instances', '实例'],
  recover: ['Time to recover, mean', '平均恢复时间'],
  between: ['Between trips, mean', '平均熔断间隔'],
  episodes: ['Episodes', '熔断次数'],
  adaptive: ['Drops calls from {share} failures on, at {rate} calls/s or more', '失败率超过 {share} 且每秒不少于 {rate} 次调用时，开始按比例拒绝'],
  flaps: ['It flaps: it opens again soon after it closed. A longer wait may help.', '频繁抖动：恢复后很快再次熔断，可考虑延长等待时间。'],
  framework: ['Library', '组件'],
  operations: ['Operations', '操作'],
  from: ['at the earliest {time}', '最早可能于 {time}'],
});

const EXEMPLARS = ['last_failure', 'first_refused', 'last_refused', 'closing', 'healthy'];

export function BreakerDrawer({ id, trip }: { id: string; trip: string }) {
  const close = () => setParams({ breaker: null, trip: null }, 'replace');
  return trip ? <TripPanel id={id} at={trip} onClose={close} /> : <OnePanel id={id} onClose={close} />;
}

function TripPanel({ id, at, onClose }: { id: string; at: string; onClose: () => void }) {
  const route = `breakers/${id}/trips/${encodeURIComponent(at)}`;
  const answer = useGet<TripAnswer>(route);
  const data = answer.data;
  return (
    <Drawer
      label={t('trip')}
      title={data ? titleOf(data.breaker) : t('trip')}
      sub={data ? `${data.breaker.name} · ${dayClock(toMs(data.trip.opened.time))}` : ''}
      onClose={onClose}
      actions={
        <button class="btn small" onClick={() => setParams({ trip: null }, 'replace')}>
          {t('all_trips')}
        </button>
      }
    >
      <Loaded answer={answer} route="breakers/{id}/trips/{t}">
        {(one) => <TripBody one={one} />}
      </Loaded>
    </Drawer>
  );
}

function TripBody({ one }: { one: TripAnswer }) {
  const { trip, breaker } = one;
  const opened = toMs(trip.opened.time);
  const closed = trip.closed ? toMs(trip.closed.time) : null;
  const first = one.transitions[0];
  const summary = t('summary', {
    service: breaker.service,
    target: breaker.targets.join(', '),
    name: breaker.name,
    time: dayClock(opened),
    refused: count(Math.round(trip.refused)),
    open: duration(trip.open_ns),
    link: frozenLink(),
  });
  const traces = link('/traces', { start: new Date(opened - 30_000).toISOString(), end: new Date((closed ?? opened + 60_000) + 5_000).toISOString(), range: null, q: `service:"${breaker.service}" AND status:error` });
  return (
    <>
      <section>
        <div class="row">
          <strong class="big-number">{short(Math.round(trip.refused))}</strong>
          <span class="soft">{t('refused')}</span>
          <span class="spring" />
          <span class={closed === null ? 'badge error' : 'badge'}>{closed === null ? t('ongoing') : duration((closed - opened) * 1e6)}</span>
        </div>
        <div class="row">
          <a class="btn small" href={traces}>
            <Icon name="traces" size={13} />
            {t('traces')}
          </a>
          {breaker.targets[0] && (
            <a class="btn small" href={link('/map', { node: breaker.targets[0], at: one.trip.opened.time, start: new Date(opened - 600_000).toISOString(), end: new Date(Math.min(Date.now(), (closed ?? opened) + 600_000)).toISOString() })}>
              <Icon name="map" size={13} />
              {t('on_map')}
            </a>
          )}
          <button class="btn small" onClick={() => void copy(summary)}>
            <Icon name="copy" size={13} />
            {t('copy_summary')}
          </button>
          <a class="btn small" href={apiUrl(`breakers/${breaker.id}/trips/${encodeURIComponent(trip.opened.time)}`)} download={`trip-${breaker.id}.json`}>
            <Icon name="download" size={13} />
            JSON
          </a>
        </div>
      </section>
      <TripStrip one={one} />
      <section>
        <h3>{t('why')}</h3>
        <p>
          {first?.text ? saysWhy(first.cause) && causeName(first.cause) : saysWhy(first?.cause || trip.cause) ? causeName(first?.cause || trip.cause) : t(level(trip.method) === 'sampled' ? 'why_sampled' : 'why_inferred')}
          {first?.text && first.text !== first.cause && <span class="trip-text mono">{first.text}</span>}
        </p>
        <div class="row tight">
          <span class="badge accent">{levelName(level(trip.method))}</span>
          <span class="badge">{t('confidence', { n: trip.confidence })}</span>
          {trip.opened.lo && trip.opened.lo !== trip.opened.time && <span class="faint small">{t('from', { time: clock(toMs(trip.opened.lo)) })}</span>}
        </div>
      </section>
      <section>
        <h3>{t('codes')}</h3>
        {one.time_to_detect_ns !== null && one.time_to_detect_ns > 0 && <p class="soft">{t('detect', { time: duration(one.time_to_detect_ns) })}</p>}
        {one.codes.length === 0 ? (
          <p class="faint">{t('codes_none')}</p>
        ) : (
          one.codes.slice(0, 6).map((code) => (
            <div class="row" key={code.code} style={{ flexWrap: 'nowrap' }}>
              <a class="mono strong" style={{ minWidth: '110px' }} title={code.code} href={link('/errors', { code: code.code })}>
                {codeName(code.code)}
              </a>
              <Meter share={code.share} tone="error" />
              <span>{percent(code.share)}</span>
              <span class="spring" />
              <span class="faint small">{code.lift >= 1.05 && code.expected > 0 ? t('lift', { n: Number(code.lift.toPrecision(2)) }) : ''}</span>
            </div>
          ))
        )}
      </section>
      {one.exemplars.length > 0 && (
        <section>
          <h3>{t('exemplars')}</h3>
          {one.exemplars.map((exemplar) => (
            <a class="row exemplar" key={exemplar.kind + exemplar.trace_id} href={link(`/traces/${exemplar.trace_id}`, { span: exemplar.span_id })}>
              <span>{EXEMPLARS.includes(exemplar.kind) ? t(exemplar.kind as 'closing') : exemplar.kind.replaceAll('_', ' ')}</span>
              <span class="spring" />
              <span class="faint mono">{clock(toMs(exemplar.time))}</span>
            </a>
          ))}
        </section>
      )}
      {(one.hurt.traces > 0 || one.hurt.entry_points.length > 0) && (
        <section>
          <h3>{t('cost')}</h3>
          <p class="soft">{one.hurt.contained > 0 ? t('contained', { n: one.hurt.contained, all: one.hurt.traces }) : t('not_contained', { n: one.hurt.traces })}</p>
          {one.hurt.callers.length > 0 && (
            <p>
              {one.hurt.callers
                .slice()
                .sort((a, b) => b.distance - a.distance)
                .map((caller) => `${caller.service} ${count(caller.traces)}`)
                .join(' › ')}
            </p>
          )}
          {one.hurt.entry_points.slice(0, 6).map((entry) => (
            <div class="row" key={entry.service + entry.operation} style={{ flexWrap: 'nowrap' }}>
              <span class="cut">
                <span class="soft">{entry.service}</span> {entry.operation}
              </span>
              <span class="spring" />
              <span class="small nowrap">{t('failed_of', { failed: entry.failed, n: entry.traces })}</span>
            </div>
          ))}
        </section>
      )}
      <section>
        <h3>{t('recovery')}</h3>
        <p>
          {t('open_for')} <strong>{duration(trip.open_ns)}</strong> · {t('half_for')} <strong>{duration(trip.half_open_ns)}</strong> · {t('probes', { n: trip.probes })} · {t('reopens', { n: trip.reopens })}
        </p>
        {one.recovery?.dependency_ns !== null && one.recovery?.dependency_ns !== undefined && (
          <p class="soft">
            {t('dependency', { time: duration(one.recovery.dependency_ns) })}
            {one.recovery.release_ns !== null && `, ${t('release', { time: duration(one.recovery.release_ns) })}`}
          </p>
        )}
        {one.recovery && one.recovery.drop_ratio.length > 2 && (
          <div class="wide-spark">
            <Spark values={one.recovery.drop_ratio} max={1} tone="--open" label={t('drop')} />
            <span class="faint small">{t('drop')}</span>
          </div>
        )}
      </section>
      {one.changes.length > 0 && (
        <section>
          <h3>{t('changes')}</h3>
          {one.changes.map((change) => (
            <div class="row" key={change.time + change.what}>
              <span class="badge warn">{change.kind.replaceAll('_', ' ')}</span>
              <strong>{change.service}</strong>
              <span class="mono">{change.what}</span>
              <span class="spring" />
              <span class="faint small">{t('before', { time: duration(change.before_ns) })}</span>
            </div>
          ))}
        </section>
      )}
      {(one.root || one.parent || one.caused.length > 0) && (
        <section>
          <h3>{t('chain')}</h3>
          {[one.root, one.parent]
            .filter((of, index, all): of is Related => of !== null && (index === 0 || of.t !== all[0]?.t))
            .map((of) => (
              <RelatedTrip key={of.t} of={of} how={t('follows')} />
            ))}
          {one.caused.map((of) => (
            <RelatedTrip key={of.breaker_id + of.t} of={of} how={t('caused')} />
          ))}
        </section>
      )}
      <section>
        <h3>{t('steps')}</h3>
        {one.transitions.slice(0, 40).map((step, index) => (
          <div class="row step" key={index}>
            <span class="mono faint">{clock(toMs(step.at.time))}</span>
            <span style={{ color: `var(${STATE_COLOURS[stateOf(step.to)]})` }}>{GLYPHS[stateOf(step.to)]}</span>
            <span>{stateName(stateOf(step.to))}</span>
            <span class="faint small cut">{step.text || causeName(step.cause)}</span>
            <span class="spring" />
            {step.evidence[0]?.trace_id ? (
              <a class="small" href={link(`/traces/${step.evidence[0].trace_id}`, { span: step.evidence[0].span_id })}>
                {step.evidence[0].source.replaceAll('_', ' ')}
              </a>
            ) : (
              <span class="faint small">{levelName(level(step.method))}</span>
            )}
          </div>
        ))}
      </section>
    </>
  );
}

function saysWhy(cause: string): boolean {
  return !['inferred', 'unknown', ''].includes(cause);
}

function RelatedTrip({ of, how }: { of: Related; how: string }) {
  return (
    <button class="row exemplar" onClick={() => setParams({ breaker: of.breaker_id, trip: of.t })}>
      <span class="faint">{how}</span>
      <strong>{of.service}</strong>
      <span class="cut">{of.name}</span>
      <span class="spring" />
      <span class="faint mono">{clock(toMs(of.t))}</span>
    </button>
  );
}

function OnePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const range = useRangeQuery();
  const answer = useGet<BreakerAnswer>(`breakers/${id}`, range);
  const instances = useGet<{ t0_ns: string; end_ns: string; instances: { instance: string; state: string; refused: number; trips: Trip[]; lane: BreakerAnswer['breaker']['lane'] }[] }>(`breakers/${id}/instances`, range);
  const one = answer.data?.breaker;
  return (
    <Drawer label={t('breaker')} title={one ? titleOf(one) : t('breaker')} sub={one?.name} onClose={onClose}>
      <Loaded answer={answer} route="breakers/{id}">
        {(data) => (
          <>
            {data.flapping.flaps && <p class="strip">{t('flaps')}</p>}
            <section>
              <dl class="kv">
                <dt>{t('framework')}</dt>
                <dd>
                  {data.breaker.framework} · {known(mechanismName, MECHANISMS, data.breaker.mechanism)}
                </dd>
                {data.breaker.operations.length > 0 && (
                  <>
                    <dt>{t('operations')}</dt>
                    <dd class="mono">{data.breaker.operations.join(', ')}</dd>
                  </>
                )}
                <dt>{t('open_for')}</dt>
                <dd>{duration(data.times.open_ns)}</dd>
                {data.times.mean_to_recover_ns !== null && (
                  <>
                    <dt>{t('recover')}</dt>
                    <dd>{duration(data.times.mean_to_recover_ns)}</dd>
                  </>
                )}
                {data.times.mean_between_ns !== null && (
                  <>
                    <dt>{t('between')}</dt>
                    <dd>{duration(data.times.mean_between_ns)}</dd>
                  </>
                )}
                <dt>{t('episodes')}</dt>
                <dd>{data.times.episodes}</dd>
              </dl>
              {data.adaptive && <p class="soft">{t('adaptive', { share: percent(data.adaptive.threshold), rate: Number(data.adaptive.calls_per_s_min.toPrecision(2)) })}</p>}
            </section>
            <section>
              <h3>{t('all_trips')}</h3>
              {data.trips.length === 0 && <p class="faint">{t('none')}</p>}
              {data.trips.map((trip) => (
                <button key={trip.opened.time} class="row exemplar" onClick={() => setParams({ trip: trip.opened.time }, 'replace')}>
                  <span class="mono">{dayClock(toMs(trip.opened.time))}</span>
                  <span class="soft">{trip.closed ? duration((toMs(trip.closed.time) - toMs(trip.opened.time)) * 1e6) : t('ongoing')}</span>
                  <span class="spring" />
                  <span class="badge">{levelName(level(trip.method))}</span>
                  <span class="error-text">
                    {short(Math.round(trip.refused))} {t('refused')}
                  </span>
                </button>
              ))}
            </section>
          </>
        )}
      </Loaded>
      {instances.data && instances.data.instances.length > 1 && (
        <section>
          <h3>
            {t('instances')} <span class="faint">{instances.data.instances.length}</span>
          </h3>
          {instances.data.instances.slice(0, 40).map((instance) => (
            <div class="instance-lane" key={instance.instance}>
              <span class="cut cut-start mono small" title={instance.instance}>
                {instance.instance}
              </span>
              <MiniLane name={instance.instance} state={instance.state} lane={instance.lane} spanUs={(nsToMs(instances.data!.end_ns) - nsToMs(instances.data!.t0_ns)) * 1000} />
            </div>
          ))}
        </section>
      )}
    </Drawer>
  );
}
