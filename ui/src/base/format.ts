// Numbers as people read them: three digits that count, units never lost.
import { locale, texts } from './i18n';

const DURATIONS: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 100 || size === 0 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Of what takes a minute or longer. */
const LONG = texts({ d: ['d', '天'], h: ['h', '小时'], m: ['m', '分'], s: ['s', '秒'] });

/** 1.84 s, 12.0 ms, 3 m 20 s, 2 h 5 m. */
export function duration(ns: number): string {
  const size = Math.abs(ns);
  if (size === 0) return '0';
  if (size >= 60e9) {
    const sign = ns < 0 ? '-' : '';
    const seconds = Math.round(size / 1e9);
    const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor((seconds % 86400) / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
    const say = (first: number, unit: 'd' | 'h' | 'm', second: number, rest: 'h' | 'm' | 's') => `${sign}${first} ${LONG(unit)}${second ? ` ${second} ${LONG(rest)}` : ''}`;
    if (d) return say(d, 'd', h, 'h');
    if (h) return say(h, 'h', m, 'm');
    return say(m, 'm', s, 's');
  }
  const [unit, name] = DURATIONS.find(([one]) => size >= one) ?? [1, 'ns'];
  return `${digits(ns / unit)} ${name}`;
}

export const durationMs = (ms: number) => duration(ms * 1e6);

/** 12 480 as 12.5k: for places without room. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)}G`;
  if (size >= 1e6) return `${digits(value / 1e6)}M`;
  if (size >= 1e4) return `${digits(value / 1e3)}k`;
  if (Number.isInteger(value)) return count(value);
  return digits(value);
}

export function count(value: number): string {
  // A sum of nothing may be -0.
  return (value + 0).toLocaleString(locale());
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [size, unit] = [value, 0];
  while (Math.abs(size) >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit ? digits(size) : size} ${units[unit]}`;
}

/** 0.714 as 71.4 %. */
export function percent(share: number): string {
  const value = share * 100;
  const size = Math.abs(value);
  if (size === 0) return '0 %';
  if (size < 0.1) return '<0.1 %';
  return `${size >= 99.95 || size >= 10 ? value.toFixed(size >= 99.95 || Number.isInteger(value) ? 0 : 1) : value.toFixed(size >= 1 ? 1 : 2)} %`;
}

/** Per second. */
export function rate(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return '<0.01';
  return short(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(value >= 10 ? 1 : 2)));
}
