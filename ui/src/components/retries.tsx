// What is sent again, who gives up too early, and where retries multiply: of all services, or of one.
import { count, duration, percent, short } from '../base/format';
import { texts } from '../base/i18n';
import { useGet } from '../base/query';
import type { RetriesAnswer, RetriesChain, RetriesEdge, RetriesPolicy } from '../base/schema';
import { link } from '../base/url';
import { known } from './breakerwords';
import { Icon } from './icons';
import { Panel, Table, type Column } from './parts';
import { useRangeQuery } from './range';
import { Empty, Loaded, Partial } from './states';

const t = texts({
  title: ['Retries and timeouts', '重试与超时'],
  sum: ['{retries} of {calls} calls were retries · {wasted} of work for nobody', '{calls} 次调用中有 {retries} 次重试 · 无效工作 {wasted}'],
  none: ['No call was sent again, and no caller gave up', '没有重试，也没有调用方提前放弃'],
  none_why: ['{n} calls on {edges} edges were looked at.', '已检查 {edges} 条调用关系上的 {n} 次调用。'],
  unseen: ['No spans of calls in this time', '该时间范围内没有调用 Span'],
  factor: ['Sent for each call that was meant', '每次逻辑调用实际发出的次数'],
  again: ['{n} of {of} calls ({share}) is a retry; {rescued} of {retried} that were sent again went well in the end, with {most} attempts at most.|{n} of {of} calls ({share}) are retries; {rescued} of {retried} that were sent again went well in the end, with {most} attempts at most.', '{of} 次调用中 {n} 次（{share}）为重试，涉及 {retried} 次逻辑调用，其中 {rescued} 次最终成功，单次最多尝试 {most} 次。'],
  unsure: ['{n} more follows a failed call in a loop; nothing tells whether it asks the same.|{n} more follow a failed call in a loop; nothing tells whether they ask the same.', '另有 {n} 次在循环中紧随失败调用，无法确定是否为同一请求。'],
  abandoned: ['{n} call had failed for the caller while {called} went on: {wasted} for nobody.|{n} calls had failed for the caller while {called} went on: {wasted} for nobody, {most} at most.', '{n} 次调用在调用方失败后，{called} 仍在继续执行：共浪费 {wasted}，单次最多 {most}。'],
  gave_up: ['{n} call ran out of time|{n} calls ran out of time', '{n} 次调用超时'],
  waits: ['after {time}', '超时时间约 {time}'],
  inverted: ['{caller} waits for {called} {operation} for {time}: longer than its own caller waits.', '{caller} 等待 {called} {operation} 的时间为 {time}，长于其调用方的等待时间。'],
  inverted_longest: ['{caller} waited for {called} {operation} for up to {time}: longer than its own caller waits.', '{caller} 等待 {called} {operation} 最长达 {time}，长于其调用方的等待时间。'],
  advice_inverted: ['Give calls further down less time than their caller has, or pass the deadline on.', '下游调用的超时应小于上游，或逐级传递截止时间。'],
  advice_retries: ['Retry on one level only and with a budget: nearly all retries here were in vain.', '仅在一层重试并设置重试预算：此处的重试几乎全部无效。'],
  retried: ['Sent again', '重试示例'],
  wasted: ['Given up', '超时示例'],
  chains: ['Retries that multiply', '逐级放大的重试'],
  average: ['×{n} on average, ×{most} at worst', '平均 ×{n}，最坏 ×{most}'],
  policies: ['What libraries say that they did', '组件上报的动作'],
  service: ['Service', '服务'],
  policy: ['Policy', '策略'],
  action: ['Action', '动作'],
  times: ['Times', '次数'],
  outcomes: ['Outcomes', '结果'],
});

const actionName = texts({
  retry: ['retry', '重试'],
  timeout: ['timeout', '超时'],
  fallback: ['fallback', '降级'],
  hedge: ['hedge', '对冲请求'],
  eject: ['host ejected', '摘除实例'],
  uneject: ['host taken back', '恢复实例'],
});
const ACTIONS = ['retry', 'timeout', 'fallback', 'hedge', 'eject', 'uneject'] as const;

/** Sent so much more than meant, an edge stands out. */
const MUCH = 1.5;
/** Retries of which fewer go well are in vain, where there are as many. */
const RESCUED_LITTLE = 0.2;
const RETRIED_MIN = 10;

const factor = (value: number) => `×${Number(value.toPrecision(3))}`;

