// A canvas that fits its box, in device pixels, drawn at most once a frame.
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import { shownTheme } from './prefs';

export interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Sharper than twice is not seen and costs. */
const RATIO_MAX = 2;

export function fit(canvas: HTMLCanvasElement): Surface {
  const ratio = Math.min(globalThis.devicePixelRatio || 1, RATIO_MAX);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Draws after each render, on resize and when the theme changes. */
export function useCanvas(draw: (surface: Surface) => void): RefObject<HTMLCanvasElement | null> {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  const frame = useRef(0);
  const schedule = () => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      if (ref.current?.isConnected) latest.current(fit(ref.current));
    });
  };
  const shown = shownTheme.value;
  useEffect(schedule);
  useEffect(() => {
    const observer = new ResizeObserver(schedule);
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  useEffect(schedule, [shown]);
  return ref;
}

const read = new Map<string, string>();
let readFor = '';

/** A design token, for drawing: `colour('--error')`. */
export function colour(token: string): string {
  if (readFor !== shownTheme.value) {
    read.clear();
    readFor = shownTheme.value;
  }
  let value = read.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
    read.set(token, value);
  }
  return value;
}

export const FONT = '11px system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif';
