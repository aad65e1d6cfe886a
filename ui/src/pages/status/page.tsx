// Is data arriving, is the server healthy?
import { useEffect, useRef, useState } from 'preact/hooks';
import { send } from '../../base/api';
import { bytes, count, durationMs, rate } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { IngestAnswer, Queries, Query, Status, TableRows } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { LineChart } from '../../components/lines';
import { IconButton, Panel, Table, type Column } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';
import { Snippets } from '../../components/snippets';
import { perSecond, rates, sampleOf, type Sample } from '../../model/status';
import { Damaged } from './damaged';
import { Ingest } from './ingest';

const t = texts({
  title: ['Status', '状态'],
  ready: ['ready', '就绪'],
  not_ready: ['not ready', '未就绪'],
  version: ['Version {version}', '版本 {version}'],
  uptime: ['Up for {time}', '已运行 {time}'],
  arriving: ['Arriving now, per second', '当前接收速率（每秒）'],
  spans: ['Spans', 'Span'],
  logs: ['Log records', '日志'],
  metrics: ['Data points', '指标点'],
  rejected: ['Rejected', '拒收'],
  since_start: ['since start', '自启动以来'],
  doors: ['Listening', '监听地址'],
  name: ['Name', '名称'],
  address: ['Address', '地址'],
  storage: ['Stored', '存储'],
  table: ['Table', '表'],
  rows: ['Rows', '行数'],
  in_memory: ['In memory', '内存中'],
  blocks: ['Blocks', '数据块'],
  size: ['On disk', '磁盘占用'],
  per_row: ['Per row', '每行'],
  wal: ['Write-ahead log', '预写日志'],
  memtable: ['Not yet in blocks', '内存待落盘'],
  oldest: ['Oldest of these', '其中最早'],
  failures: ['Failed flushes', '刷写失败'],
  replay: ['Left to replay', '待回放'],
  process: ['Process', '进程'],
  memory: ['Memory', '内存'],
  cpu: ['CPU time', 'CPU 时间'],
  threads: ['Threads', '线程'],
  data_dir: ['Data directory', '数据目录'],
  questions: ['Questions that run', '正在运行的查询'],
  none_run: ['None runs right now.', '当前没有正在运行的查询。'],
  query: ['Query', '查询'],
  state: ['State', '状态'],
  since: ['Since', '开始于'],
  scanned: ['Scanned', '已扫描'],
  cancel: ['End it', '终止'],
  send_data: ['How to send data', '接入方式'],
});

export default function StatusPage() {
  const status = useGet<Status>('status', {}, { every: 2_000 });
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('title')}</h1>
        {status.data && (
          <>
            <span class={`badge ${status.data.ready ? 'ok' : 'error'}`}>
              <i class={`dot ${status.data.ready ? 'ok' : 'error'}`} />
              {status.data.ready ? t('ready') : t('not_ready')}
            </span>
            <span class="note">{t('version', { version: status.data.version })}</span>
            <span class="note">{t('uptime', { time: durationMs(status.data.uptime_s * 1000) })}</span>
          </>
        )}
      </div>
      <Loaded answer={status} route="status">
        {(data) => <Shown status={data} at={status.at} />}
      </Loaded>
    </div>
  );
}

