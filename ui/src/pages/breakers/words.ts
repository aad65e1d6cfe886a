import { texts } from '../../base/i18n';

export const stateName = texts({
  open: ['open', '熔断中'],
  forced_open: ['held open', '强制熔断'],
  half_open: ['half open', '半开'],
  shedding: ['shedding', '丢弃中'],
  closed: ['closed', '闭合'],
  disabled: ['disabled', '已禁用'],
  metrics_only: ['metrics only', '仅统计'],
  unknown: ['unknown', '未知'],
});

export const levelName = texts({
  exact: ['event, exact', '事件，精确'],
  counted: ['counters', '计数器'],
  sampled: ['sampled gauge', '采样指标'],
  inferred: ['inferred from refused calls', '由拒绝调用推断'],
});

export const mechanismName = texts({
  breaker: ['breaker', '熔断器'],
  adaptive: ['adaptive', '自适应'],
  outlier: ['outlier ejection', '异常点剔除'],
  concurrency_cap: ['concurrency cap', '并发限制'],
  manual: ['manual', '手动'],
});

export function known<K extends string>(name: (key: K) => string, keys: readonly string[], word: string): string {
  return keys.includes(word) ? name(word as K) : word.replaceAll('_', ' ');
}

export const MECHANISMS = ['breaker', 'adaptive', 'outlier', 'concurrency_cap', 'manual'] as const;
