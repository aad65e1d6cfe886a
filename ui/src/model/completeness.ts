// How complete the numbers of a page are: what is worth a word beside them.
import type { Completeness } from '../base/schema';

/** What was sent and not stored; of the service that is asked for, where the server tells it. */
export function lost({ dropped }: Pick<Completeness, 'dropped'>): { requests: number; putOff: number; records: number } {
  const { requests, put_off, records } = dropped.service ?? dropped;
  return { requests, putOff: put_off, records };
}

export type Remark = { kind: 'late' | 'sampled' | 'left_out' | 'dropped'; n: number };

/** Only what is not zero; the worst last, where it is looked for. */
export function remarks(of: Completeness): Remark[] {
  const { requests, records } = lost(of);
  const all: Remark[] = [
    { kind: 'late', n: of.late },
    { kind: 'sampled', n: Math.round(of.sampled_out) },
    { kind: 'left_out', n: of.left_out },
    { kind: 'dropped', n: requests + records },
  ];
  return all.filter((one) => one.n > 0);
}

/** Whether something is missing that was not left out on purpose. */
export function isWanting(of: Completeness): boolean {
  return of.partial || remarks(of).some((one) => one.kind === 'left_out' || one.kind === 'dropped');
}
