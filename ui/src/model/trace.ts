// A trace of any size as columns, in tree order, and which of its rows are shown.
import type { ColumnarTrace } from '../base/schema';
import { nsToMs } from '../base/time';

export interface TraceModel {
  traceId: string;
  n: number;
  /** ms since 1970 of time 0; all other times are µs after it. */
  t0: number;
  durationUs: number;
  spanIds: string;
  depth: Int32Array;
  parent: Int32Array;
  /** First place after the subtree. */
  end: Int32Array;
  start: Float64Array;
  duration: Float64Array;
  service: Int32Array;
  name: Int32Array;
  kind: Int32Array;
  status: Int32Array;
  services: string[];
  names: string[];
  errors: number;
  /** Spans whose parent is not here, though they name one: flagged by depth 0 without being the only root. */
  roots: number;
  total: number;
  truncated: boolean;
  /** Place → spans below that were left out of this page. */
  collapsed: Map<number, number>;
}

export function decodeTrace(answer: ColumnarTrace): TraceModel {
  const { spans } = answer;
  const n = spans.depth.length;
  const depth = new Int32Array(spans.depth);
  const end = new Int32Array(n);
  // In tree order a subtree ends where the depth is no longer greater.
  const open: number[] = [];
  for (let at = 0; at < n; at++) {
    while (open.length && depth[open.at(-1)!]! >= depth[at]!) end[open.pop()!] = at;
    open.push(at);
  }
  for (const at of open) end[at] = n;
  const parent = new Int32Array(spans.parent as number[]);
  const status = new Int32Array(spans.status_code);
  let [errors, roots] = [0, 0];
  for (let at = 0; at < n; at++) {
    if (status[at] === 2) errors++;
    if (parent[at]! < 0) roots++;
  }
  return {
    traceId: answer.trace_id,
    n,
    t0: nsToMs(answer.t0_ns),
    durationUs: Math.max(1, answer.duration_ns / 1000),
    spanIds: spans.span_ids,
    depth,
    parent,
    end,
    start: new Float64Array(spans.start_us),
    duration: new Float64Array(spans.duration_us),
    service: new Int32Array(spans.service as number[]),
    name: new Int32Array(spans.name),
    kind: new Int32Array(spans.kind),
    status,
    services: answer.services,
    names: answer.names,
    errors,
    roots,
    total: answer.span_count,
    truncated: answer.truncated || answer.remaining > 0,
    collapsed: new Map((answer.collapsed as unknown as [number, number][]).map(([at, count]) => [at, count])),
  };
}

export function spanId(model: TraceModel, at: number): string {
  return model.spanIds.slice(at * 16, at * 16 + 16);
}

export function placeOf(model: TraceModel, id: string): number {
  for (let at = model.spanIds.indexOf(id); at >= 0; at = model.spanIds.indexOf(id, at + 1)) {
    if (at % 16 === 0) return at / 16;
  }
  return -1;
}

export const serviceName = (model: TraceModel, at: number): string => (model.service[at]! < 0 ? '' : model.services[model.service[at]!]!);
export const spanName = (model: TraceModel, at: number): string => model.names[model.name[at]!]!;

/** Rows in sight: the span of each, and how many like it were folded into it (1: none). */
export interface Rows {
  span: Int32Array;
  fold: Int32Array;
}

/** So many equal siblings in a row become one row. */
const FOLD_MIN = 4;

export interface Shown {
  collapsed: ReadonlySet<number>;
  /** Repeats that were opened, by their first span. */
  unfolded: ReadonlySet<number>;
  foldRepeats: boolean;
  /** Only these and their ancestors, when given. */
  keep?: Uint8Array | null;
}

export function rowsOf(model: TraceModel, shown: Shown): Rows {
  const span = new Int32Array(model.n);
  const fold = new Int32Array(model.n);
  let count = 0;
  for (let at = 0; at < model.n; ) {
    if (shown.keep && !shown.keep[at]) {
      at = model.end[at]!;
      continue;
    }
    const repeats = shown.foldRepeats && !shown.keep && !shown.unfolded.has(at) ? repeatsFrom(model, at) : 1;
    span[count] = at;
    fold[count] = repeats >= FOLD_MIN ? repeats : 1;
    count++;
    if (repeats >= FOLD_MIN) at += repeats;
    else if (shown.unfolded.has(at) && shown.foldRepeats) {
      // Its siblings are shown one by one too.
      const all = repeatsFrom(model, at);
      for (let next = at + 1; next < at + all; next++) {
        span[count] = next;
        fold[count++] = 1;
      }
      at += all;
    } else at = shown.collapsed.has(at) ? model.end[at]! : at + 1;
  }
  return { span: span.subarray(0, count), fold: fold.subarray(0, count) };
}

