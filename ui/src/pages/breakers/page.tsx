// What tripped, when, why, and what did it cost?
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count, duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { refresh, refreshEvery, useGet } from '../../base/query';
import { useStream, type StreamState } from '../../base/stream';
import { nsToMs, toIso, toMs } from '../../base/time';
import { param, setParams } from '../../base/url';
import { BarChart, type Mark } from '../../components/bars';
import { Icon } from '../../components/icons';
import { Live } from '../../components/live';
import { Panel, Segments, Select } from '../../components/parts';
import { useRange, useRangeQuery } from '../../components/range';
import { Empty, Loaded, Partial } from '../../components/states';
import { GLYPHS, LEVELS, STATES, STATE_COLOURS, density, group, isActive, level, neighbour, segments, type BreakersAnswer, type GroupBy, type Level, type Row } from '../../model/breakers';
import { replacements, type ServicesAnswer } from '../../model/services';
import { Lanes } from './lanes';
import { Twin } from './twin';
import { Wall } from './wall';
import { Coverage } from './coverage';
import { Limits } from './limits';
import { BreakerDrawer } from './trip';
import { MECHANISMS, levelName, mechanismName, stateName } from '../../components/breakerwords';

const t = texts({
  title: ['Breakers', '熔断器'],
  view: ['View', '视图'],
  lanes: ['Timeline', '时间线'],
  table: ['Table', '表格'],
  limits: ['Rate limits', '限流'],
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
  now: ['Now', '当前'],
  trips_in: ['trips', '次熔断'],
  before: ['{n} before', '此前 {n} 次'],
  open_time: ['open, all together', '累计熔断时长'],
  refused: ['calls refused', '次调用被拒绝'],
  over_time: ['Trips over time', '熔断次数趋势'],
  deploy: ['{service}: new version {version}', '{service}：新版本 {version}'],
  empty: ['No breaker signals seen', '未发现熔断信号'],
  empty_why: [
    'Services may have no breakers, or not report them. Fusebox reads the metrics of resilience4j, Sentinel, Hystrix and Envoy, the logs of most libraries, and infers trips of Kratos, go-zero and others from calls that are refused.',
    '服务可能没有熔断器，或未上报。Fusebox 可识别 resilience4j、Sentinel、Hystrix、Envoy 的指标和多数库的日志，并能从被拒绝的调用推断 Kratos、go-zero 等的熔断。',
  ],
  empty_snippet: ['One log line with these attributes is enough for any other library:', '其他库只需输出一行带有以下属性的日志：'],
  all_well: ['No breaker tripped in this time', '该时间范围内没有熔断'],
  all_well_why: ['{n} breakers are known and were looked at.', '已检查 {n} 个已知熔断器。'],
  show_all: ['Show all', '显示全部'],
  filtered: ['No breaker is like that', '没有符合条件的熔断器'],
  clear: ['Without the filter', '清除筛选'],
  next_page: ['Next page', '下一页'],
  keys: ['Breakers', '熔断器'],
  down: ['Next lane', '下一条'],
  up: ['Previous lane', '上一条'],
  later: ['Next trip of the lane', '下一次熔断'],
  earlier: ['Previous trip of the lane', '上一次熔断'],
  last: ['Last trip of the lane', '最近一次熔断'],
  notices: ['{n} notice|{n} notices', '{n} 条提示'],
});

/** The time goes on in the picture also while nothing changes. */
const QUIET_MS = 15_000;
/** While the stream is not there. */
const POLL_MS = 5_000;
const BURST_MS = 400;

const VIEWS = ['lanes', 'table', 'limits', 'coverage'] as const;
type View = (typeof VIEWS)[number];

