// One breaker: what it is, how often and how long it was open, its trips, its instances.
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, nsToMs, toMs } from '../../base/time';
import { setParams } from '../../base/url';
import { MECHANISMS, known, levelName, mechanismName } from '../../components/breakerwords';
import { Complete } from '../../components/complete';
import { MiniLane } from '../../components/lane';
import { Drawer } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';
import { level, titleOf, type BreakerAnswer, type Trip } from '../../model/breakers';
import { MarginPlot } from './margins';

const t = texts({
  breaker: ['Breaker', '熔断器'],
  flaps: ['It flaps: it opens again soon after it closed. A longer wait may help.', '频繁抖动：恢复后很快再次熔断，可考虑延长等待时间。'],
  framework: ['Library', '组件'],
  operations: ['Operations', '操作'],
  open_for: ['open', '熔断'],
  recover: ['Time to recover, mean', '平均恢复时间'],
  between: ['Between trips, mean', '平均熔断间隔'],
  episodes: ['Episodes', '熔断次数'],
  adaptive: ['Drops calls from {share} failures on, at {rate} calls/s or more', '失败率超过 {share} 且每秒不少于 {rate} 次调用时，开始按比例拒绝'],
  compare: ['Compare the last two', '对比最近两次'],
  all_trips: ['All trips', '全部熔断记录'],
  none: ['No trip in this time.', '该时间范围内没有熔断。'],
  ongoing: ['still open', '仍在熔断'],
  refused: ['calls refused', '次调用被拒绝'],
  instances: ['Instances', '实例'],
});

export function OnePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const range = useRangeQuery();
  const answer = useGet<BreakerAnswer>(`breakers/${id}`, range);
  const instances = useGet<{ t0_ns: string; end_ns: string; instances: { instance: string; state: string; refused: number; trips: Trip[]; lane: BreakerAnswer['breaker']['lane'] }[] }>(`breakers/${id}/instances`, range);
  const one = answer.data?.breaker;
  return (
    <Drawer label={t('breaker')} title={one ? titleOf(one) : t('breaker')} sub={one?.name} onClose={onClose}>
      <Loaded answer={answer} route="breakers/{id}">
        {(data) => (
          <>
            <Complete of={data.completeness} />
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
            {data.adaptive?.margins && <MarginPlot of={data.adaptive.margins} t0={nsToMs(data.t0_ns)} needed={data.adaptive.calls_per_s_min} />}
            <section>
              <div class="row">
                <h3>{t('all_trips')}</h3>
                <span class="spring" />
                {data.trips.length > 1 && (
                  <button class="btn small" onClick={() => setParams({ trip: lastOf(data.trips).opened.time, with: 'before' })}>
                    {t('compare')}
                  </button>
                )}
              </div>
              {data.trips.length === 0 && <p class="faint">{t('none')}</p>}
              {data.trips.map((trip) => (
                <button key={trip.opened.time} class="exemplar trip-line" title={levelName(level(trip.method))} onClick={() => setParams({ trip: trip.opened.time }, 'replace')}>
                  <span class="mono nowrap">{dayClock(toMs(trip.opened.time))}</span>
                  <span class="soft nowrap">{trip.closed ? duration((toMs(trip.closed.time) - toMs(trip.opened.time)) * 1e6) : t('ongoing')}</span>
                  <span class="cut faint small">{level(trip.method) === 'exact' ? '' : levelName(level(trip.method))}</span>
                  <span class={`nowrap ${trip.refused > 0 ? 'error-text' : 'faint'}`}>
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

function lastOf(trips: readonly Trip[]): Trip {
  return trips.reduce((last, trip) => (toMs(trip.opened.time) > toMs(last.opened.time) ? trip : last));
}
