// Lanes: one canvas over all rows; rows themselves are DOM, so that everything can be reached without a mouse.
import { FONT, colour, useCanvas } from '../../base/canvas';
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { axisLabel, nsToMs, ticks, toIso, toMs } from '../../base/time';
import { GLYPHS, STATE_COLOURS, activeAt, isActive, segments, stateOf, type BreakersAnswer, type Group, type Row, type Segment } from '../../model/breakers';
import { stateName } from './words';

const t = texts({
  label: ['Breakers over time', '熔断器时间线'],
  breaker: ['Breaker', '熔断器'],
  refused: ['refused', '拒绝'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
  flapping: ['flapping', '抖动'],
  of: ['{open} of {n} instances', '{n} 个实例中的 {open} 个'],
  row: ['{service} to {target} {name}: {state}, {n} trips, {open} open', '{service} 到 {target} {name}：{state}，熔断 {n} 次，共 {open}'],
  any: ['any target', '未知目标'],
});

export const LANE = 38;
const HEAD = 30;
const AXIS = 22;

export function Lanes(props: { answer: BreakersAnswer; groups: Group[]; selected: string; trip: string; onSelect: (row: Row, trip: string | null) => void }) {
  const { answer, groups } = props;
  const t0 = nsToMs(answer.t0_ns);
  const spanUs = (nsToMs(answer.end_ns) - t0) * 1000;
  const canvas = useCanvas(({ context, width, height }) => {
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    const end = t0 + spanUs / 1000;
    for (const at of ticks(t0, end, width / 110)) {
      const x = Math.round(((at - t0) / (end - t0)) * width);
      context.fillStyle = colour('--grid');
      context.fillRect(x, AXIS, 1, height);
      context.fillStyle = colour('--text-faint');
      if (x > 22 && x < width - 22) context.fillText(axisLabel(at, end - t0), x, AXIS / 2);
    }
    let y = AXIS;
    for (const group of groups) {
      if (group.name) y += HEAD;
      for (const row of group.rows) {
        drawLane(context, segments(row.lane, spanUs), spanUs, y + LANE / 2, width);
        if (props.selected === row.id && props.trip) {
          const x = (((toMs(props.trip) - t0) * 1000) / spanUs) * width;
          context.fillStyle = colour('--accent');
          context.fillRect(x - 1, y + 2, 2, LANE - 4);
        }
        y += LANE;
      }
    }
  });
  return (
    <div class="lanes" role="group" aria-label={t('label')}>
      <canvas ref={canvas} class="lanes-canvas" aria-hidden="true" />
      <div class="lane-axis" style={{ height: `${AXIS}px` }} />
      {groups.map((group) => (
        <div key={group.name} role="presentation">
          {group.name !== '' || groups.length > 1 ? (
            <div class="lane-group" style={{ height: `${HEAD}px` }}>
              <span style={{ color: `var(${STATE_COLOURS[group.worst]})` }}>{GLYPHS[group.worst]}</span>
              <strong>{group.name || t('any')}</strong>
              <span class="faint">{group.rows.length}</span>
            </div>
          ) : null}
          {group.rows.map((row) => {
            const state = stateOf(row.state);
            const all = segments(row.lane, spanUs);
            return (
              <button
                key={row.id}
                class={`lane-row${row.id === props.selected ? ' selected' : ''}`}
                style={{ height: `${LANE}px` }}
                aria-label={t('row', { service: row.service, target: row.targets.join(', ') || t('any'), name: row.name, state: stateName(state), n: row.trips, open: duration(row.open_ns) })}
                onClick={(event) => {
                  const cell = event.currentTarget.querySelector('.lane-cell')!.getBoundingClientRect();
                  const us = ((event.clientX - cell.left) / cell.width) * spanUs;
                  const active = event.detail > 0 && us >= 0 && us <= spanUs ? activeAt(all, us) : null;
                  // A moment inside of the trip: it names the trip, also when its begin is known better later.
                  props.onSelect(row, active ? toIso(t0 + (active.from + active.to) / 2000) : null);
                }}
              >
                <span class="lane-name">
                  <span class="glyph" style={{ color: `var(${isActive(state) ? STATE_COLOURS[state] : '--text-faint'})` }}>
                    {GLYPHS[state]}
                  </span>
                  <span class="cut">
                    <span class="cut">
                      <strong>{row.service}</strong>
                      {row.targets.length > 0 && <span class="faint"> › {row.targets.join(', ')}</span>}
                    </span>
                    <span class="cut faint small">{row.name}</span>
                  </span>
                </span>
                <span class="lane-cell" />
                <span class="lane-facts">
                  <span class={isActive(state) ? 'strong' : 'soft'} style={isActive(state) ? { color: `var(${STATE_COLOURS[state]})` } : undefined}>
                    {stateName(state)} {isActive(state) && row.instances > 1 ? percent(row.open_fraction) : ''}
                    {row.flapping && <span class="badge warn" style={{ marginInlineStart: '6px' }}>{t('flapping')}</span>}
                  </span>
                  <span class="faint small">
                    {row.trips > 0 && `${t('trips', { n: row.trips })} · ${duration(row.open_ns)}`}
                    {row.refused > 0 && (
                      <>
                        {' · '}
                        <b class="error-text">{short(Math.round(row.refused))}</b> {t('refused')}
                      </>
                    )}
                  </span>
                </span>
              </button>
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** Open: solid. Half open: hatched. Shedding: as high as its ratio. Closed: a thin line. Unknown: dots. */
export function drawLane(context: CanvasRenderingContext2D, all: readonly Segment[], spanUs: number, middle: number, width: number): void {
  let covered = -1;
  let hidden = 0;
  for (const one of all) {
    const x = (one.from / spanUs) * width;
    const end = (one.to / spanUs) * width;
    const ink = colour(STATE_COLOURS[one.state]);
    if (!isActive(one.state)) {
      context.fillStyle = ink;
      if (one.state === 'closed') context.fillRect(x, middle - 1, Math.max(0, end - x), 2);
      else for (let dot = Math.ceil(x / 6) * 6; dot < end; dot += 6) context.fillRect(dot, middle - 1, 2, 2);
      continue;
    }
    const wide = Math.max(2, end - x);
    // Several in the same pixel are counted rather than lost.
    if (x < covered) hidden++;
    covered = x + wide;
    const high = one.state === 'shedding' ? 4 + 14 * Math.min(1, Math.max(0.08, one.fraction)) : 8 + 10 * Math.min(1, one.fraction || 1);
    const top = middle - high / 2;
    context.fillStyle = ink;
    if (one.state === 'open' || one.state === 'forced_open') {
      context.beginPath();
      context.roundRect(x, top, wide, high, Math.min(2, wide / 2));
      context.fill();
      if (one.state === 'forced_open' && wide > 14) {
        context.fillStyle = colour('--surface');
        context.fillText('◆', x + wide / 2, middle + 0.5);
      }
    } else {
      context.globalAlpha = 0.28;
      context.fillRect(x, top, wide, high);
      context.globalAlpha = 1;
      context.save();
      context.beginPath();
      context.rect(x, top, wide, high);
      context.clip();
      if (one.state === 'half_open') {
        context.strokeStyle = ink;
        context.lineWidth = 1.6;
        context.beginPath();
        for (let line = x - high; line < x + wide; line += 5) {
          context.moveTo(line, top + high);
          context.lineTo(line + high, top);
        }
        context.stroke();
      } else {
        for (let dot = x; dot < x + wide; dot += 4) for (let row = top + 1; row < top + high; row += 4) context.fillRect(dot + ((row / 4) % 2) * 2, row, 1.6, 1.6);
      }
      context.restore();
    }
  }
  if (hidden > 1) {
    context.fillStyle = colour('--text-faint');
    context.fillText(`+${hidden}`, Math.min(width - 12, covered + 12), middle - 12);
  }
}
