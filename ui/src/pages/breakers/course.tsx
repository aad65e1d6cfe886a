// How a trip went: its end, what changed before it, what it follows from and caused, and every transition.
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { clock, toMs } from '../../base/time';
import { link, setParams } from '../../base/url';
import { Spark } from '../../components/bars';
import { causeName, levelName, stateName } from '../../components/breakerwords';
import { GLYPHS, STATE_COLOURS, level, stateOf, type Related, type TripAnswer } from '../../model/breakers';

const t = texts({
  recovery: ['Recovery', '恢复'],
  open_for: ['open', '熔断'],
  half_for: ['half open', '半开'],
  probes: ['{n} probe|{n} probes', '{n} 次探测'],
  reopens: ['{n} reopen|{n} reopens', '重新熔断 {n} 次'],
  dependency: ['The dependency was well again after {time}', '依赖在 {time} 后恢复'],
  release: ['the breaker let go {time} later', '熔断器在其后 {time} 恢复放行'],
  drop: ['Share of calls refused, by second', '每秒拒绝比例'],
  changes: ['What changed before', '此前的变更'],
  before: ['{time} before', '{time} 前'],
  chain: ['Chain', '级联熔断'],
  follows: ['follows from', '源自'],
  caused: ['caused', '引发'],
  steps: ['Transitions', '状态变化'],
});

export function Course({ one }: { one: TripAnswer }) {
  const { trip } = one;
  return (
    <>
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
