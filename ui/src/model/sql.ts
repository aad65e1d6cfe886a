// Answers of SQL as a table, and as a chart when they look like one.
import type { SqlAnswer } from '../base/schema';
import { toMs } from '../base/time';

export const EXAMPLES: { id: string; sql: string }[] = [
  {
    id: 'busiest',
    sql: `SELECT service_name, count(*) AS spans,
       count(*) FILTER (WHERE status_code = 2) AS errors,
       approx_percentile_cont(duration_ns, 0.95) / 1e6 AS p95_ms
FROM spans
WHERE start_time > now() - INTERVAL '1 hour'
GROUP BY service_name ORDER BY spans DESC`,
  },
  {
    id: 'errors',
    sql: `SELECT date_trunc('minute', start_time) AS minute, count(*) AS errors
FROM spans
WHERE status_code = 2 AND start_time > now() - INTERVAL '1 hour'
GROUP BY 1 ORDER BY 1`,
  },
  {
    id: 'trips',
    sql: `SELECT opened, service, name, framework, duration_ns / 1e9 AS seconds, refused, reopens
FROM breaker_trips(now() - INTERVAL '1 hour', now())
ORDER BY opened DESC`,
  },
  {
    id: 'refused',
    sql: `SELECT service_name, kind, name, framework, count(*) AS records
FROM rejections
WHERE time > now() - INTERVAL '1 hour'
GROUP BY 1, 2, 3, 4 ORDER BY records DESC`,
  },
  {
    id: 'slowest',
    sql: `SELECT trace_id, service_name, name, duration_ns / 1e6 AS ms
FROM spans
WHERE parent_span_id IS NULL AND start_time > now() - INTERVAL '1 hour'
ORDER BY duration_ns DESC LIMIT 20`,
  },
  {
    id: 'loud',
    sql: `SELECT service_name, severity_text, count(*) AS lines
FROM logs
WHERE time > now() - INTERVAL '1 hour'
GROUP BY 1, 2 ORDER BY lines DESC`,
  },
  {
    id: 'metrics',
    sql: `SELECT metric_name, metric_type, unit, count(*) AS points, count(DISTINCT series_id) AS series
FROM metrics
GROUP BY 1, 2, 3 ORDER BY points DESC`,
  },
  { id: 'columns', sql: 'DESCRIBE spans' },
];

export interface QuickChart {
  times: number[];
  lines: { name: string; values: (number | null)[] }[];
}

/** A first column of times and at least one of numbers make lines. */
export function chartOf(answer: SqlAnswer): QuickChart | null {
  const at = answer.columns.findIndex((column) => /^timestamp|^date/i.test(column.type));
  if (at < 0 || answer.rows.length < 2) return null;
  const numbers = answer.columns.map((column, index) => ({ column, index })).filter(({ column, index }) => index !== at && /^(u?int|float|decimal|double)/i.test(column.type));
  if (numbers.length === 0) return null;
  const rows = answer.rows
    .filter((row) => typeof row[at] === 'string')
    .map((row) => ({ time: toMs(row[at] as string), row }))
    .sort((a, b) => a.time - b.time);
  return {
    times: rows.map(({ time }) => time),
    lines: numbers.slice(0, 8).map(({ column, index }) => ({ name: column.name, values: rows.map(({ row }) => (row[index] === null || row[index] === undefined ? null : Number(row[index]))) })),
  };
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(8)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function curl(url: string, sql: string): string {
  return `curl ${url} -H 'content-type: application/json' -d '${JSON.stringify({ query: sql }).replaceAll("'", "'\\''")}'`;
}
