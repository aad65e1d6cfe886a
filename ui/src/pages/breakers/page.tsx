// What tripped, when, why, and what did it cost?
import { useMemo } from 'preact/hooks';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { refreshEvery, useGet } from '../../base/query';
import { nsToMs, toIso, toMs } from '../../base/time';
import { BASE, go, link, param, setParams } from '../../base/url';
import { useRange, useRangeQuery } from '../../components/range';
import { Retries } from '../../components/retries';
import { Loaded } from '../../components/states';
import { group, level, neighbour, segments, type BreakersAnswer, type GroupBy, type Level } from '../../model/breakers';
import { tripAt } from '../../model/trips';
import { Board } from './board';
import { Coverage } from './coverage';
import { BreakersHead, type View } from './head';
import { Limits } from './limits';
import { tracesOf } from './links';
import { POLL_MS, QUIET_MS, useLive } from './live';
import { Wall } from './wall';

const t = texts({
  keys: ['Breakers', '熔断器'],
  down: ['Next lane', '下一条'],
  up: ['Previous lane', '上一条'],
  later: ['Next trip of the lane', '下一次熔断'],
  earlier: ['Previous trip of the lane', '上一次熔断'],
  last: ['Last trip of the lane', '最近一次熔断'],
  codes: ['Its commonest error', '最常见的错误码'],
  traces: ['Its failed requests', '其失败的请求'],
});

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
    if (next) setParams({ breaker: next.id, trip: null, with: null }, 'replace');
  };
  const trip = (by: 1 | -1) => {
    const row = rows[at];
    if (!row || !answer.data) return;
    const t0 = nsToMs(answer.data.t0_ns);
    const now = param('trip') ? (toMs(param('trip')) - t0) * 1000 : null;
    const next = neighbour(segments(row.lane, (nsToMs(answer.data.end_ns) - t0) * 1000), now, by);
    if (next) setParams({ trip: toIso(t0 + (next.from + next.to) / 2000), with: null }, 'replace');
  };
  const open = (href: string) => go(href.slice(BASE.length));
  const chosenTrip = () => {
    const last = rows[at]?.last_trip;
    return last && param('trip') ? tripAt([last], param('trip')) : null;
  };
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => step(1) },
      { keys: 'k', does: () => t('up'), run: () => step(-1) },
      { keys: 'l', does: () => t('later'), run: () => trip(1) },
      { keys: 'h', does: () => t('earlier'), run: () => trip(-1) },
      { keys: 'c', does: () => t('codes'), run: () => rows[at]?.top_codes?.[0] && open(link('/errors', { code: rows[at]!.top_codes![0]!.code })) },
      { keys: 't', does: () => t('traces'), run: () => rows[at] && open(tracesOf(rows[at]!, chosenTrip())) },
      { keys: 'Enter', does: () => t('last'), run: () => rows[at]?.last_trip && setParams({ trip: rows[at]!.last_trip!.opened.time }, 'replace') },
    ],
    [rows, at],
  );
  if (param('wall') === '1') return <Wall answer={answer.data} at={answer.at} />;
  return (
    <div class="page fill">
      <BreakersHead view={view} stream={stream} />
      {view === 'limits' ? (
        <Limits />
      ) : view === 'retries' ? (
        <Retries />
      ) : view === 'coverage' ? (
        <Coverage />
      ) : (
        <Loaded answer={answer} route="breakers" rows={16}>
          {(data) => <Board data={data} view={view} groups={groups} rows={rows} id={id} filtered={Boolean(q || param('state') || param('kind') || evidence)} tripped={tripped} />}
        </Loaded>
      )}
    </div>
  );
}
