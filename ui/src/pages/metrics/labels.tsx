// The labels of a metric: one to put its series together by, a value to keep only these.
import { useState } from 'preact/hooks';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { MetricLabelValues, MetricLabels } from '../../base/schema';
import { setParams } from '../../base/url';
import { Icon } from '../../components/icons';
import { useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';
import { matchers, selectorOf, toggled } from '../../model/metrics';

const t = texts({
  title: ['Labels', '标签'],
  by: ['Put together by {label}', '按 {label} 聚合'],
  only: ['Only {value}', '仅 {value}'],
  more: ['{n} value in all|{n} values in all', '共 {n} 个值'],
});

export function Labels({ metric, where, by }: { metric: string; where: string; by: string }) {
  const [open, setOpen] = useState<string | null>(null);
  const answer = useGet<MetricLabels>('metrics/labels', { metric: selectorOf(metric, ''), ...useRangeQuery() });
  const grouped = by.split(',').filter(Boolean);
  const group = (label: string) => {
    const next = grouped.includes(label) ? grouped.filter((one) => one !== label) : [...grouped, label];
    setParams({ by: next.join(',') || 'none', agg: 'sum' }, 'replace');
  };
  return (
    <section class="panel fields" aria-label={t('title')}>
      <div class="head">
        <h2>{t('title')}</h2>
      </div>
      <div class="body flush" tabIndex={0}>
        <Loaded answer={answer} route="metrics/labels" rows={6}>
          {(data) => (
            <ul>
              {data.labels.map((label) => (
                <li key={label.name}>
                  <div class="row" style={{ flexWrap: 'nowrap', gap: '2px' }}>
                    <button class="field-name" aria-expanded={open === label.name} onClick={() => setOpen(open === label.name ? null : label.name)}>
                      <Icon name={open === label.name ? 'down' : 'right'} size={11} />
                      <span class="cut">{label.name}</span>
                      <span class="faint">{count(label.values)}</span>
                    </button>
                    <input type="checkbox" aria-label={t('by', { label: label.name })} title={t('by', { label: label.name })} checked={grouped.includes(label.name)} onChange={() => group(label.name)} />
                  </div>
                  {open === label.name && <Values metric={metric} label={label.name} where={where} />}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </div>
    </section>
  );
}

function Values({ metric, label, where }: { metric: string; label: string; where: string }) {
  const route = `metrics/labels/${encodeURIComponent(label)}/values`;
  const answer = useGet<MetricLabelValues>(route, { metric: selectorOf(metric, ''), limit: 30, ...useRangeQuery() });
  const kept = matchers(where);
  return (
    <Loaded answer={answer} route={route} rows={3}>
      {(data) => (
        <ul class="values">
          {data.values.map((one) => (
            <li key={one.value}>
              <button
                class="value cut"
                aria-pressed={kept.includes(`${label}=${JSON.stringify(one.value)}`)}
                title={t('only', { value: one.value })}
                onClick={() => setParams({ where: toggled(where, label, one.value) || null })}
              >
                <span class={kept.includes(`${label}=${JSON.stringify(one.value)}`) ? 'cut strong' : 'cut'}>{one.value}</span>
              </button>
              <span class="faint">{count(one.series)}</span>
            </li>
          ))}
          {data.total > data.values.length && <li class="faint">{t('more', { n: data.total })}</li>}
        </ul>
      )}
    </Loaded>
  );
}
