// What is wrong inside a service, who is hurt, and who hurts it?
import { count, duration, percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { nsToMs, toMs } from '../../base/time';
import { link, param, setParams } from '../../base/url';
import { BarChart } from '../../components/bars';
import { Complete } from '../../components/complete';
import { LineChart } from '../../components/lines';
import { Panel, Tabs } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Retries } from '../../components/retries';
import { Empty, Loaded, Partial } from '../../components/states';
import { condition } from '../../model/search';
import { fine, health, rollouts, type Service, type ServiceAnswer } from '../../model/services';
import { Guards } from './guards';
import { Instances } from './instances';
import { Latency } from './latency';
import { Neighbours } from './neighbours';
import { Operations } from './operations';
import { TraceLists } from './traces';

const t = texts({
  all: ['All services', '全部服务'],
  calls: ['Calls', '调用'],
  ok: ['fine', '正常'],
  failed: ['failed', '失败'],
  durations: ['Durations', '耗时'],
  per_second: ['calls/s', '调用/秒'],
  refused: ['calls refused', '次调用被拒绝'],
  tabs: ['Parts of the service', '服务内容'],
  operations: ['Operations', '操作'],
  latency: ['Durations and deltas', '耗时与差异'],
  guards: ['Codes and breakers', '错误码与熔断器'],
  neighbours: ['Neighbours', '上下游'],
  instances: ['Instances', '实例'],
  requests: ['Traces', '链路'],
  traces: ['Traces', '链路'],
  logs: ['Logs', '日志'],
  none: ['{name} has no span in this time', '该时间范围内 {name} 没有 Span'],
  deployed: ['version {version}', '版本 {version}'],
  basis: ['No calls come in: all its spans are counted.', '没有入口调用：统计其全部 Span。'],
});

const TABS = ['operations', 'latency', 'guards', 'neighbours', 'instances', 'requests'] as const;
type Tab = (typeof TABS)[number];

export default function ServicePage({ id }: { id: string }) {
  const answer = useGet<ServiceAnswer>(`services/${encodeURIComponent(id)}`, { buckets: 80, ...useRangeQuery() });
  const tab = TABS.find((one) => one === param('tab')) ?? 'operations';
  const q = condition('service', id);
  return (
    <div class="page">
      <div class="page-head">
        <a href={link('/services')}>{t('all')}</a>
        <span class="faint">/</span>
        <h1>
          {answer.data?.service && <i class={`dot ${health(answer.data.service.health)}`} />} {id}
        </h1>
        <Complete of={answer.data?.completeness} />
        <span class="spring" />
        <a class="btn" href={link('/traces', { q })}>
          {t('traces')}
        </a>
        <a class="btn" href={link('/logs', { q })}>
          {t('logs')}
        </a>
      </div>
      <Loaded answer={answer} route="services/{service}" rows={8}>
        {(data) =>
          data.service === null ? (
            <Panel>
              <Empty title={t('none', { name: id })} />
            </Panel>
          ) : (
            <>
              <Partial meta={(data as unknown as { meta: Record<string, unknown> }).meta} />
              <Charts answer={data} service={data.service} />
              <Tabs<Tab> label={t('tabs')} value={tab} tabs={TABS.map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ tab: next === 'operations' ? null : next })} />
              {tab === 'operations' && <Operations service={id} />}
              {tab === 'latency' && <Latency service={id} />}
              {tab === 'guards' && <Guards service={id} />}
              {tab === 'neighbours' && (
                <>
                  <Neighbours service={id} />
                  <Retries service={id} />
                </>
              )}
              {tab === 'instances' && <Instances service={id} />}
              {tab === 'requests' && <TraceLists q={q} />}
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function Charts({ answer, service }: { answer: ServiceAnswer; service: Service }) {
  const t0 = nsToMs(answer.buckets.t0_ns);
  const times = Array.from({ length: answer.buckets.count }, (_, index) => t0 + index * answer.buckets.width_ms);
  const marks = rollouts(service.versions, t0, toMs).map(({ at, version }) => ({ at, colour: '--s2', label: t('deployed', { version }) }));
  const lines = (['p50', 'p95', 'p99'] as const).map((name, index) => ({ name, colour: ['--s1', '--s3', '--open'][index]!, values: answer.durations[`${name}_ns`] }));
  return (
    <div class="grid two">
      <Panel
        title={t('calls')}
        actions={
          <span class="soft">
            <b>{rate(service.calls_per_s)}</b> {t('per_second')} · <b class={service.errors > 0 ? 'error-text' : ''}>{percent(service.error_share)}</b> {t('failed')}
            {service.rejected > 0 && (
              <>
                {' · '}
                <b class="error-text">{short(Math.round(service.rejected))}</b> {t('refused')}
              </>
            )}
          </span>
        }
      >
        <BarChart
          label={t('calls')}
          height={150}
          marks={marks}
          unit={(value) => count(Math.round(value))}
          bars={{
            t0,
            widthMs: answer.buckets.width_ms,
            series: [
              { name: t('failed'), colour: '--open', counts: service.trend.errors },
              { name: t('ok'), colour: '--s10', counts: fine(service.trend) },
            ],
          }}
        />
        {service.basis === 'all' && <p class="faint small">{t('basis')}</p>}
      </Panel>
      <Panel title={t('durations')} actions={<span class="soft">{service.p95_ns !== null && `p50 ${duration(service.p50_ns ?? 0)} · p95 ${duration(service.p95_ns)} · p99 ${duration(service.p99_ns ?? 0)}`}</span>}>
        <LineChart label={t('durations')} height={150} times={times} lines={lines} unit={duration} marks={marks} range={[t0, t0 + answer.buckets.width_ms * answer.buckets.count]} />
      </Panel>
    </div>
  );
}
