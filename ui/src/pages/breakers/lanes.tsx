// Lanes: one canvas over all rows; rows themselves are DOM, so that everything can be reached without a mouse.
import { useState } from 'preact/hooks';
import { FONT, colour, useCanvas } from '../../base/canvas';
import { duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { nsToMs, ticks, toIso, toMs } from '../../base/time';
import { LaneTip, type Pointed } from './hover';
import { GLYPHS, STATE_COLOURS, activeAt, guarded, isActive, segments, stateOf, subtitleOf, type BreakersAnswer, type Group, type Row } from '../../model/breakers';
import { stateName } from '../../components/breakerwords';
import { drawLane } from '../../components/lane';

const t = texts({
  label: ['Breakers over time', '熔断器时间线'],
  breaker: ['Breaker', '熔断器'],
  refused: ['refused', '拒绝'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
  flapping: ['flapping', '抖动'],
  of: ['{open} of {n} instances', '{n} 个实例中的 {open} 个'],
  any: ['any target', '未知目标'],
});

const LANE = 38;
const HEAD = 30;

/** A group of one needs no head: its row says the same. */
function headed(group: Group): boolean {
  return group.rows.length > 1 && group.name !== '';
}

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
      context.fillRect(x, 0, 1, height);
    }
    let y = 0;
    for (const group of groups) {
      if (headed(group)) y += HEAD;
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
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const point = (event: PointerEvent) => {
    const cell = (event.target as Element).closest('.lane-row')?.querySelector<HTMLElement>('.lane-cell');
    const row = groups.flatMap((group) => group.rows).find((one) => one.id === cell?.dataset.id);
    const box = cell?.getBoundingClientRect();
    if (!row || !box || event.pointerType === 'touch' || event.clientX < box.left || event.clientX > box.right) return setPointed(null);
    const us = ((event.clientX - box.left) / box.width) * spanUs;
    const segment = segments(row.lane, spanUs).findLast((one) => one.from <= us);
    const left = (event.currentTarget as Element).getBoundingClientRect().left;
    setPointed(segment ? { row, segment, us, clientX: event.clientX, clientY: event.clientY, x: event.clientX - left } : null);
  };
  return (
    <div class="lanes" role="group" aria-label={t('label')} onPointerMove={point} onPointerLeave={() => setPointed(null)}>
      {pointed && <div class="lane-cross" style={{ left: `${pointed.x}px` }} />}
      {pointed && <LaneTip at={pointed} t0={t0} spanUs={spanUs} />}
      <canvas ref={canvas} class="lanes-canvas" aria-hidden="true" />
      {groups.map((group) => (
        <div key={group.name} role="presentation">
          {headed(group) ? (
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
                onClick={(event) => {
                  const cell = event.currentTarget.querySelector('.lane-cell')!.getBoundingClientRect();
                  const us = ((event.clientX - cell.left) / cell.width) * spanUs;
                  const active = event.detail > 0 && us >= 0 && us <= spanUs ? activeAt(all, us) : null;
                  // A moment inside of the trip: it names the trip, also when its begin is known better later.
                  props.onSelect(row, active ? toIso(t0 + (active.from + active.to) / 2000) : null);
                }}
              >
                <span class="lane-name">
                  <span class="glyph" aria-hidden="true" style={{ color: `var(${isActive(state) ? STATE_COLOURS[state] : '--text-faint'})` }}>
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
                  <span class={isActive(state) ? 'strong' : 'soft'} style={isActive(state) ? { color: `var(${STATE_COLOURS[state]})` } : undefined}>
                    {stateName(state)} {isActive(state) && row.instances > 1 && <span title={t('of', { open: Math.round(row.open_fraction * row.instances), n: row.instances })}>{`${Math.round(row.open_fraction * row.instances)}/${row.instances}`}</span>}
                    {row.flapping && <span class="badge warn" style={{ marginInlineStart: '6px' }}>{t('flapping')}</span>}
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
          })}
        </div>
      ))}
    </div>
  );
}
