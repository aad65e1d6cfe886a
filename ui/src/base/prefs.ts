// What a person prefers on this machine. Nothing that belongs into a link.
import { effect, signal } from '@preact/signals';

export type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

const storage: Pick<Storage, 'getItem' | 'setItem'> | undefined = (() => {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
})();

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T) {
  const found = storage?.getItem(`fusebox.${key}`) as T | null | undefined;
  const preference = signal<T>(found && allowed.includes(found) ? found : otherwise);
  effect(() => {
    const value = preference.value;
    try {
      storage?.setItem(`fusebox.${key}`, value);
    } catch {
      // A full or forbidden storage only forgets.
    }
  });
  return preference;
}

const browser = globalThis.navigator?.languages?.find((tag) => /^(zh|en)/i.test(tag)) ?? 'en';

export const language = stored<Language>('language', ['en', 'zh'], /^zh/i.test(browser) ? 'zh' : 'en');
export const theme = stored<Theme>('theme', ['auto', 'light', 'dark'], 'auto');
export const zone = stored<Zone>('zone', ['local', 'utc'], 'local');
export const rail = stored<'wide' | 'narrow'>('rail', ['wide', 'narrow'], 'wide');

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
/** What is really shown. Drawings on canvas read it, and are drawn anew when it changes. */
export const shownTheme = signal<'light' | 'dark'>('light');

export function applyPrefs(): void {
  const apply = () => {
    shownTheme.value = theme.value === 'auto' ? (dark?.matches ? 'dark' : 'light') : theme.value;
    document.documentElement.dataset.theme = shownTheme.value;
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  };
  effect(apply);
  dark?.addEventListener('change', apply);
}

export function load(key: string): string | null {
  return storage?.getItem(`fusebox.${key}`) ?? null;
}

export function save(key: string, value: string): void {
  try {
    storage?.setItem(`fusebox.${key}`, value);
  } catch {
    // As above.
  }
}
