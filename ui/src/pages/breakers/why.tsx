// Why a trip happened: what the record says and how sure that is, which errors came before, and a trace of each kind.
import { percent, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { clock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { causeName, levelName } from '../../components/breakerwords';
import { codeName } from '../../components/codename';
import { Meter } from '../../components/parts';
import { level, type TripAnswer } from '../../model/breakers';

const t = texts({
  why: ['Why', '原因'],
  why_inferred: ['No record says why. That it opened is told by the calls that were refused.', '没有记录说明原因，由被拒绝的调用推断出熔断。'],
  why_sampled: ['No record says why. A gauge of the library says that it opened.', '没有记录说明原因，由熔断组件的指标得知。'],
  confidence: ['confidence {n} %', '置信度 {n} %'],
  from: ['at the earliest {time}', '最早可能于 {time}'],
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
});

const EXEMPLARS = ['last_failure', 'first_refused', 'last_refused', 'closing', 'healthy'];

export function Why({ one }: { one: TripAnswer }) {
  const { trip } = one;
  const first = one.transitions[0];
  return (
    <>
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
    </>
  );
}

function saysWhy(cause: string): boolean {
  return !['inferred', 'unknown', ''].includes(cause);
}
