// The state of every view is its URL. Paths are those of pages, below the path that this file was loaded from (a proxy may add one).
import { signal, computed } from '@preact/signals';

export const BASE: string = import.meta.env.PROD ? new URL(/* @vite-ignore */ '..', import.meta.url).pathname : '/';

export interface Place {
  /** Without the base, `/traces` for instance. */
  path: string;
  params: URLSearchParams;
}

function read(): Place {
  const { pathname, search } = globalThis.location ?? { pathname: '/', search: '' };
  const path = pathname.startsWith(BASE) ? `/${pathname.slice(BASE.length)}` : pathname;
  return { path, params: new URLSearchParams(search) };
}

export const place = signal<Place>(read());
export const path = computed(() => place.value.path);

/** `to` is a page and its parameters, for instance `/traces?q=status:error`. */
export function href(to: string): string {
  return BASE + to.replace(/^\//, '');
}

export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', href(to));
  place.value = read();
  if (how === 'push') document.querySelector('main')?.scrollTo(0, 0);
}

export type Params = Record<string, string | number | null | undefined>;

/** Changes some parameters of this page and leaves the others; null takes one away. */
export function setParams(changes: Params, how: 'push' | 'replace' = 'push'): void {
  const params = new URLSearchParams(place.value.params);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') params.delete(key);
    else params.set(key, String(value));
  }
  const text = readable(params);
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', href(place.value.path) + (text ? `?${text}` : ''));
  place.value = read();
}

/** Like `toString`, but leaves what people read in a link as it is. */
export function readable(params: URLSearchParams): string {
  return params.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
}

/** A link to a page with these parameters, and with the time range of this one. */
export function link(to: string, params: Params = {}): string {
  const all = new URLSearchParams();
  for (const key of ['range', 'start', 'end']) {
    const value = place.value.params.get(key);
    if (value !== null && !('range' in params) && !('start' in params)) all.set(key, value);
  }
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== '') all.set(key, String(value));
  }
  const text = readable(all);
  return href(to) + (text ? `?${text}` : '');
}

export function param(name: string): string {
  return place.value.params.get(name) ?? '';
}

/** Follows our own links without a reload, and Back. */
export function listen(): void {
  addEventListener('popstate', () => (place.value = read()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element | null)?.closest?.('a');
    if (!anchor || anchor.target || anchor.hasAttribute('download') || anchor.origin !== location.origin) return;
    const to = anchor.pathname + anchor.search;
    if (!to.startsWith(BASE) || to.startsWith(`${BASE}api/`)) return;
    event.preventDefault();
    go(to.slice(BASE.length));
  });
}
