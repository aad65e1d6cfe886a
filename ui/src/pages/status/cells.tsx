// Cells that several tables of the page have.
import { count, short } from '../../base/format';
import { dayClock, toMs } from '../../base/time';

/** What went wrong last, and when. `mild`: it is over. */
export function LastError({ of, mild = false }: { of: { time: string; message: string } | null | undefined; mild?: boolean }) {
  if (!of) return <span class="faint">–</span>;
  return (
    <span title={of.message}>
      <span class="faint mono">{dayClock(toMs(of.time))}</span> <span class={mild ? 'soft' : 'error-text'}>{of.message}</span>
    </span>
  );
}

/** How many, and of what reasons. */
export function ByReason({ total, reasons }: { total: number; reasons: readonly (readonly [string, number])[] }) {
  return (
    <span class={total ? 'error-text' : 'faint'} title={reasons.map(([reason, of]) => `${reason} ${count(of)}`).join(', ')}>
      {short(total)}
    </span>
  );
}
