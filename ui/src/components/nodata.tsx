// Three different nothings: nothing ever, nothing in this time, nothing that the filter lets through.
import { texts } from '../base/i18n';
import { useAnswer } from '../base/query';
import { get } from '../base/api';
import type { HistogramAnswer, Status } from '../base/schema';
import { count } from '../base/format';
import { dayClock, nsToMs, toIso } from '../base/time';
import { link, setParams } from '../base/url';
import { conditions, without } from '../model/search';
import { useRangeQuery } from './range';
import { Empty } from './states';

const t = texts({
  never_spans: ['No trace has ever arrived', '尚未收到任何链路'],
  never_logs: ['No log record has ever arrived', '尚未收到任何日志'],
  never_metrics: ['No metric has ever arrived', '尚未收到任何指标'],
  never_why: ['Point an OpenTelemetry exporter at this server; the settings show how for each language.', '将 OpenTelemetry 导出器指向本服务器，设置页提供各语言示例。'],
  how: ['Show how to send data', '查看接入方式'],
  not_now: ['Nothing in this time', '该时间范围内没有数据'],
  newest: ['The newest record is of {time}.', '最新一条记录于 {time}。'],
  go_there: ['Go there', '跳转到该时间'],
  filtered: ['The filter lets nothing through', '筛选条件排除了所有数据'],
  filtered_why: ['In this time there are {n} records.', '该时间范围内共有 {n} 条记录。'],
  drop: ['Without {part}', '去掉 {part}'],
  clear: ['Without the filter', '清除筛选'],
});

interface Why {
  ever: boolean;
  here: number;
  newest: number | null;
}

export function NoData({ table, q, onQ }: { table: 'spans' | 'logs'; q: string; onQ: (q: string) => void }) {
  const range = useRangeQuery();
  const answer = useAnswer<Why>(['why-nothing', table, range], async (signal) => {
    const status = await get<Status>('status', {}, signal);
    const rows = status.storage.tables.find((one) => one.table === table)?.rows ?? 0;
    if (rows === 0) return { ever: false, here: 0, newest: null };
    const here = await get<HistogramAnswer>(`${table}/histogram`, { ...range, buckets: 1 }, signal);
    if (here.total > 0) return { ever: true, here: here.total, newest: null };
    const all = await get<HistogramAnswer>(`${table}/histogram`, { buckets: 200 }, signal);
    const counts = all.series[0]?.counts ?? [];
    const last = counts.findLastIndex((one) => one > 0);
    return { ever: true, here: 0, newest: last < 0 ? null : nsToMs(all.t0_ns) + (last + 1) * all.width_ms };
  });
  const why = answer.data;
  if (!why) return <Empty title="…" />;
  if (!why.ever)
    return (
      <Empty title={t(`never_${table}`)}>
        <p>{t('never_why')}</p>
        <a class="btn primary" href={link('/settings', { tab: 'send' })}>
          {t('how')}
        </a>
      </Empty>
    );
  if (why.here === 0 || !q)
    return (
      <Empty title={t('not_now')}>
        {why.newest !== null && (
          <>
            <p>{t('newest', { time: dayClock(why.newest) })}</p>
            <button class="btn primary" onClick={() => setParams({ range: null, start: toIso(why.newest! - 3_600_000), end: toIso(why.newest! + 1000), page_token: null })}>
              {t('go_there')}
            </button>
          </>
        )}
      </Empty>
    );
  return (
    <Empty title={t('filtered')}>
      <p>{t('filtered_why', { n: count(why.here) })}</p>
      <div class="row" style={{ justifyContent: 'center' }}>
        {conditions(q).length > 1 &&
          conditions(q).map((part) => (
            <button key={part} class="btn small mono" onClick={() => onQ(without(q, part))}>
              {t('drop', { part })}
            </button>
          ))}
        <button class="btn small" onClick={() => onQ('')}>
          {t('clear')}
        </button>
      </div>
    </Empty>
  );
}
