// Which part of a tall element is in sight, whatever scrolls it.
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/**
 * Pixels from the element's top, `[from, to)`: what the window shows of it and at least `margin` more on both sides, in whole steps, so
 * that the answer stays the same while people scroll a little. It may end below the element.
 */
export function useSight(ref: RefObject<HTMLElement | null>, step: number, margin: number): readonly [number, number] {
  const [sight, setSight] = useState<readonly [number, number]>([0, step]);
  const measure = () => {
    const top = ref.current?.getBoundingClientRect().top;
    if (top === undefined) return;
    const from = Math.max(0, Math.floor((-top - margin) / step) * step);
    const to = Math.max(from, Math.ceil((innerHeight - top + margin) / step) * step);
    setSight((before) => (before[0] === from && before[1] === to ? before : [from, to]));
  };
  useLayoutEffect(measure);
  useLayoutEffect(() => {
    let frame = 0;
    const schedule = () => {
      frame ||= requestAnimationFrame(() => ((frame = 0), measure()));
    };
    // Scrolling does not bubble, whoever does it is seen on its way down.
    document.addEventListener('scroll', schedule, { capture: true, passive: true });
    addEventListener('resize', schedule);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('scroll', schedule, { capture: true });
      removeEventListener('resize', schedule);
    };
  }, []);
  return sight;
}
