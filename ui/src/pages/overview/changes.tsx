// What changed, in words, each line a link to where it shows.
import { useState } from 'preact/hooks';
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { dayClock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { codeName } from '../../components/codename';
import { Icon, type IconName } from '../../components/icons';
import { hasUsual, kindOf, leadsTo, toneOf, type Change, type Kind } from '../../model/overview';

const t = texts({
  trip: ['tripped {now}×, {before}× before', '熔断 {now} 次，此前 {before} 次'],
  trip_first: ['tripped {now}×', '熔断 {now} 次'],
  code_new: ['new: {now}×', '首次出现，{now} 次'],
  code_spiking: ['{now}×, {before}× before', '{now} 次，此前 {before} 次'],
  code_gone: ['gone, {before}× before', '已消失，此前 {before} 次'],
  service_failing: ['{now} of calls fail, {before} before', '失败率 {now}，此前 {before}'],
  service_recovered: ['{now} of calls fail, {before} before', '失败率 {now}，此前 {before}'],
  service_slower: ['p95 {now}, {before} before', 'p95 {now}，此前 {before}'],
  service_faster: ['p95 {now}, {before} before', 'p95 {now}，此前 {before}'],
  service_busier: ['{now} calls, {before} before', '{now} 次调用，此前 {before} 次'],
  service_quieter: ['{now} calls, {before} before', '{now} 次调用，此前 {before} 次'],
  service_silent: ['sends nothing any more', '已无数据上报'],
  service_new: ['is new', '首次出现'],
  version_new: ['new version', '新版本'],
  all: ['{n} more', '其余 {n} 条'],
  usual: ['usually {usual} at this hour', '平时此时段 {usual}'],
});

const ICONS: Record<Kind, IconName> = { trip: 'breakers', code_new: 'errors', code_spiking: 'errors', code_gone: 'errors', service_failing: 'services', service_recovered: 'services', service_slower: 'clock', service_faster: 'clock', service_busier: 'metrics', service_quieter: 'metrics', service_silent: 'services', service_new: 'services', version_new: 'send' };
const SHOWN = 14;

function amount(kind: Kind, value: number): string {
  if (kind === 'service_failing' || kind === 'service_recovered') return percent(value);
  if (kind === 'service_slower' || kind === 'service_faster') return duration(value);
  return value > 0 && value < 10 ? String(Number(value.toPrecision(2))) : short(Math.round(value));
}

export function Changes({ changes, total }: { changes: readonly Change[]; total: number }) {
  const [all, setAll] = useState(false);
  const shown = all ? changes : changes.slice(0, SHOWN);
  return (
    <>
      <ul class="plain-list">
        {shown.map((change) => {
          const kind = kindOf(change.kind);
          const [page, parameters] = leadsTo(change);
          return (
            <li key={change.kind + change.service + change.subject}>
              <a class="row exemplar" href={link(page, parameters)}>
                <span class={`change-mark ${toneOf(kind)}`}>
                  <Icon name={kind ? ICONS[kind] : 'overview'} size={15} />
                </span>
                <strong class="cut change-service">{change.service}</strong>
                {change.subject && (
                  <span class="mono cut" title={change.subject}>
                    {change.kind.startsWith('code_') ? codeName(change.subject) : change.subject.replace(/^op:/, '')}
                  </span>
                )}
                <span class="soft nowrap">{kind ? t(kind === 'trip' && change.before === 0 ? 'trip_first' : kind, { now: amount(kind, change.now), before: amount(kind, change.before) }) : change.kind.replaceAll('_', ' ')}</span>
                {kind && hasUsual(kind) && change.usual !== null && <span class="faint small nowrap hide-small">{t('usual', { usual: amount(kind, change.usual) })}</span>}
                <span class="spring" />
                <span class="faint small nowrap hide-small">{change.time ? dayClock(toMs(change.time)) : ''}</span>
              </a>
            </li>
          );
        })}
      </ul>
      {total > shown.length && !all && (
        <button class="btn small" onClick={() => setAll(true)}>
          {t('all', { n: total - shown.length })}
        </button>
      )}
    </>
  );
}
