// Spans by time and duration: what a cell is worth, and which box a drag selects.

export interface HeatmapAnswer {
  t0_ns: string;
  width_ms: number;
  buckets: number;
  /** Row `i` holds durations from `bounds_ns[i]` to before `bounds_ns[i + 1]`. */
  bounds_ns: number[];
  cells: { row: number[]; bucket: number[]; spans: number[]; errors: number[] };
  total: number;
  not_positive: number;
}

/** Both ends of buckets and rows are inclusive. */
export interface Box {
  bucket: [number, number];
  row: [number, number];
}

/** From a corner to another, in shares of the width and of the height from the top. */
export function boxOf(a: [number, number], b: [number, number], buckets: number, rows: number): Box {
  const place = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  const x = [a[0], b[0]].sort((one, other) => one - other);
  const y = [1 - a[1], 1 - b[1]].sort((one, other) => one - other);
  return { bucket: [place(x[0]!, buckets), place(x[1]!, buckets)], row: [place(y[0]!, rows), place(y[1]!, rows)] };
}

export interface Selected {
  start: number;
  end: number;
  minNs: number;
  maxNs: number;
  spans: number;
  errors: number;
}

export function selected(answer: HeatmapAnswer, box: Box): Selected {
  const t0 = Number(BigInt(answer.t0_ns) / 1_000_000n);
  const { row, bucket, spans, errors } = answer.cells;
  const inside = row.map((_, index) => index).filter((index) => bucket[index]! >= box.bucket[0] && bucket[index]! <= box.bucket[1] && row[index]! >= box.row[0] && row[index]! <= box.row[1]);
  const sum = (of: readonly number[]) => inside.reduce((total, index) => total + of[index]!, 0);
  return { start: t0 + box.bucket[0] * answer.width_ms, end: t0 + (box.bucket[1] + 1) * answer.width_ms, minNs: answer.bounds_ns[box.row[0]] ?? 0, maxNs: answer.bounds_ns[box.row[1] + 1] ?? 0, spans: sum(spans), errors: sum(errors) };
}

/** 0 to 1: a single span is seen, and many do not drown the rest. */
export function strength(spans: number, most: number): number {
  return most <= 1 ? 1 : 0.12 + 0.88 * (Math.log(1 + spans) / Math.log(1 + most));
}

/** What each bucket of time has, in order; buckets without a span are left out. */
export function byTime(answer: HeatmapAnswer): Selected[] {
  const rows = new Map<number, [number, number]>();
  answer.cells.bucket.forEach((bucket, index) => {
    const row = answer.cells.row[index]!;
    const [first, last] = rows.get(bucket) ?? [row, row];
    rows.set(bucket, [Math.min(first, row), Math.max(last, row)]);
  });
  return [...rows].sort(([one], [other]) => one - other).map(([bucket, row]) => selected(answer, { bucket: [bucket, bucket], row }));
}

const STEPS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** A box that a key moves by a cell, or with `grow` makes larger from its first corner on; null for other keys. Without a box it begins in the middle. */
export function moved(box: Box | null, key: string, grow: boolean, buckets: number, rows: number): Box | null {
  const step = STEPS[key];
  if (!step) return null;
  if (!box) {
    const [bucket, row] = [Math.floor(buckets / 2), Math.floor(rows / 2)];
    return { bucket: [bucket, bucket], row: [row, row] };
  }
  const along = ([first, last]: [number, number], by: number, count: number): [number, number] => {
    const to = Math.min(count - 1, Math.max(grow ? first : 0, last + by));
    return grow ? [first, to] : [to, to];
  };
  return { bucket: along(box.bucket, step[0], buckets), row: along(box.row, step[1], rows) };
}
