// What the two halves of the waterfall show, the names and the bars.
import type { Rows, TraceModel } from '../../model/trace';

/** px */
export const ROW = 24;
export const RULER = 24;

export interface SpanMark {
  code?: string;
  refused?: boolean;
}

export interface View {
  model: TraceModel;
  rows: Rows;
  collapsed: ReadonlySet<number>;
  selected: number;
  /** µs */
  window: [number, number];
  critical: Map<number, number[]> | null;
  self: Float64Array | null;
  logs: ReadonlyMap<number, readonly { us: number; bad: boolean }[]>;
  marks: ReadonlyMap<number, SpanMark>;
  colours: readonly number[];
}
