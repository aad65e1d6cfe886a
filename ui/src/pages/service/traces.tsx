// Requests through a service: the slowest, and the newest that failed.
import { count, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { Traces } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { Panel } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';

const t = texts({
  slowest: ['Slowest traces', '最慢的链路'],
  failed: ['Newest failed traces', '最新失败链路'],
  none: ['None in this time', '该时间范围内没有'],
});

export function TraceLists({ q }: { q: string }) {
  const range = useRangeQuery();
  const slowest = useGet<Traces>('traces', { q, sort: 'slowest', limit: 15, ...range });
  const failed = useGet<Traces>('traces', { q: `${q} AND status:error`, limit: 15, ...range });
  return (
    <div class="grid two">
      <List title={t('slowest')} answer={slowest} />
      <List title={t('failed')} answer={failed} />
    </div>
  );
}

function List({ title, answer }: { title: string; answer: ReturnType<typeof useGet<Traces>> }) {
  return (
    <Panel title={title}>
      <Loaded answer={answer} route="traces" rows={4}>
        {(data) => (
          <>
            {data.traces.map((trace) => (
              <a class="row exemplar" key={trace.trace_id} href={link(`/traces/${trace.trace_id}`)}>
                <span class="mono faint">{clock(toMs(trace.start_time), 0)}</span>
                <span class="cut">
                  <span class="soft">{trace.root_service}</span> {trace.root_name}
                </span>
                <span class="spring" />
                {trace.errors > 0 && <span class="error-text small">{count(trace.errors)} ✕</span>}
                <strong class="nowrap">{duration(trace.duration_ns)}</strong>
              </a>
            ))}
            {data.traces.length === 0 && <p class="faint">{t('none')}</p>}
          </>
        )}
      </Loaded>
    </Panel>
  );
}
