// How complete the numbers of a page are: in a few words beside its title, all of it in what opens below.
import { count, short } from '../base/format';
import { texts } from '../base/i18n';
import type { Completeness } from '../base/schema';
import { clock, dayClock, toMs } from '../base/time';
import { link } from '../base/url';
import { isWanting, lost, remarks } from '../model/completeness';
import { Menu } from './menu';

const t = texts({
  title: ['How complete these numbers are', '数据完整性'],
  until: ['data until {time}', '数据截至 {time}'],
  nothing: ['no data', '无数据'],
  late: ['{n} late', '迟到 {n}'],
  sampled: ['≈{n} sampled out', '采样略去约 {n}'],
  left_out: ['{n} left out', '未计入 {n}'],
  dropped: ['{n} dropped', '丢弃 {n}'],
  partial: ['partial', '不完整'],
  newest: ['Newest counted record arrived', '最新一条计入的数据到达于'],
  late_long: ['Arrived more than a minute late, and are counted', '晚到超过一分钟（已计入）'],
  sampled_long: ['Sampled out by senders; counts have them, estimated', '被发送端采样略去（已按权重估算计入）'],
  left_out_long: ['Not counted, since a limit was reached', '因达到上限未计入'],
  since: ['Refused since the start, {time}, for any time', '自 {time} 启动以来的拒收（不限时间范围）'],
  of_service: ['Refused of this service since the start, {time}, as far as it is known', '自 {time} 启动以来该服务的拒收（限已知部分）'],
  requests: ['Requests, for good', '最终拒收的请求'],
  put_off: ['Requests that were told to come back', '要求稍后重试的请求'],
  records: ['Single records', '单条拒收的记录'],
  why: ['Senders, reasons and doors', '来源、原因与入口'],
});

/** A day ago the clock alone does not say which day. */
const TODAY_MS = 20 * 3_600_000;

/** `end`: it stands at the right, so that what opens reaches to the left. */
export function Complete({ of, end }: { of: Completeness | undefined; end?: boolean }) {
  if (!of) return null;
  const words = remarks(of);
  return (
    <Menu
      label={t('title')}
      end={end}
      class={`complete${isWanting(of) ? ' warn-text' : ''}`}
      button={
        <>
          <span>{of.watermark ? t('until', { time: moment(of.watermark) }) : t('nothing')}</span>
          {words.map((one) => (
            <span key={one.kind}>· {t(one.kind, { n: short(one.n) })}</span>
          ))}
          {of.partial && <span>· {t('partial')}</span>}
        </>
      }
    >
      {() => <Details of={of} />}
    </Menu>
  );
}

function Details({ of }: { of: Completeness }) {
  const { requests, putOff, records } = lost(of);
  const since = dayClock(toMs(of.dropped.since));
  const rows = (all: readonly (readonly [string, string, boolean])[]) =>
    all.map(([name, value, isWorse]) => [
      <dt key={name}>{name}</dt>,
      <dd key={`${name} value`} class={isWorse ? 'warn-text' : ''}>
        {value}
      </dd>,
    ]);
  return (
    <div class="complete-all">
      <h3>{t('title')}</h3>
      <dl class="kv">
        {rows([
          [t('newest'), of.watermark ? dayClock(toMs(of.watermark)) : '–', false],
          [t('late_long'), count(of.late), false],
          [t('sampled_long'), count(Math.round(of.sampled_out)), false],
          [t('left_out_long'), count(of.left_out), of.left_out > 0],
        ])}
      </dl>
      <h3>{t(of.dropped.service ? 'of_service' : 'since', { time: since })}</h3>
      <dl class="kv">
        {rows([
          [t('requests'), count(requests), requests > 0],
          [t('put_off'), count(putOff), false],
          [t('records'), count(records), records > 0],
        ])}
      </dl>
      <a class="small" href={link('/status')}>
        {t('why')}
      </a>
    </div>
  );
}

function moment(time: string): string {
  const ms = toMs(time);
  return Date.now() - ms < TODAY_MS ? clock(ms, 0) : dayClock(ms);
}
