// SQL as it is typed: which words are what, and what may come next. The database knows the language; this knows enough to colour and to help.

/** What DataFusion reads, as far as people write it. */
export const KEYWORDS = new Set(
  (
    'select from where group by having order limit offset as on using join inner left right full outer cross lateral union all intersect except distinct with recursive case when then else end and or not in is null ' +
    'like ilike similar to between exists asc desc nulls first last over partition rows range unbounded preceding following current row filter within any some cast try_cast extract interval true false values explain analyze ' +
    'describe show tables columns unnest qualify grouping sets cube rollup'
  ).split(' '),
);

export const TYPES = new Set('int integer bigint smallint tinyint float double real decimal numeric varchar text char string boolean bool date time timestamp timestamptz bytea binary'.split(' '));

/** Functions that questions about telemetry use; any other can be typed. */
export const FUNCTIONS = 'count sum avg min max approx_distinct approx_percentile_cont median stddev date_bin date_trunc date_part now to_timestamp coalesce nullif round floor ceil abs lower upper length substr split_part regexp_like regexp_replace array_agg string_agg first_value last_value lag lead row_number rank'.split(' ');

export interface Offer {
  label: string;
  kind: 'table' | 'column' | 'keyword' | 'function';
}

/** What may stand where `before` ends, best first, and how many of its last characters it replaces. Null when nothing is to be said. */
export function offers(text: string, before: string, schema: Readonly<Record<string, readonly string[]>>): { replaces: number; list: Offer[] } | null {
  const word = /[\w]*$/.exec(before)![0];
  const rest = before.slice(0, before.length - word.length);
  if (inText(rest)) return null;
  const column = (label: string): Offer => ({ label, kind: 'column' });
  const owner = /(\w+)\.$/.exec(rest)?.[1];
  if (owner) {
    const columns = schema[owner] ?? schema[aliases(text).get(owner) ?? ''];
    return columns ? { replaces: word.length, list: columns.map(column) } : null;
  }
  if (word === '') return null;
  const tables = Object.keys(schema).map((label): Offer => ({ label, kind: 'table' }));
  // After these only a table can stand.
  if (/\b(from|join|describe)\s+$/i.test(rest)) return { replaces: word.length, list: tables };
  const named = [...new Set(aliases(text).values())];
  const columns = [...new Set(named.flatMap((table) => schema[table] ?? []))].map(column);
  const words = [...KEYWORDS].map((label): Offer => ({ label: label.toUpperCase(), kind: 'keyword' }));
  return { replaces: word.length, list: [...columns, ...FUNCTIONS.map((label): Offer => ({ label, kind: 'function' })), ...tables, ...words] };
}

/** Tables that the text reads, by the names they have in it. */
function aliases(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, table, alias] of text.matchAll(/\b(?:from|join)\s+(\w+)(?:\s+(?:as\s+)?(\w+))?/gi)) {
    found.set(table!, table!);
    if (alias && !KEYWORDS.has(alias.toLowerCase())) found.set(alias, table!);
  }
  return found;
}

/** Within a text, a quoted name or a comment that is not closed. */
function inText(before: string): boolean {
  const open = before.replace(/'(?:[^']|'')*'|"[^"]*"|\/\*[\s\S]*?\*\/|--[^\n]*\n/g, '');
  return /['"]|--|\/\*/.test(open);
}
