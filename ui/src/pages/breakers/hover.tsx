// What a lane says at the pointer: when, which state, for how long.
import { duration, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import { clock } from '../../base/time';
import { levelName, stateName } from '../../components/breakerwords';
import { GLYPHS, STATE_COLOURS, isActive, level, type Row, type Segment } from '../../model/breakers';

const t = texts({
  of: ['{share} of {n} instance|{share} of {n} instances', '{n} 个实例中的 {share}'],
  so_far: ['so far', '至今'],
  click: ['Click: why it tripped', '点击查看原因'],
});

export interface Pointed {
  row: Row;
  segment: Segment;
  us: number;
  /** Of the window. */
  clientX: number;
  clientY: number;
  /** From the left edge of all lanes. */
  x: number;
}

export function LaneTip({ at, t0, spanUs }: { at: Pointed; t0: number; spanUs: number }) {
  const { segment, row } = at;
  const right = at.clientX > innerWidth - 300;
  const active = isActive(segment.state);
  return (
    <div class="lane-tip" style={{ top: `${Math.min(at.clientY + 16, innerHeight - 110)}px`, ...(right ? { right: `${innerWidth - at.clientX + 14}px` } : { left: `${at.clientX + 14}px` }) }}>
      <div class="faint mono">{clock(t0 + at.us / 1000)}</div>
      <div class="row tight">
        <span style={{ color: `var(${active ? STATE_COLOURS[segment.state] : '--text-faint'})` }}>{GLYPHS[segment.state]}</span>
        <strong>{stateName(segment.state)}</strong>
        <span class="soft">
          {duration((segment.to - segment.from) * 1000)} {segment.to >= spanUs && t('so_far')}
        </span>
      </div>
      {active && row.instances > 1 && <div class="soft">{t('of', { share: percent(segment.fraction), n: row.instances })}</div>}
      {active && row.last_trip && <div class="soft">{levelName(level(row.last_trip.method))}</div>}
      {active && <div class="faint small">{t('click')}</div>}
    </div>
  );
}
