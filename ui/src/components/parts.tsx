// Small parts that every page uses.
import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { texts } from '../base/i18n';
import { useKeys } from '../base/keys';
import { percent } from '../base/format';
import { Icon, type IconName } from './icons';

const t = texts({
  close: ['Close', '关闭'],
  copied: ['Copied', '已复制'],
  copy: ['Copy', '复制'],
  panel: ['Side panel', '侧边栏'],
  ascending: ['ascending', '升序'],
  no_copy: ['The browser does not allow copying here', '浏览器不允许在此复制'],
});

export function Panel(props: { title?: ComponentChildren; actions?: ComponentChildren; grow?: boolean; flush?: boolean; class?: string; label?: string; children: ComponentChildren }) {
  return (
    <section class={`panel${props.grow ? ' grow' : ''} ${props.class ?? ''}`} aria-label={props.label}>
      {(props.title || props.actions) && (
        <div class="head">
          {typeof props.title === 'string' ? <h2>{props.title}</h2> : props.title}
          <span class="spring" />
          {props.actions}
        </div>
      )}
      <div class={`body${props.flush ? ' flush' : ''}`} tabIndex={props.flush ? 0 : undefined}>
        {props.children}
      </div>
    </section>
  );
}

export function IconButton(props: { icon: IconName; label: string; onClick?: (event: MouseEvent) => void; pressed?: boolean; small?: boolean; disabled?: boolean; ghost?: boolean }) {
  return (
    <button
      class={`btn icon${props.small ? ' small' : ''}${props.ghost === false ? '' : ' ghost'}`}
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

export function Segments<V extends string>(props: { label: string; value: V; options: readonly (readonly [V, string])[]; onChange: (value: V) => void }) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button key={value} aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </div>
  );
}

export function Select<V extends string>(props: { label: string; value: V; options: readonly (readonly [V, string])[]; onChange: (value: V) => void }) {
  return (
    <select class="select" aria-label={props.label} title={props.label} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value as V)}>
      {props.options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

export function Tabs<V extends string>(props: { label: string; value: V; tabs: readonly (readonly [V, ComponentChildren])[]; onChange: (value: V) => void }) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    const at = props.tabs.findIndex(([value]) => value === props.value);
    const next = props.tabs[(at + step + props.tabs.length) % props.tabs.length]!;
    props.onChange(next[0]);
    (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=tab]')[(at + step + props.tabs.length) % props.tabs.length]?.focus();
    event.preventDefault();
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label} onKeyDown={move}>
      {props.tabs.map(([value, text]) => (
        <button key={value} role="tab" aria-selected={value === props.value} tabIndex={value === props.value ? 0 : -1} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** Details at the side, so that the list keeps its place. Escape closes. */
export function Drawer(props: { title: ComponentChildren; sub?: ComponentChildren; actions?: ComponentChildren; onClose: () => void; children: ComponentChildren; label: string }) {
  useKeys(() => t('panel'), [{ keys: 'Escape', does: () => t('close'), run: props.onClose }], [props.onClose]);
  return (
    <aside class="drawer fade-in" aria-label={props.label}>
      <div class="head">
        <div style={{ minWidth: 0, flex: 1 }}>
          <h2 class="cut">{props.title}</h2>
          {props.sub && <div class="faint small cut">{props.sub}</div>}
        </div>
        {props.actions}
        <IconButton icon="close" label={t('close')} small onClick={props.onClose} />
      </div>
      <div class="body" tabIndex={0}>
        {props.children}
      </div>
    </aside>
  );
}

export function Modal(props: { label: string; class?: string; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} class={`modal ${props.class ?? ''}`} aria-label={props.label} onClose={props.onClose} onClick={(event) => event.target === ref.current && props.onClose()}>
      {props.children}
    </dialog>
  );
}

const toast = signal('');
let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  toast.value = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.value = ''), 1800);
}

export function Toast() {
  return (
    <div aria-live="polite">
      {toast.value && <div class="toast fade-in">{toast.value}</div>}
    </div>
  );
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(t('copied'));
  } catch {
    say(t('no_copy'));
  }
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  return <IconButton icon="copy" small label={label ?? t('copy')} onClick={() => void copy(text)} />;
}

export function Meter({ share, tone }: { share: number; tone?: 'error' | 'warn' }) {
  return (
    <span class={`meter ${tone ?? ''}`} role="img" aria-label={percent(share)}>
      <i style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }} />
    </span>
  );
}

export interface Column<R> {
  key: string;
  title: ComponentChildren;
  /** Shown at the right, in figures that stand below each other. */
  num?: boolean;
  wide?: boolean;
  sortable?: boolean;
  hideSmall?: boolean;
  /** For a page that hides it where there is no room. */
  class?: string;
  width?: number;
  cell: (row: R) => ComponentChildren;
}

export function Table<R>(props: {
  label: string;
  columns: Column<R>[];
  rows: readonly R[];
  keyOf: (row: R, index: number) => string;
  sort?: string;
  descending?: boolean;
  onSort?: (key: string) => void;
  onRow?: (row: R) => void;
  selected?: (row: R, index: number) => boolean;
  after?: (row: R) => ComponentChildren;
}) {
  const of = (column: Column<R>) => `${column.num ? 'num ' : ''}${column.wide ? 'wide ' : ''}${column.hideSmall ? 'hide-small ' : ''}${column.class ?? ''}`;
  return (
    <table class="table" aria-label={props.label}>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th
              key={column.key}
              class={of(column)}
              scope="col"
              style={column.width ? { width: `${column.width}px` } : undefined}
              aria-sort={props.sort === column.key ? (props.descending === false ? 'ascending' : 'descending') : undefined}
            >
              {column.sortable && props.onSort ? (
                <button onClick={() => props.onSort!(column.key)}>
                  {column.title}
                  {props.sort === column.key && <Icon name={props.descending === false ? 'up' : 'down'} size={11} />}
                </button>
              ) : (
                column.title
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row, index) => {
          const extra = props.after?.(row);
          return [
            <tr
              key={props.keyOf(row, index)}
              class={props.onRow ? 'link' : undefined}
              aria-selected={props.selected?.(row, index) || undefined}
              data-index={index}
              onClick={(event: MouseEvent) => {
                if (props.onRow && !(event.target as Element).closest('a,button,input')) props.onRow(row);
              }}
            >
              {props.columns.map((column) => (
                <td key={column.key} class={of(column)} style={column.wide && column.width ? { maxWidth: `${column.width}px` } : undefined}>
                  {column.wide ? (
                    <div class="cut">{column.cell(row)}</div>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>,
            extra,
          ];
        })}
      </tbody>
    </table>
  );
}
