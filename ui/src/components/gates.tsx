// How many breakers are in which state, in the room of a table cell.
import { GLYPHS, STATE_COLOURS, isActive } from '../model/breakers';
import { gateCounts } from '../model/services';
import { stateName } from './breakerwords';

export function GateCounts({ counts, to }: { counts: Record<string, number>; to: string }) {
  const shown = gateCounts(counts);
  if (shown.length === 0) return null;
  return (
    <a class="nowrap gate-counts" href={to}>
      {shown.map(({ state, n }) => (
        <span key={state} title={`${n} ${stateName(state)}`} style={{ color: `var(${isActive(state) ? STATE_COLOURS[state] : '--text-soft'})` }}>
          {GLYPHS[state]} {n}
          <span class="visually-hidden"> {stateName(state)}</span>
        </span>
      ))}
    </a>
  );
}
