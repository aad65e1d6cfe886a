// Stacked bars over time: geometry alone.

export interface BarSeries {
  name: string;
  /** A design token, `--error` for instance. */
  colour: string;
  counts: readonly number[];
}

export interface Bars {
  t0: number;
  widthMs: number;
  series: readonly BarSeries[];
}

export function totals(bars: Bars): number[] {
  const sums: number[] = [];
  for (const series of bars.series) series.counts.forEach((count, index) => (sums[index] = (sums[index] ?? 0) + count));
  return sums;
}

/** A round value at or above the highest bar. */
export function roundTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= value)!;
}

export function bucketAt(bars: Bars, x: number, width: number): number {
  const count = bars.series[0]?.counts.length ?? 0;
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}
