// What a person may mean by a few letters: a page, a trace id, a code, a service.

export interface Destination {
  kind: 'page' | 'trace' | 'code' | 'service' | 'breaker' | 'search' | 'action';
  title: string;
  hint?: string;
  /** A page with parameters, unless `run`. */
  to?: string;
  run?: () => void;
}

/** All letters of `typed` in this order; lower is better, null is no match. */
export function score(typed: string, text: string): number | null {
  const [needle, hay] = [typed.toLowerCase(), text.toLowerCase()];
  if (!needle) return 0;
  const whole = hay.indexOf(needle);
  if (whole >= 0) return whole === 0 ? 0 : /[\s./_-]/.test(hay[whole - 1]!) ? 1 : 2 + whole / 100;
  let [at, gaps] = [-1, 0];
  for (const letter of needle) {
    const next = hay.indexOf(letter, at + 1);
    if (next < 0) return null;
    gaps += next - at - 1;
    at = next;
  }
  return 10 + gaps;
}

/** 32 hex digits, also with dashes or inside a traceparent. */
export function traceId(typed: string): string | null {
  const parent = /\b00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b/i.exec(typed);
  if (parent) return parent[1]!.toLowerCase();
  const bare = typed.trim().replaceAll('-', '');
  return /^[0-9a-f]{32}$/i.test(bare) ? bare.toLowerCase() : null;
}

export function looksLikeCode(typed: string): boolean {
  return /^[A-Z]*-?\d{3,12}\*?$/i.test(typed.trim()) || /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(typed.trim());
}

export function rank(typed: string, all: readonly Destination[], limit: number): Destination[] {
  return all
    .map((one, index) => ({ one, index, by: score(typed.trim(), one.title) }))
    .filter((found): found is { one: Destination; index: number; by: number } => found.by !== null)
    .sort((a, b) => a.by - b.by || a.index - b.index)
    .slice(0, limit)
    .map((found) => found.one);
}
