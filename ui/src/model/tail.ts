// A live list that never moves what somebody reads: new lines wait while the list is not at its end.

export const TAIL_MAX = 10_000;

export interface TailLine<R> {
  key: string;
  row?: R;
  gap?: { dropped: number | null; reason: string };
}

export interface TailState<R> {
  shown: TailLine<R>[];
  waiting: TailLine<R>[];
  /** Lines that fell out of memory at the old end. */
  forgotten: number;
}

export function emptyTail<R>(): TailState<R> {
  return { shown: [], waiting: [], forgotten: 0 };
}

export function arrive<R>(state: TailState<R>, lines: readonly TailLine<R>[], following: boolean): TailState<R> {
  if (!following) return { ...state, waiting: cut([...state.waiting, ...lines]).kept };
  const { kept, lost } = cut([...state.shown, ...state.waiting, ...lines]);
  return { shown: kept, waiting: [], forgotten: state.forgotten + lost };
}

export function release<R>(state: TailState<R>): TailState<R> {
  return arrive(state, [], true);
}

function cut<R>(lines: TailLine<R>[]): { kept: TailLine<R>[]; lost: number } {
  const lost = Math.max(0, lines.length - TAIL_MAX);
  return { kept: lost ? lines.slice(lost) : lines, lost };
}
