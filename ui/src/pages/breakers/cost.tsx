// Whom a trip hurt: the traces with refused calls, from the breaker up to where requests come in.
import { count, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import type { TripAnswer } from '../../model/breakers';

const t = texts({
  cost: ['Cost', '影响'],
  not_contained: ['The trace failed, and no fallback absorbed it|All {n} traces failed: no fallback absorbed it', '{n} 条链路全部失败，无降级兜底'],
  sample: ['Looked at: {n} of {all} traces', '抽查 {all} 条链路中的 {n} 条'],
  contained: ['{n} of {all} traces did not fail all the same: a fallback absorbed it', '{all} 条链路中有 {n} 条未失败（已降级兜底）'],
  failed_of: ['{failed} of {n} failed', '{n} 次中失败 {failed} 次'],
  share_of: ['{share} of {n} requests hurt', '{n} 次请求中 {share} 受影响'],
});

export function Cost({ hurt }: { hurt: TripAnswer['hurt'] }) {
  if (hurt.traces === 0 && hurt.entry_points.length === 0) return null;
  const looked = hurt.traces_looked_at ?? hurt.traces;
  return (
    <section>
      <h3>{t('cost')}</h3>
      <p class="soft">{hurt.contained > 0 ? t('contained', { n: hurt.contained, all: looked }) : t('not_contained', { n: looked })}</p>
      {looked < hurt.traces && <p class="faint small">{t('sample', { n: looked, all: hurt.traces })}</p>}
      {hurt.callers.length > 0 && (
        <p>
          {hurt.callers
            .slice()
            .sort((a, b) => b.distance - a.distance)
            .map((caller) => `${caller.service} ${count(caller.traces)}`)
            .join(' › ')}
        </p>
      )}
      {hurt.entry_points.slice(0, 6).map((entry) => (
        <div class="row" key={entry.service + entry.operation} style={{ flexWrap: 'nowrap' }}>
          <span class="cut">
            <span class="soft">{entry.service}</span> {entry.operation}
          </span>
          <span class="spring" />
          {typeof entry.requests === 'number' && typeof entry.hurt_share === 'number' && (
            <span class="small nowrap soft">{t('share_of', { share: percent(entry.hurt_share), n: count(entry.requests) })}</span>
          )}
          <span class="small nowrap">{t('failed_of', { failed: entry.failed, n: entry.traces })}</span>
        </div>
      ))}
    </section>
  );
}