export default function BreakersPage() {
  const view = (param('view') || 'lanes') as View;
  const breakers = view === 'lanes' || view === 'table';
  const q = param('q');
  const by = (param('group') || 'target') as GroupBy;
  const tripped = param('tripped') === '1';
  const range = useRangeQuery();
  const asked = { q, state: param('state'), kind: param('kind'), sort: param('sort'), tripped: tripped || null, page_token: param('page_token'), ...range };
  const stream = useLive(useRange().kind === 'relative');
  const answer = useGet<BreakersAnswer>('breakers', asked, { when: breakers, moving: true, every: refreshEvery() || (stream === 'off' ? false : stream === 'live' ? QUIET_MS : POLL_MS) });
  const evidence = param('evidence') as Level | '';
  const groups = useMemo(() => (answer.data ? group(answer.data.breakers.filter((row) => !evidence || (row.last_trip !== null && level(row.last_trip.method) === evidence)), by) : []), [answer.data, by, evidence]);
  const rows = groups.flatMap((one) => one.rows);
  const id = param('breaker');
  const at = rows.findIndex((row) => row.id === id);
  const step = (by: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (next) setParams({ breaker: next.id, trip: null }, 'replace');
  };
  const trip = (by: 1 | -1) => {
    const row = rows[at];
    if (!row || !answer.data) return;
    const t0 = nsToMs(answer.data.t0_ns);
    const now = param('trip') ? (toMs(param('trip')) - t0) * 1000 : null;
    const next = neighbour(segments(row.lane, (nsToMs(answer.data.end_ns) - t0) * 1000), now, by);
    if (next) setParams({ trip: toIso(t0 + (next.from + next.to) / 2000) }, 'replace');
  };
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => step(1) },
      { keys: 'k', does: () => t('up'), run: () => step(-1) },
      { keys: 'l', does: () => t('later'), run: () => trip(1) },
      { keys: 'h', does: () => t('earlier'), run: () => trip(-1) },
      { keys: 'Enter', does: () => t('last'), run: () => rows[at]?.last_trip && setParams({ trip: rows[at]!.last_trip!.opened.time }, 'replace') },
    ],
    [rows, at],
  );
  if (param('wall') === '1') return <Wall answer={answer.data} at={answer.at} />;
  return (
    <div class="page fill">
      <div class="page-head many">
        <h1>{t('title')}</h1>
        <Segments label={t('view')} value={view} options={VIEWS.map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ view: next === 'lanes' ? null : next, breaker: null, trip: null, service: null, finding: null })} />
        <Live stream={stream} />
        {breakers && (
          <>
            <div class="filter" style={{ flex: '1 1 120px' }}>
              <Icon name="search" size={14} />
              <input class="input" style={{ fontFamily: 'inherit' }} aria-label={t('search')} placeholder={t('search')} value={q} onInput={(event) => setParams({ q: event.currentTarget.value || null, page_token: null }, 'replace')} />
            </div>
            <Select label={t('state')} value={param('state')} options={[['', t('any_state')], ...STATES.map((one) => [one as string, stateName(one)] as const)]} onChange={(next) => setParams({ state: next || null, page_token: null })} />
            <span class="row hide-small more-filters">
            <Select label={t('kind')} value={param('kind')} options={[['', t('any_kind')], ...MECHANISMS.map((one) => [one as string, mechanismName(one)] as const)]} onChange={(next) => setParams({ kind: next || null, page_token: null })} />
            <Select label={t('evidence')} value={evidence} options={[['', t('any_evidence')], ...LEVELS.map((one) => [one as string, levelName(one)] as const)]} onChange={(next) => setParams({ evidence: next || null })} />
            <Select label={t('sort')} value={param('sort') || 'cost'} options={(['cost', 'recent', 'trips', 'name'] as const).map((one) => [one as string, t(one)] as const)} onChange={(next) => setParams({ sort: next === 'cost' ? null : next, page_token: null })} />
            <Select label={t('group')} value={by} options={(['target', 'service', 'none'] as const).map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ group: next === 'target' ? null : next })} />
            </span>
            <button class="btn" aria-pressed={tripped} onClick={() => setParams({ tripped: tripped ? null : '1', page_token: null })}>
              {t('tripped')}
            </button>
            <button class="btn ghost" onClick={() => setParams({ wall: '1', breaker: null, trip: null })}>
              <Icon name="expand" size={14} />
              {t('wall')}
            </button>
          </>
        )}
      </div>
      {view === 'limits' ? (
        <Limits />
      ) : view === 'coverage' ? (
        <Coverage />
      ) : (
        <Loaded answer={answer} route="breakers" rows={16}>
          {(data) => <Shown data={data} view={view} groups={groups} rows={rows} id={id} filtered={Boolean(q || param('state') || param('kind') || evidence)} tripped={tripped} />}
        </Loaded>
      )}
    </div>
  );
}

/** Rollouts in the window: what often stands before a trip. */
function useDeploys(): Mark[] {
  const answer = useGet<ServicesAnswer>('services', { buckets: 1, limit: 500, ...useRangeQuery() }, { every: false });
  return useMemo(() => (answer.data?.services ?? []).flatMap((service) => replacements(service.versions, toMs).map(({ at, version }) => ({ at, colour: '--s3', label: t('deploy', { service: service.name, version }) }))), [answer.data]);
}

