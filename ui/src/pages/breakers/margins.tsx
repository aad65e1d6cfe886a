// How close an adaptive breaker came to dropping calls: its margin over time, and what of the calls let through failed.
import { duration, percent, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import type { BreakerMargins } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { LineChart } from '../../components/lines';

const t = texts({
  title: ['Margin to dropping calls', '距触发拒绝的余量'],
  margin: ['margin', '余量'],
  failed: ['failed of the calls let through', '放行请求的失败率'],
  least: ['Least {margin} of the margin at rest, at {at} in {instance}', '最低为空闲余量的 {margin}，{at}，实例 {instance}'],
  dropping: ['It dropped calls: least margin at {at} in {instance}', '曾触发拒绝：余量最低在 {at}，实例 {instance}'],
  near: ['{n} near miss: it came close and dropped nothing|{n} near misses: it came close and dropped nothing', '{n} 次濒临触发：接近阈值但未拒绝'],
  ratio: ['{share} of {n} calls let through failed', '放行的 {n} 次请求中 {share} 失败'],
  cannot: ['It cannot open at this traffic: no instance had more than {rate} calls/s, and it needs {needed}.', '当前流量下无法触发：单实例最高每秒 {rate} 次调用，至少需要 {needed} 次。'],
  step: ['each point: the least within {time}', '每点为 {time} 内的最小值'],
});

export function MarginPlot({ of, t0, needed }: { of: BreakerMargins; t0: number; needed: number }) {
  if (!of.can_trip) return <p class="strip">{t('cannot', { rate: rate(of.calls_per_s_max), needed: rate(needed) })}</p>;
  const stepMs = of.step_ns / 1e6;
  const times = of.margin.map((_, index) => t0 + index * stepMs);
  const ofRest = (margin: number | null) => (margin === null ? null : Math.max(0, margin / of.margin_at_rest));
  const least = of.least;
  const where = least ? { at: clock(toMs(least.at)), instance: least.instance } : null;
  return (
    <section>
      <h3>{t('title')}</h3>
      <LineChart
        label={t('title')}
        height={120}
        times={times}
        range={[t0, t0 + of.margin.length * stepMs]}
        unit={percent}
        lines={[
          { name: t('margin'), colour: '--s1', values: of.margin.map(ofRest) },
          { name: t('failed'), colour: '--open', values: of.admitted_error_ratio, dash: true },
        ]}
      />
      {least && where && <p class={least.margin < of.near ? 'warn-text' : 'soft'}>{least.margin <= 0 ? t('dropping', where) : t('least', { ...where, margin: percent(least.margin / of.margin_at_rest) })}</p>}
      {of.near_misses > 0 && <p class="warn-text">{t('near', { n: of.near_misses })}</p>}
      {of.admitted > 0 && <p class="soft">{t('ratio', { share: percent(of.admitted_failed / of.admitted), n: Math.round(of.admitted) })}</p>}
      <p class="faint small">{t('step', { time: duration(of.step_ns) })}</p>
    </section>
  );
}
