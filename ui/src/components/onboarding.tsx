// The first minute: nothing has arrived yet. Shows how, proves the way with a trace of its own, and turns into the first trace.
import { useState } from 'preact/hooks';
import { Problem, send } from '../base/api';
import { texts } from '../base/i18n';
import { useGet } from '../base/query';
import type { Status, Traces } from '../base/schema';
import { link } from '../base/url';
import { reachable } from '../model/snippets';
import { address } from '../model/status';
import { Icon } from './icons';
import { say } from './parts';
import { Snippets } from './snippets';

const t = texts({
  waiting: ['Waiting for the first data', '等待首批数据'],
  why: [
    'Fusebox runs and listens. Point the OpenTelemetry exporter of a service at one of these addresses; what it sends is here within a second.',
    'Fusebox 已启动并监听。将服务的 OpenTelemetry 导出器指向以下任一地址，数据一秒内即可在此查看。',
  ],
  otlp_grpc: ['OTLP over gRPC', 'OTLP gRPC'],
  otlp_http: ['OTLP over HTTP', 'OTLP HTTP'],
  listening: ['listening', '监听中'],
  send: ['Send a test trace', '发送测试链路'],
  sending: ['Sending…', '发送中……'],
  send_why: ['Goes the whole way: exporter, door, log, disk, search.', '完整走一遍：导出、接收、写 WAL、落盘、检索。'],
  demo: ['Or look at a shop that lives: fusebox demo', '或体验演示商城：fusebox demo'],
  arrived: ['The first trace has arrived', '首条链路已到达'],
  look: ['Look at it', '查看'],
  other: ['Data has arrived, no trace yet', '已收到数据，但还没有链路'],
  logs: ['Logs', '日志'],
  not_offered: ['This server cannot send one itself; the curl lines below do the same.', '此服务器无法自行发送，可使用下方的 curl 命令。'],
});

export function Onboarding({ status }: { status: Status }) {
  const [busy, setBusy] = useState(false);
  const first = useGet<Traces>('traces', { limit: 1 }, { every: 1500 });
  const trace = first.data?.traces[0];
  const host = globalThis.location?.hostname ?? '127.0.0.1';
  const test = async () => {
    setBusy(true);
    try {
      await send('POST', 'test-traces', {});
      first.retry();
    } catch (error) {
      say(error instanceof Problem && error.notOffered ? t('not_offered') : (error as Error).message);
    }
    setBusy(false);
  };
  return (
    <div class="onboarding">
      <div class="onboarding-head">
        {trace ? (
          <>
            <span class="badge ok">{t('listening')}</span>
            <h1>{t('arrived')}</h1>
            <p class="soft">
              <strong>{trace.root_service}</strong> {trace.root_name} <span class="mono faint">{trace.trace_id}</span>
            </p>
            <a class="btn primary" href={link(`/traces/${trace.trace_id}`, { range: null })}>
              {t('look')}
            </a>
          </>
        ) : (
          <>
            <h1>
              <i class="dot ok pulse" /> {t('waiting')}
            </h1>
            <p class="soft">{t('why')}</p>
            <dl class="doors">
              {(['otlp_grpc', 'otlp_http'] as const).map((door) => (
                <div key={door}>
                  <dt>{t(door)}</dt>
                  <dd class="mono">{reachable(address(status, door), host)}</dd>
                </div>
              ))}
            </dl>
            <div class="row">
              <button class="btn primary" disabled={busy} onClick={() => void test()}>
                <Icon name="send" size={14} />
                {busy ? t('sending') : t('send')}
              </button>
              <span class="faint">{t('send_why')}</span>
            </div>
          </>
        )}
      </div>
      <Snippets status={status} />
      <p class="faint mono small">{t('demo')}</p>
    </div>
  );
}
