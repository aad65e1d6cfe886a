// The instant the gates are shown at: a slider over the window, with the trips behind it, and a button that plays it.
import { useEffect, useState } from 'preact/hooks';
import { useCanvas, colour } from '../../base/canvas';
import { texts } from '../../base/i18n';
import { clock } from '../../base/time';
import { IconButton } from '../../components/parts';

const t = texts({
  at: ['Breakers as they were at', '查看该时刻的熔断状态'],
  now: ['at the end', '最新时刻'],
  play: ['Play the window', '回放'],
  stop: ['Stop', '停止'],
});

const STEPS = 400;
/** The whole window in about ten seconds. */
const TICK_MS = 100;
const TICK_STEPS = 4;

export function Scrubber({ t0, spanMs, at, trips, onAt }: { t0: number; spanMs: number; at: number | null; trips: readonly number[]; onAt: (ms: number | null) => void }) {
  const [playing, setPlaying] = useState(false);
  const step = at === null ? STEPS : Math.round(((at - t0) / spanMs) * STEPS);
  const settle = (to: number) => onAt(to >= STEPS ? null : t0 + (to / STEPS) * spanMs);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      const next = (step >= STEPS ? 0 : step) + TICK_STEPS;
      if (next >= STEPS) setPlaying(false);
      settle(next);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing, step]);
  const canvas = useCanvas(({ context, width, height }) => {
    const most = Math.max(1, ...trips);
    context.fillStyle = colour('--open');
    trips.forEach((count, index) => {
      const high = count > 0 ? Math.max(3, (count / most) * height) : 0;
      context.fillRect((index / trips.length) * width, height - high, Math.max(1, width / trips.length - 1), high);
    });
  });
  return (
    <div class="scrubber">
      <IconButton icon={playing ? 'pause' : 'play'} label={playing ? t('stop') : t('play')} onClick={() => setPlaying(!playing)} />
      <div class="scrubber-track">
        <canvas ref={canvas} aria-hidden="true" />
        <input type="range" min={0} max={STEPS} value={Math.min(STEPS, Math.max(0, step))} aria-label={t('at')} aria-valuetext={step >= STEPS ? t('now') : clock(t0 + (step / STEPS) * spanMs, 0)} onInput={(event) => settle(Number(event.currentTarget.value))} />
      </div>
      <span class="mono small nowrap">{step >= STEPS ? t('now') : clock(t0 + (step / STEPS) * spanMs, 0)}</span>
    </div>
  );
}
