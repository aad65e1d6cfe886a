// One lane's words: whom it guards, what it is now, what it cost. The lane itself is drawn under it.
import { duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { stateName } from '../../components/breakerwords';
import { GLYPHS, STATE_COLOURS, guarded, isActive, stateOf, subtitleOf, type Row } from '../../model/breakers';
import { LANE } from '../../model/lanes';

const t = texts({
  refused: ['refused', '拒绝'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
  flapping: ['flapping', '抖动'],
  of: ['{open} of {n} instances', '{n} 个实例中的 {open} 个'],
});

export function LaneRow({ row, selected, onChoose }: { row: Row; selected: boolean; onChoose: (event: MouseEvent, row: Row) => void }) {
  const state = stateOf(row.state);
  const active = isActive(state);
  const tone = active ? STATE_COLOURS[state] : null;
  return (
    <button class={`lane-row${selected ? ' selected' : ''}`} style={{ height: `${LANE}px` }} onClick={(event) => onChoose(event, row)}>
      <span class="lane-name">
        <span class="glyph" aria-hidden="true" style={{ color: `var(${tone ?? '--text-faint'})` }}>
          {GLYPHS[state]}
        </span>
        <span class="cut">
          <span class="cut">
            <strong>{row.service}</strong>
            {guarded(row) && <span class="faint"> › {guarded(row)}</span>}
          </span>
          <span class="cut faint small">{subtitleOf(row)}</span>
        </span>
      </span>
      <span class="lane-cell" data-id={row.id} />
      <span class="lane-facts">
        <span class={active ? 'strong' : 'soft'} style={tone ? { color: `var(${tone})` } : undefined}>
          {stateName(state)} {active && row.instances > 1 && <span title={t('of', { open: Math.round(row.open_fraction * row.instances), n: row.instances })}>{`${Math.round(row.open_fraction * row.instances)}/${row.instances}`}</span>}
          {row.flapping && (
            <span class="badge warn" style={{ marginInlineStart: '6px' }}>
              {t('flapping')}
            </span>
          )}
        </span>
        <span class="faint small">
          {row.trips > 0 && `${t('trips', { n: row.trips })} · ${duration(row.open_ns)}`}
          {row.refused > 0 && (
            <>
              {' · '}
              <b class="error-text">{short(Math.round(row.refused))}</b> <span class="word">{t('refused')}</span>
            </>
          )}
        </span>
      </span>
    </button>
  );
}
