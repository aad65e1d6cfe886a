// A canvas that fits its box, in device pixels, drawn at most once a frame.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import { shownTheme } from './prefs';

export interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Sharper than twice is not seen and costs. */
const RATIO_MAX = 2;

function ratioNow(): number {
  return Math.min(globalThis.devicePixelRatio || 1, RATIO_MAX);
}

function fits(canvas: HTMLCanvasElement): boolean {
  const ratio = ratioNow();
  return canvas.width === Math.round(canvas.clientWidth * ratio) && canvas.height === Math.round(canvas.clientHeight * ratio);
}

export function fit(canvas: HTMLCanvasElement): Surface {
  const ratio = ratioNow();
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!fits(canvas)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Draws after each render, on resize and when the theme changes; with `deps`, after a render that changed them and before it is seen. */
export function useCanvas(draw: (surface: Surface) => void, deps?: unknown[]): RefObject<HTMLCanvasElement | null> {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  const frame = useRef(0);
  const paint = () => {
    cancelAnimationFrame(frame.current);
    frame.current = 0;
    if (ref.current?.isConnected) latest.current(fit(ref.current));
  };
  const schedule = () => {
    frame.current ||= requestAnimationFrame(paint);
  };
  const shown = shownTheme.value;
  if (deps) useLayoutEffect(paint, deps);
  else useEffect(schedule);
  useEffect(() => {
    // Also told at the begin, and when a drawing has already seen the new size.
    const observer = new ResizeObserver(() => ref.current && !fits(ref.current) && schedule());
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

const tiles = new Map<string, CanvasPattern | null>();

/** A pattern that repeats every `size` px, painted once: filling with it costs one rectangle. */
export function tile(context: CanvasRenderingContext2D, name: string, size: number, ink: string, paint: (context: CanvasRenderingContext2D) => void): CanvasPattern | string {
  const ratio = ratioNow();
  const key = `${name} ${ink} ${ratio}`;
  let made = tiles.get(key);
  if (made === undefined) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = Math.ceil(size * ratio);
    const inside = canvas.getContext('2d')!;
    inside.scale(canvas.width / size, canvas.width / size);
    inside.fillStyle = inside.strokeStyle = ink;
    paint(inside);
    made = context.createPattern(canvas, 'repeat');
    made?.setTransform(new DOMMatrix().scale(size / canvas.width));
    tiles.set(key, made);
  }
  return made ?? ink;
}

export const FAMILY = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif';
export const FONT = `11px ${FAMILY}`;
