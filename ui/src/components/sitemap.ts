// Every page with a place in the rail, its name and its key after `g`.
import { texts } from '../base/i18n';
import type { IconName } from './icons';

export const pageName = texts({
  overview: ['Overview', '总览'],
  services: ['Services', '服务'],
  map: ['Service map', '服务拓扑'],
  errors: ['Errors', '错误码'],
  breakers: ['Breakers', '熔断器'],
  traces: ['Traces', '链路'],
  logs: ['Logs', '日志'],
  metrics: ['Metrics', '指标'],
  sql: ['SQL', 'SQL'],
  status: ['Status', '状态'],
  settings: ['Settings', '设置'],
});

export interface Stop {
  name: Parameters<typeof pageName>[0];
  to: string;
  icon: IconName;
  key: string;
  group: 0 | 1 | 2;
}

export const STOPS: Stop[] = [
  { name: 'overview', to: '/', icon: 'overview', key: 'o', group: 0 },
  { name: 'services', to: '/services', icon: 'services', key: 's', group: 0 },
  { name: 'map', to: '/map', icon: 'map', key: 'm', group: 0 },
  { name: 'breakers', to: '/breakers', icon: 'breakers', key: 'b', group: 0 },
  { name: 'errors', to: '/errors', icon: 'errors', key: 'e', group: 0 },
  { name: 'traces', to: '/traces', icon: 'traces', key: 't', group: 1 },
  { name: 'logs', to: '/logs', icon: 'logs', key: 'l', group: 1 },
  // `/metrics` is what Prometheus scrapes.
  { name: 'metrics', to: '/explore/metrics', icon: 'metrics', key: 'x', group: 1 },
  { name: 'sql', to: '/sql', icon: 'sql', key: 'q', group: 1 },
  { name: 'status', to: '/status', icon: 'status', key: 'i', group: 2 },
  { name: 'settings', to: '/settings', icon: 'settings', key: ',', group: 2 },
];