/** The row that shows a span, also when it is folded into one; -1 when none does. */
export function rowOf(rows: Rows, at: number): number {
  let [low, high] = [0, rows.span.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = rows.span[middle]!;
    if (span === at) return middle;
    if (span < at) {
      if (at < span + rows.fold[middle]!) return middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return -1;
}

/** How many leaves of the same parent, service, name and outcome follow each other from here. */
export function repeatsFrom(model: TraceModel, at: number): number {
  if (model.end[at] !== at + 1) return 1;
  let next = at + 1;
  while (
    next < model.n &&
    model.parent[next] === model.parent[at] &&
    model.depth[next] === model.depth[at] &&
    model.name[next] === model.name[at] &&
    model.service[next] === model.service[at] &&
    (model.status[next] === 2) === (model.status[at] === 2) &&
    model.end[next] === next + 1
  )
    next++;
  return next - at;
}

/** Marks what `matches` and all above it. */
export function withAncestors(model: TraceModel, matches: (at: number) => boolean): { keep: Uint8Array; found: number } {
  const keep = new Uint8Array(model.n);
  let found = 0;
  for (let at = 0; at < model.n; at++) {
    if (!matches(at)) continue;
    found++;
    for (let up = at; up >= 0 && !keep[up]; up = model.parent[up]!) keep[up] = 1;
  }
  return { keep, found };
}

export function textFilter(model: TraceModel, text: string): (at: number) => boolean {
  const needle = text.trim().toLowerCase();
  const names = model.names.map((name) => name.toLowerCase().includes(needle));
  const services = model.services.map((name) => name.toLowerCase().includes(needle));
  return (at) => names[model.name[at]!]! || (model.service[at]! >= 0 && services[model.service[at]!]!) || spanId(model, at).startsWith(needle);
}

/** The next span with an error after (or before) a place, around the end; -1 when there is none. */
export function nextError(model: TraceModel, from: number, step: 1 | -1): number {
  if (model.errors === 0) return -1;
  for (let tried = 1; tried <= model.n; tried++) {
    const at = (((from + step * tried) % model.n) + model.n) % model.n;
    if (model.status[at] === 2) return at;
  }
  return -1;
}

/** Deepest spans with an error that have none below them: where errors were born. */
export function origins(model: TraceModel): number[] {
  const found: number[] = [];
  for (let at = 0; at < model.n; at++) {
    if (model.status[at] !== 2) continue;
    let below = false;
    for (let inside = at + 1; inside < model.end[at]! && !below; inside++) below = model.status[inside] === 2;
    if (!below) found.push(at);
  }
  return found;
}

/** Everything above a span, so that it can be shown. */
export function ancestors(model: TraceModel, at: number): number[] {
  const found: number[] = [];
  for (let up = model.parent[at]!; up >= 0; up = model.parent[up]!) found.push(up);
  return found;
}

/** `from-to` in µs, as it stands in a link; the whole trace when it says nothing that can be shown. */
export function windowOf(text: string, durationUs: number): [number, number] {
  const [from, to] = text.split('-').map((one) => (one === '' ? Number.NaN : Number(one)));
  const [a, b] = [Math.max(0, from!), Math.min(durationUs, to!)];
  return b - a > 0.5 ? [a, b] : [0, durationUs];
}

/** All spans with children deeper than `depth`. */
export function deeperThan(model: TraceModel, depth: number): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at < model.n; at++) if (model.depth[at]! >= depth && model.end[at]! > at + 1) found.add(at);
  return found;
}

/** Segments of the critical path by span: flat [from, to] pairs in µs. */
export function criticalBySpan(model: TraceModel, path: { span_ids: string; from_ns: number[]; to_ns: number[] }): Map<number, number[]> {
  const places = new Map<string, number>();
  for (let at = 0; at < model.n; at++) places.set(spanId(model, at), at);
  const found = new Map<number, number[]>();
  path.from_ns.forEach((from, index) => {
    const at = places.get(path.span_ids.slice(index * 16, index * 16 + 16));
    if (at === undefined) return;
    const list = found.get(at) ?? [];
    list.push(from / 1000, path.to_ns[index]! / 1000);
    found.set(at, list);
  });
  return found;
}

export function selfTimes(model: TraceModel, spans: { span_ids: string; self_ns: number[] }): Float64Array {
  const self = new Float64Array(model.n).fill(-1);
  const aligned = spans.span_ids === model.spanIds;
  spans.self_ns.forEach((ns, index) => {
    const at = aligned ? index : placeOf(model, spans.span_ids.slice(index * 16, index * 16 + 16));
    if (at >= 0) self[at] = ns / 1000;
  });
  return self;
}

export const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
