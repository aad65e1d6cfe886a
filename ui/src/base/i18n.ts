// Texts stand beside the page that shows them, both languages in one line: a missing one is a type error.
import { language } from './prefs';

export type Text = readonly [en: string, zh: string];
export type Arguments = Record<string, string | number>;

export function locale(): string {
  return language.value === 'zh' ? 'zh-CN' : 'en-GB';
}

export function fill(text: string, args?: Arguments): string {
  if (!args) return text;
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name];
    return value === undefined ? whole : typeof value === 'number' ? value.toLocaleString(locale()) : value;
  });
}

/** `const t = texts({ title: ['Logs', '日志'] })`, then `t('title')`. English texts of a number have `one|many`. */
export function texts<D extends Record<string, Text>>(dictionary: D): (key: keyof D & string, args?: Arguments) => string {
  return (key, args) => {
    const text = dictionary[key]![language.value === 'zh' ? 1 : 0];
    const forms = args && 'n' in args ? text.split('|') : [text];
    return fill(forms.length > 1 && Number(args!.n) !== 1 ? forms[1]! : forms[0]!, args);
  };
}
