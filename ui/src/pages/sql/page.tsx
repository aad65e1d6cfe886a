// Anything else: SQL over the tables.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Problem, apiUrl, ask, send } from '../../base/api';
import { bytes, count, durationMs } from '../../base/format';
import { texts } from '../../base/i18n';
import { load, save } from '../../base/prefs';
import { useAnswer } from '../../base/query';
import type { SqlAnswer } from '../../base/schema';
import { link, param, setParams } from '../../base/url';
import { Icon } from '../../components/icons';
import { LineChart } from '../../components/lines';
import { Tabs, copy } from '../../components/parts';
import { Empty, Failure, Skeleton } from '../../components/states';
import { EXAMPLES, cellText, chartOf, curl } from '../../model/sql';
import type { Editor } from './editor';

const t = texts({
  title: ['SQL', 'SQL'],
  editor: ['SQL statement', 'SQL 语句'],
  hint: ['SELECT … — Ctrl+Enter runs it', 'SELECT …… — Ctrl+Enter 运行'],
  run: ['Run', '运行'],
  cancel: ['Cancel', '取消'],
  running: ['Running for {time}', '已运行 {time}'],
  result: ['Result', '结果'],
  chart: ['Chart', '图表'],
  plan: ['Plan', '执行计划'],
  rows: ['{n} row|{n} rows', '{n} 行'],
  scanned: ['scanned {rows} rows, {size}', '扫描 {rows} 行，{size}'],
  tables: ['Tables', '数据表'],
  examples: ['Examples', '示例'],
  busiest: ['Busiest services', '最繁忙的服务'],
  trips: ['Trips of breakers', '熔断记录'],
  refused: ['Who refuses calls', '谁在拒绝调用'],
  errors: ['Errors per minute', '每分钟错误数'],
  slowest: ['Slowest requests', '最慢的请求'],
  loud: ['Who logs most', '日志最多的服务'],
  metrics: ['Metrics and their series', '指标与序列数'],
  columns: ['Columns of a table', '表的列'],
  copy_curl: ['Copy as curl', '复制为 curl'],
  csv: ['Download CSV', '下载 CSV'],
  empty: ['No rows', '没有数据'],
  start: ['Choose an example, or write a statement. Only reading is possible.', '选择示例或编写语句，仅支持只读查询。'],
  no_chart: ['A chart needs a column of times and one of numbers.', '图表需要一列时间和至少一列数值。'],
  shown: ['The first {n} rows are shown; download takes all.', '仅显示前 {n} 行，下载可获得全部。'],
  line: ['line {line}, column {column}', '第 {line} 行，第 {column} 列'],
});

const SHOWN_MAX = 2000;
/** The three signals first, then what is derived from them. */
const SIGNALS = ['spans', 'logs', 'metrics'];
const COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main' ORDER BY table_name, ordinal_position";

interface Ran {
  answer?: SqlAnswer;
  plan?: string;
  error?: Error;
  sql: string;
}

