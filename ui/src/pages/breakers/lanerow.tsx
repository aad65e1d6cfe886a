// One lane's words: whom it guards, what it is now, what it cost. The lane itself is drawn under it.
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { stateName } from '../../components/breakerwords';
import { codeName } from '../../components/codename';
import { GLYPHS, STATE_COLOURS, guarded, inkOf, isActive, stateOf, subtitleOf, type Row } from '../../model/breakers';
import { LANE } from '../../model/lanes';

const t = texts({
  refused: ['refused', '次拒绝'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
  flapping: ['flapping', '抖动'],
  flapping_why: ['It opens again soon after it closed', '恢复后很快再次熔断'],
  codes: ['Errors in the time before the last trip', '最近一次熔断前的错误'],
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
        <span class="lane-words">
          <span class={`cut ${active ? 'strong' : 'soft'}`} style={active ? { color: inkOf(state) } : undefined}>
            {stateName(state)} {active && row.instances > 1 && <span title={t('of', { open: Math.round(row.open_fraction * row.instances), n: row.instances })}>{`${Math.round(row.open_fraction * row.instances)}/${row.instances}`}</span>}
            {row.flapping && (
              <span class="badge warn" style={{ marginInlineStart: '6px' }} title={t('flapping_why')}>
                {t('flapping')}
              </span>
            )}
          </span>
          <span class="cut faint small">
            {row.refused > 0 && (
              <>
                <b class="error-text">{short(Math.round(row.refused))}</b> {t('refused')}
                {row.trips > 0 && ' · '}
              </>
            )}
            {row.trips > 0 && `${t('trips', { n: row.trips })} · ${duration(row.open_ns)}`}
          </span>
        </span>
        {row.top_codes && row.top_codes.length > 0 && (
          <span class="lane-codes" title={t('codes')}>
            {row.top_codes.slice(0, 2).map((code) => (
              <span key={code.code} class="row tight">
                <span class="mono cut">{codeName(code.code)}</span>
                <span class="faint">{percent(code.share)}</span>
              </span>
            ))}
          </span>
        )}
      </span>
    </button>
  );
}
