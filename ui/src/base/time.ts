// Times of the API are RFC 3339 with nine digits; here a moment is milliseconds since 1970, with a fraction.
import { locale } from './i18n';
import { zone } from './prefs';

export function toMs(rfc3339: string): number {
  const fraction = /\.(\d+)/.exec(rfc3339)?.[1] ?? '';
  const whole = Date.parse(rfc3339.replace(/\.\d+/, ''));
  return whole + (fraction ? Number(`0.${fraction}`) * 1000 : 0);
}

export function nsToMs(digits: string): number {
  return Number(BigInt(digits) / 1000n) / 1000;
}

/** As the API takes it. */
export function toIso(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const timeZone = zone.value === 'utc' ? 'UTC' : undefined;
  const key = `${kind} ${locale()} ${timeZone}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), { ...options, timeZone, hourCycle: 'h23' })));
  return made;
}

/** 14:02:11.480 */
export function clock(ms: number, digits: 0 | 3 = 3): string {
  return format(`clock${digits}`, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: digits || undefined }).format(ms);
}

export function hourMinute(ms: number): string {
  return format('hm', { hour: '2-digit', minute: '2-digit' }).format(ms);
}

export function day(ms: number): string {
  return format('day', { month: 'short', day: 'numeric' }).format(ms);
}

export function dayClock(ms: number): string {
  return `${day(ms)} ${clock(ms, 0)}`;
}

/** Labels of an axis over `span` ms. */
export function axisLabel(ms: number, span: number): string {
  if (span < 10_000) return clock(ms, 3);
  if (span < 15 * 60_000) return clock(ms, 0);
  if (span < 36 * 3_600_000) return hourMinute(ms);
  return span < 7 * 86_400_000 ? `${day(ms)} ${hourMinute(ms)}` : day(ms);
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];

/** Round moments for about `wanted` ticks between `from` and `to`. */
export function ticks(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / Math.max(1, wanted);
  const step = STEPS.find((one) => one >= rough) ?? STEPS.at(-1)!;
  const shift = step >= 36e5 && zone.value === 'local' ? new Date(from).getTimezoneOffset() * 60_000 : 0;
  const found: number[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) found.push(at);
  return found;
}