function Shown({ status, at }: { status: Status; at: number }) {
  const samples = useRef<Sample[]>([]);
  const [, redraw] = useState(0);
  const ingest = useGet<IngestAnswer>('status/ingest', { limit: 100 }, { every: 5_000 });
  useEffect(() => {
    if (samples.current.at(-1)?.at === at) return;
    samples.current = [...samples.current, sampleOf(status, at)].slice(-90);
    redraw((times) => times + 1);
  }, [at]);
  const per = rates(samples.current);
  const last = per.at(-1) ?? (ingest.data && perSecond(ingest.data.doors));
    const tile = (name: 'spans' | 'logs' | 'metrics' | 'rejected', now: number | undefined, total: number) => (
    <div class="tile">
      <span class="name">{t(name)}</span>
      <span class={`value${name === 'rejected' && total ? ' error-text' : ''}`}>
        {now === undefined ? '–' : rate(now)}
        <small>/s</small>
      </span>
      <span class="sub">
        {count(total)} {t('since_start')}
      </span>
    </div>
  );
  const { received, storage, process } = status;
  const columns: Column<TableRows>[] = [
    { key: 'table', title: t('table'), wide: true, cell: (one) => <span class="mono">{one.table}</span> },
    { key: 'rows', title: t('rows'), num: true, cell: (one) => count(one.rows) },
    { key: 'memory', title: t('in_memory'), num: true, hideSmall: true, cell: (one) => count(one.memory_rows) },
    { key: 'blocks', title: t('blocks'), num: true, cell: (one) => count(one.blocks) },
    { key: 'size', title: t('size'), num: true, cell: (one) => bytes(one.block_bytes) },
    { key: 'per', title: t('per_row'), num: true, hideSmall: true, cell: (one) => (one.rows - one.memory_rows > 0 ? bytes(Math.round(one.block_bytes / (one.rows - one.memory_rows))) : '–') },
  ];
  return (
    <>
      <Damaged storage={storage} dataDir={status.data_dir} />
      <div class="tiles">
        {tile('spans', last?.traces, received.traces)}
        {tile('logs', last?.logs, received.logs)}
        {tile('metrics', last?.metrics, received.metrics)}
        {tile('rejected', last?.rejected, received.rejected)}
      </div>
      <Panel title={t('arriving')}>
        <LineChart
          label={t('arriving')}
          height={150}
          times={per.map((one, index) => one?.at ?? samples.current[index + 1]!.at)}
          lines={[
            { name: t('spans'), colour: '--s0', values: per.map((one) => one?.traces ?? null) },
            { name: t('logs'), colour: '--s1', values: per.map((one) => one?.logs ?? null) },
            { name: t('metrics'), colour: '--s3', values: per.map((one) => one?.metrics ?? null) },
          ]}
          unit={rate}
        />
      </Panel>
      <Ingest answer={ingest} />
      <div class="grid two">
        <Panel title={t('storage')} flush>
          <Table label={t('storage')} columns={columns} rows={storage.tables} keyOf={(one) => one.table} />
        </Panel>
        <Panel title={t('process')}>
          <dl class="kv">
            {status.listening.map((door) => [
              <dt key={door.name}>{door.name}</dt>,
              <dd key={`${door.name} url`} class="mono">
                {door.url}
              </dd>,
            ])}
            <dt>{t('data_dir')}</dt>
            <dd class="mono">{status.data_dir}</dd>
            <dt>{t('wal')}</dt>
            <dd>{bytes(storage.wal_bytes)}</dd>
            <dt>{t('memtable')}</dt>
            <dd>
              {bytes(storage.memtable_bytes)}
              {storage.unflushed_age_ms > 0 && (
                <span class="faint">
                  {' '}
                  · {t('oldest')} {durationMs(storage.unflushed_age_ms)}
                </span>
              )}
            </dd>
            {storage.replay_bytes_left > 0 && (
              <>
                <dt>{t('replay')}</dt>
                <dd>{bytes(storage.replay_bytes_left)}</dd>
              </>
            )}
            <dt>{t('failures')}</dt>
            <dd class={storage.flush_failures ? 'error-text' : ''}>{count(storage.flush_failures)}</dd>
            <dt>{t('memory')}</dt>
            <dd>{process.resident_bytes ? bytes(process.resident_bytes) : '–'}</dd>
            <dt>{t('cpu')}</dt>
            <dd>{process.cpu_seconds ? durationMs(process.cpu_seconds * 1000) : '–'}</dd>
            <dt>{t('threads')}</dt>
            <dd>{process.threads ?? '–'}</dd>
          </dl>
        </Panel>
      </div>
      <Running />
      <Panel title={t('send_data')}>
        <Snippets status={status} />
      </Panel>
    </>
  );
}

function Running() {
  const answer = useGet<Queries>('queries', {}, { every: 2_000 });
  const columns: Column<Query>[] = [
    { key: 'state', title: t('state'), cell: (one) => <span class="badge">{one.state}</span> },
    { key: 'query', title: t('query'), wide: true, cell: (one) => <span class="mono">{one.query}</span> },
    { key: 'since', title: t('since'), cell: (one) => <span class="mono">{clock(toMs(one.start_time), 0)}</span> },
    { key: 'scanned', title: t('scanned'), num: true, cell: (one) => `${count(one.scanned_rows)} · ${bytes(one.scanned_bytes)}` },
    {
      key: 'end',
      title: '',
      cell: (one) => <IconButton icon="close" small label={t('cancel')} onClick={() => void send('DELETE', `queries/${one.id}`).finally(answer.retry)} />,
    },
  ];
  return (
    <Panel title={t('questions')} flush>
      <Loaded answer={answer} route="queries" rows={2}>
        {(data) => (data.queries.length === 0 ? <Empty title={t('none_run')} /> : <Table label={t('questions')} columns={columns} rows={data.queries} keyOf={(one) => String(one.id)} />)}
      </Loaded>
    </Panel>
  );
}