export function Retries({ service }: { service?: string }) {
  const answer = useGet<RetriesAnswer>('graph/retries', { service: service || null, ...useRangeQuery() }, { every: false });
  const totals = answer.data?.totals;
  return (
    <Panel grow={!service} flush title={totals && totals.calls > 0 ? <span class="soft">{t('sum', { retries: short(totals.retries), calls: short(totals.calls), wasted: duration(totals.wasted_ns) })}</span> : t('title')}>
      <Loaded answer={answer} route="graph/retries" rows={8}>
        {(data) => (
          <>
            <Partial meta={data.meta} />
            {data.edges.length === 0 && (
              <Empty title={data.totals.calls === 0 ? t('unseen') : t('none')}>
                <p>{t('none_why', { n: count(data.totals.calls), edges: data.totals.edges })}</p>
              </Empty>
            )}
            <ul class="findings">
              {data.edges.map((edge) => (
                <Edge key={[edge.caller, edge.called, edge.operation].join(' ')} of={edge} />
              ))}
            </ul>
            {data.chains.length > 0 && <Chains of={data.chains} />}
            {data.policies.length > 0 && <Policies of={data.policies} />}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Edge({ of }: { of: RetriesEdge }) {
  const inVain = of.retried_calls >= RETRIED_MIN && of.rescued_calls / of.retried_calls < RESCUED_LITTLE;
  return (
    <li>
      <div class="row">
        {typeof of.amplification === 'number' && (
          <span class={`badge ${of.amplification >= MUCH ? 'error' : of.retries > 0 ? 'warn' : ''}`} title={t('factor')}>
            {factor(of.amplification)}
          </span>
        )}
        <a class="strong linklike" href={link(`/services/${encodeURIComponent(of.caller)}`)}>
          {of.caller}
        </a>
        <span class="soft">› {of.called}</span>
        <span class="mono faint cut">{of.operation}</span>
        <span class="spring" />
        {of.gave_up > 0 && (
          <span class="small nowrap">
            {t('gave_up', { n: short(of.gave_up) })} {typeof of.timeout_ns === 'number' && t('waits', { time: duration(of.timeout_ns) })}
          </span>
        )}
      </div>
      {of.retries > 0 && (
        <p>{t('again', { n: short(of.retries), of: short(of.calls), share: percent(of.retry_share ?? 0), retried: short(of.retried_calls), rescued: short(of.rescued_calls), most: of.attempts_max })}</p>
      )}
      {of.retries_unsure > 0 && <p class="faint">{t('unsure', { n: short(of.retries_unsure) })}</p>}
      {of.abandoned > 0 && <p>{t('abandoned', { n: short(of.abandoned), called: of.called, wasted: duration(of.wasted_ns), most: duration(of.wasted_max_ns) })}</p>}
      {of.inversions.map((one) => (
        <p key={one.called + one.operation}>{t(typeof one.timeout_ns === 'number' ? 'inverted' : 'inverted_longest', { caller: one.caller, called: one.called, operation: one.operation, time: duration(one.timeout_ns ?? one.longest_ns) })}</p>
      ))}
      <div class="row">
        {(of.inversions.length > 0 || inVain) && (
          <span class="advice">
            <Icon name="right" size={12} /> {t(of.inversions.length > 0 ? 'advice_inverted' : 'advice_retries')}
          </span>
        )}
        <span class="spring" />
        <Traces name={t('retried')} of={of.retry_traces} />
        <Traces name={t('wasted')} of={of.wasted_traces} />
      </div>
    </li>
  );
}

function Traces({ name, of }: { name: string; of: readonly string[] }) {
  return (
    <>
      {of.map((trace, index) => (
        <a key={trace} class="small nowrap" href={link(`/traces/${trace}`, { range: null })}>
          {name} {index + 1}
        </a>
      ))}
    </>
  );
}

function Chains({ of }: { of: readonly RetriesChain[] }) {
  return (
    <section class="body">
      <h3>{t('chains')}</h3>
      {of.map((chain) => (
        <div class="row" key={chain.calls.map((call) => `${call.caller} ${call.called} ${call.operation}`).join(' ')}>
          <span class="cut">
            <strong>{[chain.calls[0]!.caller, ...chain.calls.map((call) => call.called)].join(' › ')}</strong> <span class="mono faint">{chain.calls.map((call) => call.operation).join(' › ')}</span>
          </span>
          <span class="spring" />
          <span class="small nowrap">{t('average', { n: Number(chain.amplification.toPrecision(3)), most: chain.attempts_max })}</span>
        </div>
      ))}
    </section>
  );
}

function Policies({ of }: { of: readonly RetriesPolicy[] }) {
  const columns: Column<RetriesPolicy>[] = [
    { key: 'service', title: t('service'), cell: (one) => <a href={link(`/services/${encodeURIComponent(one.service)}`)}>{one.service}</a> },
    { key: 'policy', title: t('policy'), wide: true, cell: (one) => [one.name ?? one.operation ?? one.target, one.framework].filter(Boolean).join(' · ') || '–' },
    { key: 'action', title: t('action'), cell: (one) => <span class="badge nowrap">{known(actionName, ACTIONS, one.action)}</span> },
    { key: 'times', title: t('times'), num: true, cell: (one) => short(Math.round(one.count)) },
    { key: 'outcomes', title: t('outcomes'), hideSmall: true, cell: (one) => one.outcomes.map((outcome) => `${outcome.outcome} ${short(Math.round(outcome.count))}`).join(', ') },
  ];
  return (
    <section>
      <h3 style={{ padding: '0 var(--pad, 12px)' }}>{t('policies')}</h3>
      <Table label={t('policies')} columns={columns} rows={of} keyOf={(one) => [one.service, one.framework, one.name, one.operation, one.target, one.action].join(' ')} />
    </section>
  );
}
