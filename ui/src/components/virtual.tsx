// A list of any length: rows of one height, only those in sight exist.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export function VirtualList<R>(props: {
  rows: readonly R[];
  rowHeight: number;
  label: string;
  keyOf: (row: R, index: number) => string | number;
  children: (row: R, index: number) => ComponentChildren;
  /** Kept in sight when it changes. */
  at?: number;
  box?: RefObject<HTMLDivElement | null>;
  onScroll?: (box: HTMLDivElement) => void;

}) {
  const own = useRef<HTMLDivElement>(null);
  const box = props.box ?? own;
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = box.current;
    if (!element || props.at === undefined || props.at < 0) return;
    const top = props.at * props.rowHeight;
    if (top < element.scrollTop) element.scrollTop = top - props.rowHeight;
    else if (top + props.rowHeight * 2 > element.scrollTop + element.clientHeight) element.scrollTop = top - element.clientHeight + props.rowHeight * 3;
  }, [props.at]);
  const first = Math.max(0, Math.floor(view.top / props.rowHeight) - 6);
  const last = Math.min(props.rows.length, Math.ceil((view.top + view.height) / props.rowHeight) + 6);
  return (
    <div
      ref={box}
      class="virtual"
      role="list"
      aria-label={props.label}
      tabIndex={0}
      onScroll={(event) => {
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight });
        props.onScroll?.(event.currentTarget);
      }}
    >
      <div role="presentation" style={{ height: `${props.rows.length * props.rowHeight}px`, position: 'relative' }}>
        <div role="presentation" style={{ position: 'absolute', top: `${first * props.rowHeight}px`, left: 0, right: 0 }}>
          {props.rows.slice(first, last).map((row, offset) => (
            <div key={props.keyOf(row, first + offset)} role="listitem" style={{ height: `${props.rowHeight}px` }}>
              {props.children(row, first + offset)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
