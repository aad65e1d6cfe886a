// One code: what it means, where it is born, what it becomes on its way, and examples.
import { count, percent, rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, toMs } from '../../base/time';
import { link } from '../../base/url';
import type { Completeness, Deltas } from '../../base/schema';
import { BarChart } from '../../components/bars';
import { Complete } from '../../components/complete';
import { Icon } from '../../components/icons';
import { CopyButton, Drawer, Meter } from '../../components/parts';
import { bounds } from '../../model/range';
import { useRange, useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';
import { SURE_FROM, factor, type Chain, type CodeRow } from '../../model/errors';
import { condition } from '../../model/search';
import { valueText } from '../../components/attributes';
import { StatusBadge } from './words';

const t = texts({
  code: ['Error code', '错误码'],
  meaning: ['Meaning', '含义'],
  not_catalogued: ['The catalogue does not know this code.', '该错误码未登记在目录中。'],
  solution: ['What to do', '处理建议'],
  owner: ['Owner', '负责人'],
  runbook: ['Runbook', '运维手册'],
  message: ['Newest message', '最新消息'],
  numbers: ['In this time', '该时间范围'],
  errors: ['errors', '次'],
  of_all: ['of all errors', '占全部错误'],
  usual: ['×{n} of usual', '为平时的 {n} 倍'],
  few: ['few records: rates say little', '样本较少，比例仅供参考'],
  first: ['First seen', '首次出现'],
  last: ['Last seen', '最近出现'],
  over_time: ['Over time', '趋势'],
  born: ['Where it is born', '源头服务'],
  reaches: ['Whom it reaches', '影响范围'],
  chain: ['What it becomes on its way', '传播与错误码转换'],
  chain_none: ['It stays as it is: no translation was seen.', '未发现错误码转换。'],
  times: ['{n} times', '{n} 次'],
  deltas: ['What sets these errors apart', '这些错误的特征'],
  against: ['{with} against {without} of the others', '{with}，其他为 {without}'],
  exemplars: ['Examples', '示例'],
  oldest: ['first', '最早'],
  newest: ['newest', '最新'],
  slowest: ['slowest', '最慢'],
  traces: ['Traces with it', '相关链路'],
  logs: ['Logs with it', '相关日志'],
  refused: ['{n} of them were refused by breakers and limiters', '其中 {n} 次由熔断或限流拒绝'],
  parts: ['Read as', '解析为'],
});

export function CodeDrawer({ code, hops, onClose }: { code: string; hops: boolean; onClose: () => void }) {
  const range = useRangeQuery();
  const query = { ...range, count: hops ? 'hops' : null };
  const path = `errors/codes/${encodeURIComponent(code)}`;
  const answer = useGet<CodeRow & { completeness: Completeness }>(path, query);
  const chains = useGet<{ chains: Chain[]; chains_total: number }>(`${path}/propagation`, range);
  const row = answer.data?.code === code ? answer.data : undefined;
  return (
    <Drawer
      label={t('code')}
      title={
        <span class="row">
          <span class="mono">{code}</span>
          <CopyButton text={code} />
          {row && row.status !== 'unknown' && <StatusBadge status={row.status} />}
        </span>
      }
      sub={row?.title || row?.reason || row?.message}
      onClose={onClose}
    >
      <Loaded answer={answer} route="errors/codes/{code}">
        {(one) => (
          <>
            <Complete of={one.completeness} />
            <Body row={one} chains={chains} />
          </>
        )}
      </Loaded>
    </Drawer>
  );
}

function Body({ row, chains }: { row: CodeRow; chains: ReturnType<typeof useGet<{ chains: Chain[]; chains_total: number }>> }) {
  const times = factor(row);
  const q = condition('error_code', row.code);
  const [from, to] = bounds(useRange(), Date.now());
  return (
    <>
      <section>
        <div class="row">
          <strong class="big-number">{short(Math.round(row.count))}</strong>
          <span class="soft">
            {t('errors')} · {rate(row.rate_per_s)}/s · {percent(row.share)} {t('of_all')}
          </span>
        </div>
        <div class="row">
          {times !== null && times >= 1.5 && <span class="badge error">{t('usual', { n: Number(times.toPrecision(2)) })}</span>}
          {row.records < SURE_FROM && <span class="badge">{t('few')}</span>}
          {row.rejections > 0 && <span class="badge warn">{t('refused', { n: count(Math.round(row.rejections)) })}</span>}
        </div>
        <div class="row">
          <a class="btn small" href={link('/traces', { q })}>
            <Icon name="traces" size={13} />
            {t('traces')}
          </a>
          <a class="btn small" href={link('/logs', { q })}>
            <Icon name="logs" size={13} />
            {t('logs')}
          </a>
        </div>
      </section>
      {row.trend.length > 1 && (
        <section>
          <h3>{t('over_time')}</h3>
          <BarChart height={72} label={t('over_time')} bars={{ t0: from, widthMs: (to - from) / row.trend.length, series: [{ name: row.code, colour: '--open', counts: row.trend }] }} />
        </section>
      )}
      <section>
        <h3>{t('chain')}</h3>
        <Loaded answer={chains} route="errors/codes/{code}/propagation">
          {(data) =>
            data.chains.length === 0 ? (
              <p class="faint">{t('chain_none')}</p>
            ) : (
              <>
                {data.chains.slice(0, 6).map((chain, index) => (
                  <div key={index} class="chain">
                    {chain.steps.map((step, at) => (
                      <span key={at} class="chain-step">
                        {at > 0 && <span class="faint">→</span>}
                        <span class="chain-box">
                          <span class="mono strong">{step.code}</span>
                          <span class="faint small">{step.service}</span>
                        </span>
                      </span>
                    ))}
                    <span class="spring" />
                    {chain.traces[0] ? (
                      <a class="small nowrap" href={link(`/traces/${chain.traces[0]}`, { range: null })}>
                        {t('times', { n: short(Math.round(chain.count)) })}
                      </a>
                    ) : (
                      <span class="faint small">{t('times', { n: short(Math.round(chain.count)) })}</span>
                    )}
                  </div>
                ))}
              </>
            )
          }
        </Loaded>
      </section>
      <section>
        <h3>{t('born')}</h3>
        {row.born.slice(0, 6).map((one) => (
          <div class="row" key={one.service} style={{ flexWrap: 'nowrap' }}>
            <a class="cut" style={{ width: '150px' }} href={link(`/services/${encodeURIComponent(one.service)}`)}>
              {one.service}
            </a>
            <Meter share={row.count ? one.count / row.count : 0} tone="error" />
            <span class="spring" />
            {short(Math.round(one.count))}
          </div>
        ))}
        {row.reaches.length > 0 && (
          <p class="soft">
            {t('reaches')}: {row.reaches.join(', ')}
          </p>
        )}
      </section>
      <section>
        <h3>{t('meaning')}</h3>
        {!row.catalogued && <p class="faint">{t('not_catalogued')}</p>}
        <dl class="kv">
          {row.message && (
            <>
              <dt>{t('message')}</dt>
              <dd>{row.message}</dd>
            </>
          )}
          {row.solution && (
            <>
              <dt>{t('solution')}</dt>
              <dd>{row.solution}</dd>
            </>
          )}
          {row.owner && (
            <>
              <dt>{t('owner')}</dt>
              <dd>{row.owner}</dd>
            </>
          )}
          {row.runbook && (
            <>
              <dt>{t('runbook')}</dt>
              <dd>{/^https?:\/\//.test(row.runbook) ? <a href={row.runbook} rel="noreferrer">{row.runbook}</a> : row.runbook}</dd>
            </>
          )}
          {Object.keys(row.layout.parts).length > 0 && (
            <>
              <dt>{t('parts')}</dt>
              <dd class="mono">
                {Object.entries(row.layout.parts)
                  .map(([part, value]) => `${part} ${value}`)
                  .join(' · ')}
              </dd>
            </>
          )}
          <dt>{t('first')}</dt>
          <dd>{dayClock(toMs(row.first_seen))}</dd>
          <dt>{t('last')}</dt>
          <dd>{dayClock(toMs(row.last_seen))}</dd>
        </dl>
      </section>
      <section>
        <h3>{t('exemplars')}</h3>
        <div class="row">
          {(['oldest', 'newest', 'slowest'] as const).map(
            (kind) =>
              row.exemplars[kind] && (
                <a key={kind} class="btn small" href={link(`/traces/${row.exemplars[kind]}`, { range: null })}>
                  {t(kind)}
                </a>
              ),
          )}
        </div>
      </section>
      <Apart code={row.code} />
    </>
  );
}

function Apart({ code }: { code: string }) {
  const range = useRangeQuery();
  // Against the other spans of the services where the code is born.
  const answer = useGet<Deltas>(`errors/codes/${encodeURIComponent(code)}/deltas`, { limit: 6, values: 2, ...range }, { settled: true });
  const attributes = (answer.data?.attributes ?? []).filter((one) => one.score > 0.2 && !/^(error_code|error_reason|span_id|trace_id|status)/.test(one.attribute));
  if (attributes.length === 0) return null;
  return (
    <section>
      <h3>{t('deltas')}</h3>
      {attributes.map((one) => (
        <div key={one.attribute} class="delta">
          <span class="mono faint">{one.attribute}</span>
          {one.values.slice(0, 2).map((value) => (
            <div class="row" key={valueText(value.value)} style={{ flexWrap: 'nowrap' }}>
              <span class="cut strong mono">{valueText(value.value)}</span>
              <span class="spring" />
              <span class="small soft nowrap">{t('against', { with: percent(value.selection_share), without: percent(value.baseline_share) })}</span>
            </div>
          ))}
        </div>
      ))}
    </section>
  );
}
