// What no breaker guards, which breakers cannot help, and what hides from sight: each with what to change.
import { count, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { CoverageAnswer, CoverageFinding } from '../../base/schema';
import { link, param, setParams } from '../../base/url';
import { known } from '../../components/breakerwords';
import { codeName } from '../../components/codename';
import { Icon } from '../../components/icons';
import { Panel, Select } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial } from '../../components/states';

const t = texts({
  title: ['Coverage', '防护覆盖'],
  service: ['Service', '服务'],
  any_service: ['all services', '全部服务'],
  kind: ['Kind', '类型'],
  any_kind: ['all findings', '全部问题'],
  sum: ['{n} finding in {services} services|{n} findings in {services} services', '{services} 个服务，{n} 项问题'],
  none: ['Nothing to change', '没有需要处理的问题'],
  none_why: ['{n} services were looked at: calls that fail have a breaker that can open, and what they refuse can be seen.', '已检查 {n} 个服务：失败的调用都有能生效的熔断器，被拒绝的调用也都可见。'],
  filtered: ['No finding is like that', '没有符合条件的问题'],
  clear: ['Without the filter', '清除筛选'],
  concerned: ['{n} of {of} calls', '{of} 次调用中的 {n} 次'],
  concerned_all: ['{n} calls', '{n} 次调用'],
  records: ['{n} errors', '{n} 次错误'],
  example: ['Trace', '链路'],
  import: ['Import a catalogue', '导入错误码目录'],
});

const kindName = texts({
  no_breaker: ['no breaker', '未配置熔断'],
  cannot_trip: ['cannot open', '无法触发熔断'],
  tracing_inside: ['refusals have no span', '被拒请求无 Span'],
  broken_context: ['trace is cut', '链路断裂'],
  errors_without_type: ['errors without a code', '缺少错误码'],
  unknown_codes: ['codes not in the catalogue', '错误码未登记'],
});
const KINDS = ['no_breaker', 'cannot_trip', 'tracing_inside', 'broken_context', 'errors_without_type', 'unknown_codes'] as const;
const TONES: Record<string, string> = { no_breaker: 'error', cannot_trip: 'error', tracing_inside: 'warn', broken_context: 'warn' };

export function Coverage() {
  const [service, kind] = [param('service'), param('finding')];
  const answer = useGet<CoverageAnswer>('governance/coverage', { ...useRangeQuery(), service, kind }, { every: false });
  const services = (answer.data?.services ?? []).filter((one) => one.findings > 0).sort((a, b) => b.findings - a.findings);
  return (
    <Panel
      grow
      flush
      title={<span class="soft">{answer.data ? t('sum', { n: answer.data.findings_total, services: services.length }) : t('title')}</span>}
      actions={
        <>
          <Select label={t('service')} value={service} options={[['', t('any_service')], ...services.map((one) => [one.service, `${one.service} · ${one.findings}`] as const)]} onChange={(next) => setParams({ service: next || null })} />
          <Select label={t('kind')} value={kind} options={[['', t('any_kind')], ...KINDS.map((one) => [one as string, kindName(one)] as const)]} onChange={(next) => setParams({ finding: next || null })} />
        </>
      }
    >
      <Loaded answer={answer} route="governance/coverage" rows={10}>
        {(data) =>
          data.findings.length > 0 ? (
            <>
              <Partial meta={data.meta} />
              <ul class="findings">
                {data.findings.map((one) => (
                  <Finding key={[one.kind, one.service, one.called, one.operation, one.breaker].join(' ')} of={one} />
                ))}
              </ul>
            </>
          ) : service || kind ? (
            <Empty title={t('filtered')}>
              <button class="btn" onClick={() => setParams({ service: null, finding: null })}>
                {t('clear')}
              </button>
            </Empty>
          ) : (
            <Empty title={t('none')}>
              <p>{t('none_why', { n: data.services.length })}</p>
            </Empty>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Finding({ of }: { of: CoverageFinding }) {
  const errors = of.kind === 'unknown_codes' || of.kind === 'errors_without_type';
  const [some, all] = [short(Math.round(of.concerned)), short(Math.round(of.of))];
  return (
    <li>
      <div class="row">
        <span class={`badge ${TONES[of.kind] ?? ''}`}>{known(kindName, KINDS, of.kind)}</span>
        <a class="strong linklike" href={link(`/services/${encodeURIComponent(of.service)}`)}>
          {of.service}
        </a>
        {(of.called || of.breaker) && <span class="soft">› {of.called ?? of.breaker}</span>}
        {of.operation && <span class="mono faint cut">{of.operation}</span>}
        <span class="spring" />
        <span class="small nowrap">{errors ? t('records', { n: some }) : of.concerned < of.of ? t('concerned', { n: some, of: all }) : t('concerned_all', { n: some })}</span>
      </div>
      {errors && of.codes?.length ? (
        <div class="row tight">
          {of.codes.slice(0, 8).map((code) => (
            <a key={code.code} class="badge mono" title={code.code} href={link('/errors', { code: code.code })}>
              {codeName(code.code)} <span class="faint">{count(Math.round(code.count))}</span>
            </a>
          ))}
        </div>
      ) : (
        <p>{of.text}</p>
      )}
      <div class="row">
        <span class="advice">
          <Icon name="right" size={12} /> {of.advice}
        </span>
        <span class="spring" />
        {of.kind === 'unknown_codes' && (
          <a class="small" href={link('/settings', { tab: 'catalogue' })}>
            {t('import')}
          </a>
        )}
        {of.traces.map((trace, index) => (
          <a key={trace} class="small nowrap" href={link(`/traces/${trace}`, { range: null })}>
            {t('example')} {index + 1}
          </a>
        ))}
      </div>
    </li>
  );
}
