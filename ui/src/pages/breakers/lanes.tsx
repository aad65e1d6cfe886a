// Lanes over time. Only those in sight exist, in chunks that are drawn once: scrolling draws what comes into sight, and the pointer nothing.
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import { texts } from '../../base/i18n';
import { useSight } from '../../base/sight';
import { nsToMs, toIso } from '../../base/time';
import { activeAt, segments, type BreakersAnswer, type Group, type Row } from '../../model/breakers';
import { LANE, inSight, itemOf, layOut, type Layout } from '../../model/lanes';
import { LaneChunk } from './chunk';
import { LaneTip, type Pointed } from './hover';

const t = texts({
  label: ['Breakers over time', '熔断器时间线'],
});

export function Lanes(props: { answer: BreakersAnswer; groups: Group[]; selected: string; trip: string; onSelect: (row: Row, trip: string | null) => void }) {
  const { answer, groups, selected, trip } = props;
  const t0 = nsToMs(answer.t0_ns);
  const spanUs = (nsToMs(answer.end_ns) - t0) * 1000;
  const layout = useMemo(() => layOut(groups), [groups]);
  const box = useRef<HTMLDivElement>(null);
  const [from, to] = useSight(box, 4 * LANE, 2 * LANE);
  const place = itemOf(layout, selected);
  const here = useRef<HTMLDivElement>(null);
  // What is chosen by keys or by a link comes into sight.
  useLayoutEffect(() => here.current?.scrollIntoView({ block: 'nearest' }), [selected, place === null]);
  const pointed = useSignal<Pointed | null>(null);
  const choose = (event: MouseEvent, row: Row) => {
    const cell = (event.currentTarget as Element).querySelector('.lane-cell')!.getBoundingClientRect();
    const us = ((event.clientX - cell.left) / cell.width) * spanUs;
    const active = event.detail > 0 && us >= 0 && us <= spanUs ? activeAt(segments(row.lane, spanUs), us) : null;
    // A moment inside of the trip: it names the trip, also when its begin is known better later.
    props.onSelect(row, active ? toIso(t0 + (active.from + active.to) / 2000) : null);
  };
  return (
    <div
      ref={box}
      class="lanes"
      role="group"
      aria-label={t('label')}
      style={{ height: `${layout.height}px` }}
      onPointerMove={(event) => (pointed.value = pointedAt(event, layout, spanUs))}
      onPointerLeave={() => (pointed.value = null)}
    >
      <Hover pointed={pointed} t0={t0} spanUs={spanUs} />
      {place && <div ref={here} class="lane-here" style={{ top: `${place.y}px`, height: `${place.high}px` }} />}
      {inSight(layout, from, to).map((chunk) => {
        const mine = place !== null && place.y >= chunk.y && place.y < chunk.y + chunk.high;
        return <LaneChunk key={chunk.y} chunk={chunk} t0={t0} spanUs={spanUs} selected={mine ? selected : ''} trip={mine ? trip : ''} onChoose={choose} />;
      })}
    </div>
  );
}

function pointedAt(event: PointerEvent, layout: Layout, spanUs: number): Pointed | null {
  const cell = (event.target as Element).closest('.lane-row')?.querySelector<HTMLElement>('.lane-cell');
  const box = cell?.getBoundingClientRect();
  if (!cell || !box || event.pointerType === 'touch' || event.clientX < box.left || event.clientX > box.right) return null;
  const item = itemOf(layout, cell.dataset.id!);
  if (!item) return null;
  const us = ((event.clientX - box.left) / box.width) * spanUs;
  const segment = segments(item.row.lane, spanUs).findLast((one) => one.from <= us);
  const left = (event.currentTarget as Element).getBoundingClientRect().left;
  return segment ? { row: item.row, segment, us, clientX: event.clientX, clientY: event.clientY, x: event.clientX - left } : null;
}

function Hover({ pointed, t0, spanUs }: { pointed: Signal<Pointed | null>; t0: number; spanUs: number }) {
  const at = pointed.value;
  if (!at) return null;
  return (
    <>
      <div class="lane-cross" style={{ left: `${at.x}px` }} />
      <LaneTip at={at} t0={t0} spanUs={spanUs} />
    </>
  );
}
