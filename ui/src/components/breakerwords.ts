import { texts } from '../base/i18n';

export const stateName = texts({
  open: ['open', '熔断中'],
  forced_open: ['held open', '强制熔断'],
  half_open: ['half open', '半开'],
  shedding: ['shedding', '按比例拒绝'],
  closed: ['closed', '关闭'],
  disabled: ['disabled', '已禁用'],
  metrics_only: ['metrics only', '仅统计'],
  unknown: ['unknown', '未知'],
});

export const levelName = texts({
  exact: ['event, exact', '事件（精确）'],
  counted: ['counters', '计数器'],
  sampled: ['sampled gauge', '指标采样'],
  inferred: ['inferred from refused calls', '由被拒绝的调用推断'],
});

export const mechanismName = texts({
  breaker: ['breaker', '熔断器'],
  adaptive: ['adaptive', '自适应'],
  outlier: ['outlier ejection', '异常实例驱逐'],
  concurrency_cap: ['concurrency cap', '并发数限制'],
  manual: ['manual', '手动'],
});

export function known<K extends string>(name: (key: K) => string, keys: readonly string[], word: string): string {
  return keys.includes(word) ? name(word as K) : word.replaceAll('_', ' ');
}

export const MECHANISMS = ['breaker', 'adaptive', 'outlier', 'concurrency_cap', 'manual'] as const;

const causeWord = texts({
  wait_elapsed: ['the wait was over', '等待时间已过'],
  probe_ok: ['probes succeeded', '探测成功'],
  probe_failed: ['a probe failed', '探测失败'],
  probe_blocked: ['the probe was refused', '探测被拒绝'],
  error_ratio: ['too many calls failed', '失败比例超过阈值'],
  rejection_burst: ['calls were refused', '调用被拒绝'],
  capacity: ['no room for more calls', '并发容量已满'],
  outlier: ['a host stood out by failures', '异常实例被驱逐'],
  manual: ['by hand', '手动操作'],
  config_reload: ['configuration was read again', '重新加载配置'],
  restart: ['the process started anew', '进程重启'],
  silence: ['nothing was heard any more', '数据中断'],
  inferred: ['must have happened in between', '由前后状态推断'],
  unknown: ['not known', '未知'],
});
const CAUSES = ['wait_elapsed', 'probe_ok', 'probe_failed', 'probe_blocked', 'error_ratio', 'rejection_burst', 'capacity', 'outlier', 'manual', 'config_reload', 'restart', 'silence', 'inferred', 'unknown'] as const;

/** Why a state changed; a library's own word when it is none of ours. */
export function causeName(cause: string): string {
  return known(causeWord, CAUSES, cause);
}
