// Building searches: a condition more, a condition less. The grammar itself is the server's.

const PLAIN = /^[\p{L}\p{N}_./@-]+$/u;

export function quote(value: string): string {
  return PLAIN.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export function condition(field: string, value: string, exclude = false): string {
  return `${exclude ? '-' : ''}${field}:${quote(value)}`;
}

/** Adds a condition with AND; an OR before it is kept together by parentheses. */
export function and(q: string, more: string): string {
  const before = q.trim();
  if (!before) return more;
  if (conditions(before).includes(more)) return before;
  return `${/\bOR\b/.test(outsideQuotes(before)) && !wrapped(before) ? `(${before})` : before} AND ${more}`;
}

function outsideQuotes(q: string): string {
  return q.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
}

function wrapped(q: string): boolean {
  return q.startsWith('(') && q.endsWith(')') && !outsideQuotes(q).slice(1, -1).includes(')');
}

/** The parts that AND joins at the top, for chips; the whole search as one part when there is an OR. */
export function conditions(q: string): string[] {
  const parts: string[] = [];
  let [depth, quoted, from] = [0, false, 0];
  const text = q.trim();
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '\\' && quoted) at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === '(' || letter === '{')) depth++;
    else if (!quoted && (letter === ')' || letter === '}')) depth--;
    else if (!quoted && depth === 0 && letter === ' ') {
      if (/^ +OR /.test(text.slice(at))) return [text];
      const joint = /^ +AND +/.exec(text.slice(at)) ?? /^ +/.exec(text.slice(at))!;
      parts.push(text.slice(from, at));
      from = at + joint[0].length;
      at = from - 1;
    }
  }
  parts.push(text.slice(from));
  return parts.filter(Boolean);
}

export function without(q: string, part: string): string {
  return conditions(q)
    .filter((one) => one !== part)
    .join(' AND ');
}