export default function SqlPage() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const text = useRef(param('sql') || load('sql') || EXAMPLES[0]!.sql);
  const [ran, setRan] = useState<Ran | null>(null);
  const [since, setSince] = useState<number | null>(null);
  const abort = useRef<AbortController | null>(null);
  const tab = (param('tab') || 'result') as 'result' | 'chart' | 'plan';
  const schema = useAnswer<Record<string, string[]>>(
    ['sql-schema'],
    async (signal) => {
      const { rows } = await send<SqlAnswer>('POST', 'sql', { query: COLUMNS }, signal);
      const found: Record<string, string[]> = Object.fromEntries(SIGNALS.map((table) => [table, []]));
      for (const [table, column] of rows as [string, string][]) (found[table] ??= []).push(column);
      return found;
    },
    { settled: true },
  );

  const run = async () => {
    const sql = text.current.trim().replace(/;\s*$/, '');
    if (!sql) return;
    abort.current?.abort();
    const mine = (abort.current = new AbortController());
    setParams({ sql }, 'replace');
    save('sql', sql);
    setSince(Date.now());
    try {
      const answer = await send<SqlAnswer>('POST', 'sql', { query: sql }, mine.signal);
      setRan({ answer, sql });
    } catch (error) {
      if ((error as Error).name !== 'AbortError') {
        setRan({ error: error as Error, sql });
        const place = error instanceof Problem ? error.body.errors?.[0] : undefined;
        if (place?.line && place.column) editor.current?.mark(place.line, place.column);
      }
    }
    if (abort.current === mine) setSince(null);
  };
  const latest = useRef(run);
  latest.current = run;

  useEffect(() => {
    let dead = false;
    const schemaNow = schema.data ?? {};
    void import('./editor').then(({ edit }) => {
      if (dead || !host.current) return;
      editor.current?.destroy();
      editor.current = edit(host.current, text.current, { label: t('editor'), hint: t('hint'), schema: schemaNow, onChange: (next) => (text.current = next), onRun: () => void latest.current() });
    });
    return () => {
      dead = true;
    };
  }, [schema.data]);
  useEffect(() => {
    if (param('sql')) void latest.current();
    return () => {
      abort.current?.abort();
      editor.current?.destroy();
    };
  }, []);
  const put = (sql: string) => {
    text.current = sql;
    editor.current?.set(sql);
    void latest.current();
  };
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        <span class="spring" />
        <button class="btn ghost" onClick={() => void copy(curl(new URL(apiUrl('sql'), location.href).href, text.current))}>
          {t('copy_curl')}
        </button>
        {since === null ? (
          <button class="btn primary" onClick={() => void run()}>
            <Icon name="play" size={13} />
            {t('run')}
            <kbd class="hide-small">Ctrl ⏎</kbd>
          </button>
        ) : (
          <button
            class="btn"
            onClick={() => {
              abort.current?.abort();
              setSince(null);
            }}
          >
            {t('cancel')}
          </button>
        )}
      </div>
      <div class="sql-page">
        <section class="panel sql-side">
          <div class="body flush" tabIndex={0} style={{ padding: '8px 0' }}>
            <h3>{t('examples')}</h3>
            {EXAMPLES.map((one) => (
              <button key={one.id} class="side-item" onClick={() => put(one.sql)}>
                {t(one.id as 'busiest')}
              </button>
            ))}
            <h3>{t('tables')}</h3>
            {Object.keys(schema.data ?? {}).map((table) => (
              <details key={table}>
                <summary class="mono">{table}</summary>
                {(schema.data?.[table] ?? []).map((column) => (
                  <button key={column} class="side-item mono" onClick={() => editor.current?.insert(column)}>
                    {column}
                  </button>
                ))}
              </details>
            ))}
          </div>
        </section>
        <div class="sql-main">
          <section class="panel sql-editor" ref={host} />
          <section class="panel grow">
            <div class="head">
              <Tabs
                label={t('result')}
                value={tab}
                tabs={[
                  ['result', t('result')],
                  ['chart', t('chart')],
                  ['plan', t('plan')],
                ]}
                onChange={(next) => setParams({ tab: next === 'result' ? null : next }, 'replace')}
              />
              <span class="spring" />
              {since !== null && <Running since={since} />}
              {ran?.answer && since === null && (
                <span class="faint small">
                  {t('rows', { n: ran.answer.rows.length })} · {durationMs(ran.answer.meta.took_ms)} · {t('scanned', { rows: count(ran.answer.meta.scanned_rows), size: bytes(ran.answer.meta.scanned_bytes) })}
                </span>
              )}
              {ran?.answer && (
                <button class="btn small" onClick={() => void download(ran.sql)}>
                  <Icon name="download" size={13} />
                  {t('csv')}
                </button>
              )}
            </div>
            <div class="body flush" tabIndex={0}>
              {!ran && since === null && <Empty title={t('start')} />}
              {!ran && since !== null && <Skeleton />}
              {ran?.error && <SqlFailure error={ran.error} />}
              {ran?.answer && tab === 'result' && <Result answer={ran.answer} />}
              {ran?.answer && tab === 'chart' && <Chart answer={ran.answer} />}
              {ran && !ran.error && tab === 'plan' && <Plan sql={ran.sql} />}
            </div>
          </section>
        </div>
      </div>
    </div>
  );
}

function Running({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <span class="faint small">{t('running', { time: durationMs(Math.max(0, now - since)) })}</span>;
}

function SqlFailure({ error }: { error: Error }) {
  const place = error instanceof Problem ? error.body.errors?.[0] : undefined;
  return (
    <>
      <Failure error={error} />
      {place?.line && (
        <p class="faint" style={{ textAlign: 'center' }}>
          {t('line', { line: place.line, column: place.column ?? 1 })}
        </p>
      )}
    </>
  );
}

function Result({ answer }: { answer: SqlAnswer }) {
  if (answer.rows.length === 0) return <Empty title={t('empty')} />;
  const number = answer.columns.map((column) => /^(u?int|float|decimal|double)/i.test(column.type));
  return (
    <>
      {answer.rows.length > SHOWN_MAX && <p class="strip">{t('shown', { n: SHOWN_MAX })}</p>}
      <table class="table mono-table" aria-label={t('result')}>
        <thead>
          <tr>
            {answer.columns.map((column, index) => (
              <th key={index} scope="col" class={number[index] ? 'num' : ''} title={column.type}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.rows.slice(0, SHOWN_MAX).map((row, index) => (
            <tr key={index}>
              {row.map((value, column) => (
                <td key={column} class={number[column] ? 'num' : ''}>
                  {value === null ? <span class="faint">null</span> : answer.columns[column]!.name === 'trace_id' && typeof value === 'string' ? <a href={link(`/traces/${value}`)}>{value}</a> : cellText(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Chart({ answer }: { answer: SqlAnswer }) {
  const chart = useMemo(() => chartOf(answer), [answer]);
  if (!chart) return <Empty title={t('no_chart')} />;
  return (
    <div style={{ padding: '12px' }}>
      <LineChart label={t('chart')} height={280} times={chart.times} lines={chart.lines.map((line, index) => ({ ...line, colour: `--s${index}` }))} />
    </div>
  );
}

function Plan({ sql }: { sql: string }) {
  const answer = useAnswer<SqlAnswer>(['plan', sql], (signal) => send<SqlAnswer>('POST', 'sql', { query: `EXPLAIN ${sql}` }, signal), { settled: true });
  if (answer.error) return <Failure error={answer.error} />;
  if (!answer.data) return <Skeleton />;
  return <pre class="json">{answer.data.rows.map((row) => row.map(cellText).join('\n')).join('\n\n')}</pre>;
}

async function download(sql: string): Promise<void> {
  const response = await ask(apiUrl('sql'), { method: 'POST', headers: { accept: 'text/csv', 'content-type': 'application/json' }, body: JSON.stringify({ query: sql }) });
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(await response.blob());
  anchor.download = 'fusebox.csv';
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}
