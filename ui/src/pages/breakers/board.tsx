// The breakers that were found, as lanes or as a table, with trips and rollouts over them and the chosen one at the side.
import { useMemo } from 'preact/hooks';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { nsToMs, toMs } from '../../base/time';
import { param, setParams } from '../../base/url';
import { BarChart, type Mark } from '../../components/bars';
import { useRangeQuery } from '../../components/range';
import { Partial } from '../../components/states';
import { density, type BreakersAnswer, type Group, type Row } from '../../model/breakers';
import { replacements, type ServicesAnswer } from '../../model/services';
import { BreakerDrawer } from './drawer';
import { Lanes } from './lanes';
import { NoBreakers } from './nothing';
import { Summary } from './summary';
import { Twin } from './twin';

const t = texts({
  trips_in: ['trips', '次熔断'],
  over_time: ['Trips over time', '熔断次数趋势'],
  deploy: ['{service}: new version {version}', '{service}：新版本 {version}'],
  next_page: ['Next page', '下一页'],
});

export function Board({ data, view, groups, rows, id, filtered, tripped }: { data: BreakersAnswer; view: 'lanes' | 'table'; groups: Group[]; rows: Row[]; id: string; filtered: boolean; tripped: boolean }) {
  const t0 = nsToMs(data.t0_ns);
  const spanMs = nsToMs(data.end_ns) - t0;
  const trips = useMemo(() => density(data.breakers, spanMs * 1000, 80), [data]);
  const deploys = useDeploys();
  const known = Object.values(data.summary.states).reduce((sum, one) => sum + one, 0);
  const choose = (row: Row, trip: string | null) => setParams({ breaker: row.id, trip, with: null }, 'replace');
  if (rows.length === 0) return <NoBreakers filtered={filtered} tripped={tripped} known={known} />;
  return (
    <>
      <Partial meta={(data as unknown as { meta: Record<string, unknown> }).meta} />
      <Summary data={data} />
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

/** Rollouts in the window: what often stands before a trip. */
function useDeploys(): Mark[] {
  const answer = useGet<ServicesAnswer>('services', { buckets: 1, limit: 500, ...useRangeQuery() }, { every: false });
  return useMemo(() => (answer.data?.services ?? []).flatMap((service) => replacements(service.versions, toMs).map(({ at, version }) => ({ at, colour: '--s3', label: t('deploy', { service: service.name, version }) }))), [answer.data]);
}
