// When: presets, two moments, refresh. Everything goes into the URL.
import { useState } from 'preact/hooks';
import { texts } from '../base/i18n';
import { refreshAll } from '../base/query';
import { clock, day, toIso } from '../base/time';
import { param, place, setParams } from '../base/url';
import { PRESETS, bounds, rangeParams, rangeQuery, readRange, shift, spanOf, zoom, type Range } from '../model/range';
import { zone } from '../base/prefs';
import { Icon } from './icons';
import { IconButton } from './parts';
import { Menu } from './menu';

const t = texts({
  time_range: ['Time range', '时间范围'],
  last: ['Last {range}', '最近 {range}'],
  from: ['From', '从'],
  to: ['To', '到'],
  apply: ['Apply', '应用'],
  back: ['Earlier', '更早'],
  forth: ['Later', '更晚'],
  refresh: ['Refresh', '刷新'],
  every: ['Refresh every', '自动刷新间隔'],
  off: ['Off', '关闭'],
  seconds: ['{n} s', '{n} 秒'],
  other: ['Any span: 90s, 2h, 3d', '任意时长：90s、2h、3d'],
  s: ['{amount}s', '{amount} 秒'],
  m: ['{amount}m', '{amount} 分钟'],
  h: ['{amount}h', '{amount} 小时'],
  d: ['{amount}d', '{amount} 天'],
  zone: ['Times in', '时区'],
  utc: ['UTC', 'UTC'],
  local: ['local time', '本地时间'],
  out: ['Zoom out', '缩小'],
});

export function useRange(): Range {
  return readRange(place.value.params);
}

export function useRangeQuery(): Record<string, string> {
  return rangeQuery(useRange());
}

export function setRange(range: Range): void {
  setParams({ ...rangeParams(range), page_token: null });
}

/** A stretch of a chart, in ms. */
export function setWindow(start: number, end: number): void {
  if (end - start >= 1) setRange({ kind: 'absolute', start, end });
}

export function moveRange(steps: number): void {
  setRange(shift(readRange(place.value.params), steps, Date.now()));
}

export function zoomRange(factor: number): void {
  setRange(zoom(readRange(place.value.params), factor, Date.now()));
}

/** `15m` as it stands in a link, and as people say it. */
function inWords(span: string): string {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(span) ?? [];
  return amount && unit ? t(unit as 's', { amount }) : span;
}

export function rangeText(range: Range): string {
  if (range.kind === 'relative') return t('last', { range: inWords(range.range) });
  const same = day(range.start) === day(range.end);
  return `${day(range.start)} ${clock(range.start, 0)} – ${same ? '' : `${day(range.end)} `}${clock(range.end, 0)}`;
}

function forInput(ms: number): string {
  const shifted = zone.value === 'utc' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19);
}

function fromInput(text: string): number {
  return Date.parse(zone.value === 'utc' ? `${text}Z` : text);
}

function Pick({ close }: { close: () => void }) {
  const range = useRange();
  const [start, end] = bounds(range, Date.now());
  const [from, setFrom] = useState(forInput(start));
  const [to, setTo] = useState(forInput(end));
  const [free, setFree] = useState('');
  const ok = fromInput(to) > fromInput(from);
  const choose = (next: Range) => {
    setRange(next);
    close();
  };
  return (
    <div class="range-pick">
      <div class="row tight">
        {PRESETS.map((preset) => (
          <button key={preset} class="btn small" aria-pressed={range.kind === 'relative' && range.range === preset} onClick={() => choose({ kind: 'relative', range: preset })}>
            {preset}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (spanOf(free) !== null) choose({ kind: 'relative', range: free.trim() });
        }}
      >
        <input class="input" style={{ width: '100%' }} value={free} placeholder={t('other')} aria-label={t('other')} onInput={(event) => setFree(event.currentTarget.value)} />
      </form>
      <form
        class="range-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ok) choose({ kind: 'absolute', start: fromInput(from), end: fromInput(to) });
        }}
      >
        <label class="field">
          {t('from')}
          <input class="input" type="datetime-local" step="1" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label class="field">
          {t('to')}
          <input class="input" type="datetime-local" step="1" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <button class="btn primary" disabled={!ok}>
          {t('apply')}
        </button>
      </form>
      <div class="row small">
        <span class="faint">{t('zone')}</span>
        {(['local', 'utc'] as const).map((one) => (
          <button key={one} class="btn small" aria-pressed={zone.value === one} onClick={() => (zone.value = one)}>
            {t(one)}
          </button>
        ))}
      </div>
    </div>
  );
}

export function RangeControl() {
  const range = useRange();
  const refresh = param('refresh');
  return (
    <>
      <span class="row tight nowrap" style={{ flexWrap: 'nowrap' }}>
        <span class="hide-small">
          <IconButton icon="left" label={t('back')} onClick={() => moveRange(-1)} />
        </span>
        <Menu
          label={t('time_range')}
          end
          button={
            <>
              <Icon name="clock" />
              <span>{rangeText(range)}</span>
              <Icon name="down" size={12} />
            </>
          }
        >
          {(close) => <Pick close={close} />}
        </Menu>
        <span class="hide-small">
          <IconButton icon="right" label={t('forth')} disabled={range.kind === 'relative'} onClick={() => moveRange(1)} />
          <IconButton icon="minus" label={t('out')} onClick={() => zoomRange(2)} />
        </span>
      </span>
      <span class="row tight" style={{ flexWrap: 'nowrap' }}>
        <IconButton icon="refresh" label={t('refresh')} onClick={refreshAll} />
        <select class="select hide-small" aria-label={t('every')} title={t('every')} value={refresh} onChange={(event) => setParams({ refresh: event.currentTarget.value || null }, 'replace')}>
          <option value="">{t('off')}</option>
          {['2', '5', '10', '30', '60'].map((seconds) => (
            <option key={seconds} value={`${seconds}s`}>
              {t('seconds', { n: Number(seconds) })}
            </option>
          ))}
        </select>
      </span>
    </>
  );
}

/** A link that stays true: the relative range becomes the two moments it means now. */
export function frozenLink(): string {
  const range = readRange(place.value.params);
  const url = new URL(location.href);
  const [start, end] = bounds(range, Date.now());
  url.searchParams.delete('range');
  url.searchParams.delete('refresh');
  url.searchParams.set('start', toIso(start));
  url.searchParams.set('end', toIso(end));
  return url.href;
}
