// Keyboard for everything. Bindings register themselves with what they do, so that the `?` sheet is never wrong.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface Binding {
  /** `j`, `Enter`, `?`, or a sequence: `g t`. */
  keys: string;
  does: () => string;
  run: (event: KeyboardEvent) => void;
}

export interface Group {
  title: () => string;
  bindings: Binding[];
}

export const groups = signal<Group[]>([]);

export function register(group: Group): () => void {
  groups.value = [...groups.value, group];
  return () => (groups.value = groups.value.filter((one) => one !== group));
}

/** While the component is shown. The newest binding of a key wins. */
export function useKeys(title: () => string, bindings: Binding[], deps: unknown[] = []): void {
  useEffect(() => register({ title, bindings }), deps);
}

function name(event: KeyboardEvent): string {
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key.toLowerCase()}`;
  return event.key;
}

function typing(event: KeyboardEvent): boolean {
  const target = (event.composedPath()[0] ?? event.target) as HTMLElement;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function listenToKeys(): void {
  let before = '';
  let beforeAt = 0;
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const key = name(event);
    if (typing(event) && !key.startsWith('Ctrl+') && key !== 'Escape') return;
    // A button or link that has the focus takes Enter and the space bar itself.
    if ((key === 'Enter' || key === ' ') && (event.target as Element).closest?.('a,button,summary,[role=tab]')) return;
    const now = event.timeStamp;
    const sequence = now - beforeAt < 1200 && before ? `${before} ${key}` : '';
    const all = groups.value.flatMap((group) => group.bindings).reverse();
    const found = all.find((one) => sequence && one.keys === sequence) ?? all.find((one) => one.keys === key);
    [before, beforeAt] = [key, now];
    if (!found) return;
    event.preventDefault();
    before = '';
    found.run(event);
  });
}
