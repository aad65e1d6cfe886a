// One trip from near: every instance around it, with the moment failures began.
import { useMemo } from 'preact/hooks';
import { FONT, colour, useCanvas } from '../../base/canvas';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { axisLabel, nsToMs, ticks, toIso, toMs } from '../../base/time';
import { stateName } from '../../components/breakerwords';
import { drawLane } from '../../components/lane';
import { isActive, segments, stateOf, type Lane, type TripAnswer } from '../../model/breakers';

const t = texts({
  label: ['The trip, instance by instance', '各实例的熔断过程'],
  failing: ['failures begin', '失败开始'],
  more: ['{n} instance did not open|{n} instances did not open', '{n} 个实例未熔断'],
});

const LANE = 22;
const LANES_MAX = 12;

interface Instances {
  t0_ns: string;
  end_ns: string;
  instances: { instance: string; state: string; refused: number; lane: Lane }[];
}

export function TripStrip({ one }: { one: TripAnswer }) {
  const opened = toMs(one.trip.opened.time);
  const closed = one.trip.closed ? toMs(one.trip.closed.time) : null;
  const long = (closed ?? opened + 30_000) - opened;
  // What failed long before is told in words: it would leave no room for the trip.
  const failing = one.failing_since ? toMs(one.failing_since) : null;
  const near = failing !== null && opened - failing <= Math.max(60_000, 3 * long);
  const begun = near ? failing : opened;
  // Of this answer: an ongoing trip would otherwise ask anew with every drawing.
  const range = useMemo(() => {
    const around = Math.max(5000, long * 0.25);
    return { start: toIso(Math.min(begun, opened) - around), end: toIso((closed ?? Math.max(opened + 30_000, Date.now())) + around) };
  }, [one]);
  const answer = useGet<Instances>(`breakers/${one.breaker.id}/instances`, range, { settled: closed !== null });
  const data = answer.data;
  const t0 = data ? nsToMs(data.t0_ns) : 0;
  const spanUs = data ? (nsToMs(data.end_ns) - t0) * 1000 : 1;
  const all = (data?.instances ?? []).map((instance) => ({ ...instance, segments: segments(instance.lane, spanUs) }));
  const touched = all.filter((instance) => instance.segments.some((segment) => isActive(segment.state)));
  const shown = (touched.length ? touched : all).slice(0, LANES_MAX);
  // The moment failures begin is named between the times and the lanes.
  const top = near ? 34 : 20;
  const canvas = useCanvas(({ context, width, height }) => {
    if (!data) return;
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    const end = t0 + spanUs / 1000;
    for (const at of ticks(t0, end, width / 80)) {
      const x = Math.round(((at - t0) / (end - t0)) * width);
      context.fillStyle = colour('--grid');
      context.fillRect(x, top, 1, height);
      context.fillStyle = colour('--text-faint');
      if (x > 26 && x < width - 26) context.fillText(axisLabel(at, end - t0), x, 10);
    }
    shown.forEach((instance, index) => drawLane(context, instance.segments, spanUs, top + LANE * (index + 0.5), width));
    if (near) {
      const x = ((begun - t0) / (end - t0)) * width;
      context.fillStyle = colour('--half');
      context.fillRect(x, 20, 1.5, height);
      context.fillStyle = colour('--warn');
      context.textAlign = x > width - 90 ? 'end' : 'start';
      context.fillText(t('failing'), x + (x > width - 90 ? -5 : 5), 26);
    }
  });
  if (!data || shown.length === 0) return null;
  return (
    <section class="trip-strip" aria-label={t('label')}>
      <div class="trip-strip-names" style={{ paddingTop: `${top}px` }}>
        {shown.map((instance) => (
          <div key={instance.instance} class="cut cut-start mono small" style={{ height: `${LANE}px`, lineHeight: `${LANE}px` }} title={instance.instance}>
            {instance.instance}
          </div>
        ))}
      </div>
      <canvas ref={canvas} role="img" style={{ height: `${top + LANE * shown.length}px` }} aria-label={shown.map((instance) => `${instance.instance}: ${stateName(stateOf(instance.state))}`).join(', ')} />
      {touched.length > 0 && all.length > touched.length && <span class="faint small">{t('more', { n: all.length - touched.length })}</span>}
    </section>
  );
}
