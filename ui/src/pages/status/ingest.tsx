// What arrives over which door, from whom, and what is wrong with it.
import { bytes, count, duration, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import type { Answer } from '../../base/query';
import type { IngestAnswer, Sender, SenderDoor, ServiceCardinality } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { known } from '../../components/breakerwords';
import { Meter, Panel, Table, type Column } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';
import { refusedOf, signalOf } from '../../model/status';
import { ByReason, LastError } from './cells';
import { Keeping } from './keeping';
import { ManyKeys, ManySeries } from './many';
import { Links } from './links';

const t = texts({
  doors: ['Arriving, by protocol', '各协议接收情况'],
  protocol: ['Protocol', '协议'],
  signal: ['Signal', '信号'],
  records: ['Records/s', '记录/秒'],
  volume: ['Bytes/s', '字节/秒'],
  requests: ['Requests', '请求数'],
  refused: ['Refused', '拒收请求'],
  rejected: ['Rejected records', '拒收记录'],
  last: ['Last', '最近'],
  error: ['Last error', '最近错误'],
  nothing: ['Nothing has arrived since the start', '启动以来未收到数据'],
  senders: ['Who sends', '数据来源'],
  of: ['{n} service|{n} services', '{n} 个服务'],
  service: ['Service', '服务'],
  unnamed: ['no service.name', '无 service.name'],
  spans: ['Spans/s', 'Span/秒'],
  logs: ['Logs/s', '日志/秒'],
  points: ['Points/s', '指标点/秒'],
  notes: ['Notes', '备注'],
  ahead: ['clock {time} ahead', '时钟快 {time}'],
  late: ['{n} arrived up to {time} late', '{n} 条最多晚到 {time}'],
  cardinality: ['Most different values', '基数最高'],
  what: ['Of', '类别'],
  values: ['Values', '取值数'],
  full: ['full', '已满'],
  full_why: ['New values are added up as one', '新取值将合并统计'],
});

/** Names that are names in any language. */
const TRANSPORTS: Record<string, string> = { grpc: 'OTLP/gRPC', http: 'OTLP/HTTP', zipkin: 'Zipkin', jaeger: 'Jaeger', loki: 'Loki', remote_write: 'Prometheus remote write' };
const signalName = texts({ traces: ['traces', '链路'], logs: ['logs', '日志'], metrics: ['metrics', '指标'], none: ['not OTLP', '非 OTLP'] });
const SIGNALS = ['traces', 'logs', 'metrics', 'none'] as const;
const whatName = texts({
  operation: ['operations', '操作'],
  peer: ['peers', '对端'],
  error_code: ['error codes', '错误码'],
  version: ['versions', '版本'],
  environment: ['environments', '环境'],
  row: ['combinations of all', '全部组合'],
  edge_operation: ['operations of calls', '调用的操作'],
  edge_peer: ['peers of calls', '调用的对端'],
  edge_protocol: ['protocols of calls', '调用的协议'],
  edge_environment: ['environments of calls', '调用的环境'],
  edge_row: ['combinations of calls', '调用的全部组合'],
});
const WHATS = ['operation', 'peer', 'error_code', 'version', 'environment', 'row', 'edge_operation', 'edge_peer', 'edge_protocol', 'edge_environment', 'edge_row'] as const;

export function Ingest({ answer }: { answer: Answer<IngestAnswer> }) {
  return (
    <Loaded answer={answer} route="status/ingest" rows={6}>
      {(data) => (
        <>
          <Panel title={t('doors')} flush>
            {data.doors.length === 0 ? <Empty title={t('nothing')} /> : <Table label={t('doors')} columns={doorColumns()} rows={data.doors} keyOf={(one) => `${one.transport} ${one.signal}`} />}
          </Panel>
          <Links links={data.links} total={data.links_total} />
          <div class="grid two">
            <Panel title={t('senders')} flush actions={<span class="faint">{t('of', { n: data.services_total })}</span>}>
              <div class="list-box">
                <Table label={t('senders')} columns={senderColumns()} rows={data.services} keyOf={(one) => one.service} />
              </div>
            </Panel>
            <div class="grid" style={{ alignContent: 'start' }}>
              <Keeping answer={data} />
              {data.cardinality.top.length > 0 && (
                <Panel title={t('cardinality')} flush>
                  <Table label={t('cardinality')} columns={cardinalityColumns()} rows={data.cardinality.top.slice(0, 6)} keyOf={(one) => `${one.service} ${one.namespace} ${one.what}`} />
                </Panel>
              )}
              <ManySeries of={data.cardinality.series} />
              <ManyKeys of={data.cardinality.attribute_keys} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

function doorColumns(): Column<SenderDoor>[] {
  return [
    { key: 'protocol', title: t('protocol'), cell: (one) => <strong class="nowrap">{TRANSPORTS[one.transport] ?? one.transport}</strong> },
    { key: 'signal', title: t('signal'), cell: (one) => <span class="nowrap">{known(signalName, SIGNALS, one.signal)}</span> },
    { key: 'records', title: t('records'), num: true, cell: (one) => rate(one.records_per_s) },
    { key: 'volume', title: t('volume'), num: true, hideSmall: true, cell: (one) => bytes(Math.round(one.bytes_per_s)) },
    { key: 'requests', title: t('requests'), num: true, hideSmall: true, cell: (one) => short(one.requests) },
    {
      key: 'refused',
      title: t('refused'),
      num: true,
      cell: (one) => <ByReason total={refusedOf(one)} reasons={one.refused.map((each) => [each.reason, each.requests] as const)} />,
    },
    { key: 'rejected', title: t('rejected'), num: true, hideSmall: true, cell: (one) => <span class={one.rejected_records ? 'error-text' : 'faint'}>{short(one.rejected_records)}</span> },
    { key: 'last', title: t('last'), cell: (one) => <span class="mono faint nowrap">{one.last_seen ? clock(toMs(one.last_seen), 0) : '–'}</span> },
    {
      key: 'error',
      title: t('error'),
      wide: true,
      cell: (one) => <LastError of={one.last_error} />,
    },
  ];
}

function senderColumns(): Column<Sender>[] {
  const per = (one: Sender, signal: string) => {
    const found = signalOf(one, signal);
    return found ? rate(found.records_per_s) : <span class="faint">–</span>;
  };
  return [
    { key: 'service', title: t('service'), cell: (one) => (one.service ? <a href={link(`/services/${encodeURIComponent(one.service)}`)}>{one.service}</a> : <span class="warn-text">{t('unnamed')}</span>) },
    { key: 'spans', title: t('spans'), num: true, cell: (one) => per(one, 'traces') },
    { key: 'logs', title: t('logs'), num: true, cell: (one) => per(one, 'logs') },
    { key: 'points', title: t('points'), num: true, hideSmall: true, cell: (one) => per(one, 'metrics') },
    { key: 'last', title: t('last'), hideSmall: true, cell: (one) => <span class="mono faint nowrap">{one.last_seen ? clock(toMs(one.last_seen), 0) : '–'}</span> },
    {
      key: 'notes',
      title: t('notes'),
      wide: true,
      hideSmall: true,
      cell: (one) => (
        <>
          {one.ahead > 0 && <span class="badge warn">{t('ahead', { time: duration(one.ahead_ns_max) })}</span>}
          {one.refused + one.rejected_records > 0 && <LastError of={one.last_error} />}
          {one.late > 0 && <span class="faint small">{t('late', { n: count(one.late), time: duration(one.late_ns_max) })}</span>}
        </>
      ),
    },
  ];
}

function cardinalityColumns(): Column<ServiceCardinality>[] {
  return [
    { key: 'service', title: t('service'), cell: (one) => one.service },
    { key: 'what', title: t('what'), cell: (one) => <span class="soft nowrap">{known(whatName, WHATS, one.what)}</span> },
    {
      key: 'values',
      title: t('values'),
      num: true,
      cell: (one) => (
        <span title={`${count(one.values)} / ${count(one.values_max)}`}>
          {one.is_full && (
            <span class="badge error" title={t('full_why')}>
              {t('full')}
            </span>
          )}{' '}
          {count(one.values)}
        </span>
      ),
    },
    { key: 'share', title: '', cell: (one) => <Meter share={one.values / Math.max(1, one.values_max)} tone={one.is_full ? 'error' : undefined} /> },
  ];
}