/** Asks again when a breaker changed: at once for one change, once for a burst of them. */
function useLive(on: boolean): StreamState {
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const changed = () => {
    timer.current ||= window.setTimeout(() => {
      timer.current = 0;
      refresh('breakers');
    }, BURST_MS);
  };
  return useStream('stream/breakers', {}, on, { transition: changed, withdrawn: changed, gap: changed });
}

function Shown({ data, view, groups, rows, id, filtered, tripped }: { data: BreakersAnswer; view: View; groups: ReturnType<typeof group>; rows: Row[]; id: string; filtered: boolean; tripped: boolean }) {
  const t0 = nsToMs(data.t0_ns);
  const spanMs = nsToMs(data.end_ns) - t0;
  const trips = useMemo(() => density(data.breakers, spanMs * 1000, 80), [data]);
  const deploys = useDeploys();
  const known_ = Object.values(data.summary.states).reduce((sum, one) => sum + one, 0);
  const choose = (row: Row, trip: string | null) => setParams({ breaker: row.id, trip }, 'replace');
  if (rows.length === 0)
    return (
      <Panel>
        {filtered ? (
          <Empty title={t('filtered')}>
            <button class="btn" onClick={() => setParams({ q: null, state: null, kind: null, evidence: null, tripped: null })}>
              {t('clear')}
            </button>
          </Empty>
        ) : tripped && known_ > 0 ? (
          <Empty title={t('all_well')}>
            <p>{t('all_well_why', { n: known_ })}</p>
            <button class="btn" onClick={() => setParams({ tripped: null })}>
              {t('show_all')}
            </button>
          </Empty>
        ) : (
          <Empty title={t('empty')}>
            <p>{t('empty_why')}</p>
            <p class="faint">{t('empty_snippet')}</p>
            <pre class="snippet-box">{'circuit_breaker.state_change  circuitbreaker.name=pay  from=closed  to=open'}</pre>
          </Empty>
        )}
      </Panel>
    );
  return (
    <>
      <Partial meta={(data as unknown as { meta: Record<string, unknown> }).meta} />
      <div class="breaker-sum">
        <div class="now">
          {STATES.filter((state) => data.summary.states[state]).map((state) => (
            <button key={state} class="state-count" onClick={() => setParams({ state })}>
              <span style={{ color: `var(${STATE_COLOURS[state]})` }}>{GLYPHS[state]}</span>
              <b class={isActive(state) ? '' : 'soft'}>{data.summary.states[state]}</b> <span class="soft">{stateName(state)}</span>
            </button>
          ))}
        </div>
        <span class="spring" />
        <span>
          <b>{count(data.summary.trips)}</b> <span class="soft">{t('trips_in')}</span> <span class="faint">({t('before', { n: data.summary.trips_before })})</span>
        </span>
        <span>
          <b>{duration(data.summary.open_ns)}</b> <span class="soft">{t('open_time')}</span>
        </span>
        <span>
          <b class={data.summary.refused > 0 ? 'error-text' : ''}>{short(Math.round(data.summary.refused))}</b> <span class="soft">{t('refused')}</span>
        </span>
      </div>
      {data.notices.length > 0 && (
        <details class="strip">
          <summary>{t('notices', { n: data.notices.length })}</summary>
          <ul>
            {data.notices.map((notice, index) => (
              <li key={index}>
                {notice.service} {notice.name}: {notice.detail}
              </li>
            ))}
          </ul>
        </details>
      )}
      <div class="with-drawer">
        <section class="panel grow">
          <div class="body flush" tabIndex={0}>
            {view === 'lanes' && (
              <div class="lanes-density">
                <span class="faint small">{t('over_time')}</span>
                <BarChart bars={{ t0, widthMs: spanMs / 80, series: [{ name: t('trips_in'), colour: '--open', counts: trips }] }} height={46} label={t('over_time')} marks={deploys} />
                <span />
              </div>
            )}
            {view === 'lanes' ? <Lanes answer={data} groups={groups} selected={id} trip={param('trip')} onSelect={choose} /> : <Twin rows={rows} id={id} onRow={(row) => choose(row, null)} />}
            {data.next_page_token && (
              <button class="btn small" style={{ margin: '10px' }} onClick={() => setParams({ page_token: data.next_page_token })}>
                {t('next_page')}
              </button>
            )}
          </div>
        </section>
        {id && <BreakerDrawer id={id} trip={param('trip')} />}
      </div>
    </>
  );
}
