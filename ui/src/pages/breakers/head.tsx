// Which breakers are looked at, and how: views, filters, order.
import { texts } from '../../base/i18n';
import type { StreamState } from '../../base/stream';
import { param, setParams } from '../../base/url';
import { MECHANISMS, levelName, mechanismName, stateName } from '../../components/breakerwords';
import { Icon } from '../../components/icons';
import { Live } from '../../components/live';
import { Segments, Select } from '../../components/parts';
import { LEVELS, STATES } from '../../model/breakers';

const t = texts({
  title: ['Breakers', '熔断器'],
  view: ['View', '视图'],
  lanes: ['Timeline', '时间线'],
  table: ['Table', '表格'],
  limits: ['Rate limits', '限流'],
  retries: ['Retries', '重试与超时'],
  coverage: ['Coverage', '防护覆盖'],
  search: ['Service, target, name or library', '服务、目标、名称或组件'],
  state: ['State', '状态'],
  any_state: ['any state', '全部状态'],
  any_kind: ['any kind', '全部类型'],
  kind: ['Kind', '类型'],
  evidence: ['Evidence of the last trip', '最近一次熔断的证据'],
  any_evidence: ['any evidence', '全部证据'],
  sort: ['Sort', '排序'],
  cost: ['by cost', '按影响'],
  recent: ['by time', '按时间'],
  trips: ['by trips', '按次数'],
  name: ['by name', '按名称'],
  group: ['Group', '分组'],
  target: ['by target', '按目标'],
  service: ['by caller', '按调用方'],
  none: ['no groups', '不分组'],
  tripped: ['Only tripped', '仅看熔断过的'],
  wall: ['Wall', '大屏'],
});

export const VIEWS = ['lanes', 'table', 'limits', 'retries', 'coverage'] as const;
export type View = (typeof VIEWS)[number];

const SORTS = ['cost', 'recent', 'trips', 'name'] as const;
const GROUPS = ['target', 'service', 'none'] as const;

export function BreakersHead({ view, stream }: { view: View; stream: StreamState }) {
  const breakers = view === 'lanes' || view === 'table';
  return (
    <>
      <div class="page-head">
        <h1>{t('title')}</h1>
        <Segments label={t('view')} value={view} options={VIEWS.map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ view: next === 'lanes' ? null : next, breaker: null, trip: null, with: null, service: null, finding: null })} />
        <Live stream={stream} />
        <span class="spring" />
        {breakers && (
          <button class="btn ghost" onClick={() => setParams({ wall: '1', breaker: null, trip: null, with: null })}>
            <Icon name="expand" size={14} />
            {t('wall')}
          </button>
        )}
      </div>
      {breakers && <Filters />}
    </>
  );
}

function Filters() {
  const tripped = param('tripped') === '1';
  const pick = (label: string, key: string, any: string, options: readonly (readonly [string, string])[]) => <Select label={label} value={param(key)} options={[['', any], ...options]} onChange={(next) => setParams({ [key]: next || null, page_token: null })} />;
  return (
    <div class="page-head many">
      <div class="filter">
        <Icon name="search" size={14} />
        <input class="input" style={{ fontFamily: 'inherit' }} aria-label={t('search')} placeholder={t('search')} value={param('q')} onInput={(event) => setParams({ q: event.currentTarget.value || null, page_token: null }, 'replace')} />
      </div>
      {pick(t('state'), 'state', t('any_state'), STATES.map((one) => [one, stateName(one)] as const))}
      <span class="row hide-small">
        {pick(t('kind'), 'kind', t('any_kind'), MECHANISMS.map((one) => [one, mechanismName(one)] as const))}
        {pick(t('evidence'), 'evidence', t('any_evidence'), LEVELS.map((one) => [one, levelName(one)] as const))}
      </span>
      <button class="btn" aria-pressed={tripped} onClick={() => setParams({ tripped: tripped ? null : '1', page_token: null })}>
        {t('tripped')}
      </button>
      <span class="spring" />
      <span class="row hide-small">
        <Select label={t('sort')} value={param('sort') || 'cost'} options={SORTS.map((one) => [one as string, t(one)] as const)} onChange={(next) => setParams({ sort: next === 'cost' ? null : next, page_token: null })} />
        <Select label={t('group')} value={param('group') || 'target'} options={GROUPS.map((one) => [one as string, t(one)] as const)} onChange={(next) => setParams({ group: next === 'target' ? null : next })} />
      </span>
    </div>
  );
}
