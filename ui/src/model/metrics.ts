// Metrics: what is asked of series, and the lines and points that their answer is.
import type { MetricName, MetricsRange } from '../base/schema';
import { colourOf } from '../base/colours';
import { bytes, duration, percent, short } from '../base/format';
import { toMs } from '../base/time';

/** What the page shows, as its URL says. */
export interface Shown {
  metric: string;
  /** Matchers without the braces: `service_name="pay"`. */
  where: string;
  fn: string;
  /** `sum`, `topk:5`, …; empty for every series alone. */
  agg: string;
  by: string;
  /** Of distributions: `0.99`, `count`, `sum` or `avg`. */
  of: string;
}

export function selectorOf(metric: string, where: string): string {
  return `{${JSON.stringify(metric)}${where.trim() ? `, ${where.trim()}` : ''}}`;
}

export function isDistribution(type: string | undefined): boolean {
  return type === 'histogram' || type === 'exponential_histogram' || type === 'summary';
}

/** What people mostly want to see of a metric: how slow for distributions, how much for the rest. */
export function usual(name: Pick<MetricName, 'type'> | undefined): Pick<Shown, 'of' | 'agg' | 'by'> {
  if (!isDistribution(name?.type)) return { of: '', agg: '', by: '' };
  // Services may send it in different forms, which cannot be put together; and one line of all of them says little.
  return { of: name?.type === 'summary' ? 'avg' : '0.95', agg: 'sum', by: 'service_name' };
}

/** As the API takes it. */
export function question(shown: Shown): Record<string, string> {
  const { metric, where, fn, agg, by, of } = shown;
  const share = Number(of);
  return {
    selector: selectorOf(metric, where),
    ...(fn ? { function: fn } : {}),
    ...(agg ? { agg, ...(by ? { by } : {}) } : {}),
    ...(of === '' ? {} : Number.isNaN(share) ? { of } : { quantile: of, exemplars: 'true' }),
  };
}

/** Adds a matcher, or takes the same one away. */
export function toggled(where: string, label: string, value: string): string {
  const one = `${label}=${JSON.stringify(value)}`;
  const parts = matchers(where);
  const rest = parts.filter((part) => part !== one && !part.startsWith(`${label}=`));
  return (parts.includes(one) ? rest : [...rest, one]).join(', ');
}

/** The parts between commas; commas in quotes part nothing. */
export function matchers(where: string): string[] {
  const found = where.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[^,"'`])+/g) ?? [];
  return found.map((part) => part.trim()).filter((part) => part !== '');
}

export interface Lines {
  times: number[];
  lines: { name: string; colour: string; values: (number | null)[] }[];
}

/** Names say only what sets the series apart. */
export function linesOf(answer: MetricsRange): Lines {
  const names = seriesNames(answer.series.map((one) => one.labels));
  const colours = colourOf(names);
  const lines = answer.series.map((one, index) => ({
    name: names[index]!,
    colour: `--s${colours.get(names[index]!)}`,
    values: one.values.map((value) => (typeof value === 'number' ? value : null)),
  }));
  return { times: answer.times_ms, lines };
}

export function seriesNames(all: readonly Record<string, string>[]): string[] {
  const keys = [...new Set(all.flatMap((labels) => Object.keys(labels)))].filter((key) => new Set(all.map((labels) => labels[key] ?? '')).size > 1);
  // One instance is one pod is one host: the first says it all.
  const told = keys.filter((key, index) => !keys.slice(0, index).some((before) => same(all, before, key)));
  return all.map((labels) => told.map((key) => labels[key] ?? '–').join(' · ') || Object.values(labels).join(' · ') || 'Σ');
}

function same(all: readonly Record<string, string>[], a: string, b: string): boolean {
  const pairs = new Set(all.map((labels) => JSON.stringify([labels[a], labels[b]])));
  return pairs.size === new Set(all.map((labels) => labels[a])).size && pairs.size === new Set(all.map((labels) => labels[b])).size;
}

/** How a value of this unit reads, per second for rates that are counted. */
export function reader(unit: string | null | undefined, perSecond: boolean): (value: number) => string {
  const plain: Record<string, (value: number) => string> = {
    s: (value) => duration(value * 1e9),
    ms: (value) => duration(value * 1e6),
    us: (value) => duration(value * 1e3),
    ns: (value) => duration(value),
    By: (value) => bytes(Math.round(value)),
    '1': (value) => (Math.abs(value) <= 1 ? percent(value) : short(value)),
  };
  const read = (unit && plain[unit]) || short;
  return perSecond ? (value) => `${read(value)}/s` : read;
}

export interface Dot {
  key: string;
  /** Shares of the chart, from the left and from the bottom. */
  x: number;
  y: number;
  /** Higher than the chart. */
  above: boolean;
  colour: string;
  value: number;
  at: number;
  trace: string;
}

/** Where exemplars stand in a chart between these times, whose values reach from 0 (or the least) to a little above the greatest. */
export function dots(answer: MetricsRange, { lines }: Lines, [from, to]: [number, number]): Dot[] {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 0) <= 0 ? 1 : Math.max(...values) * 1.08];
  return answer.exemplars.flatMap((one, index) => {
    const at = toMs(one.time);
    const line = lines[one.series];
    if (at < from || at > to || !line) return [];
    const y = (one.value - low) / (high - low);
    return [{ key: `${one.trace_id}${index}`, x: (at - from) / (to - from), y: Math.min(1, Math.max(0, y)), above: y > 1, colour: line.colour, value: one.value, at, trace: one.trace_id }];
  });
}
