// Every metric by its name; a click shows it.
import { texts } from '../../base/i18n';
import { useGet, type Answer } from '../../base/query';
import type { MetricNames } from '../../base/schema';
import { count } from '../../base/format';
import { setParams } from '../../base/url';
import { Empty, Loaded } from '../../components/states';
import { useRangeQuery } from '../../components/range';

const t = texts({
  list: ['Metrics by name', '指标列表'],
  find: ['Find a metric', '查找指标'],
  none: ['No metric', '没有指标'],
  series: ['{n} series', '{n} 个序列'],
});

const LIMIT = 1000;

export function useNames(find: string): Answer<MetricNames> {
  return useGet<MetricNames>('metrics/names', { q: find, limit: LIMIT, ...useRangeQuery() });
}

export function Names({ answer, metric }: { answer: Answer<MetricNames>; metric: string }) {
  return (
    <section class="panel fields metric-names" style={{ width: '280px' }} aria-label={t('list')}>
      <div class="head">
        <input
          class="input"
          style={{ width: '100%', height: '26px' }}
          aria-label={t('find')}
          placeholder={t('find')}
          defaultValue={new URLSearchParams(location.search).get('find') ?? ''}
          onInput={(event) => setParams({ find: event.currentTarget.value.trim() || null }, 'replace')}
        />
      </div>
      <div class="body flush" tabIndex={0}>
        <Loaded answer={answer} route="metrics/names" rows={14}>
          {(data) =>
            data.names.length === 0 ? (
              <Empty title={t('none')} />
            ) : (
              <ul>
                {data.names.map((one) => (
                  <li key={`${one.name} ${one.type} ${one.temporality} ${one.unit}`}>
                    <button
                      class="field-name"
                      aria-current={one.name === metric ? 'true' : undefined}
                      title={[one.name, one.description].filter(Boolean).join('\n')}
                      onClick={() => setParams({ metric: one.name, where: null, fn: null, of: null, agg: null, by: null })}
                    >
                      <span class={one.name === metric ? 'cut mono strong' : 'cut mono'}>{one.name}</span>
                      {data.names.some((other) => other !== one && other.name === one.name) && <span class="faint small cut">{[one.type.replaceAll('_', ' '), one.unit].filter(Boolean).join(' ')}</span>}
                      <span class="faint" title={t('series', { n: one.series })}>
                        {count(one.series)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </div>
    </section>
  );
}
