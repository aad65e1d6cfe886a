// Which page a path shows. Pages are loaded when they are first looked at.
import type { ComponentType } from 'preact';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { texts } from '../base/i18n';
import { ahead } from '../base/query';
import { param, path } from '../base/url';
import { Shell } from '../components/shell';
import { pageName } from '../components/sitemap';
import { Empty, Skeleton } from '../components/states';
import { traceQuestion } from '../model/questions';

const t = texts({
  lost: ['There is no such page', '页面不存在'],
  broken: ['This page could not be loaded. The server may have been updated: reload.', '页面加载失败，服务器可能已更新，请刷新。'],
});

type Page = ComponentType<{ id: string }>;
type Loader = () => Promise<{ default: Page }>;

interface Route {
  pattern: RegExp;
  name: Parameters<typeof pageName>[0];
  load: Loader;
  noRange?: boolean;
  /** What takes long to answer, so that it is asked at once. */
  ahead?: (id: string) => void;
}

const ROUTES: Route[] = [
  { pattern: /^\/$/, name: 'overview', load: () => import('./overview/page') },
  { pattern: /^\/services$/, name: 'services', load: () => import('./services/page') },
  { pattern: /^\/services\/(.+)$/, name: 'services', load: () => import('./service/page') },
  { pattern: /^\/map$/, name: 'map', load: () => import('./map/page') },
  { pattern: /^\/breakers$/, name: 'breakers', load: () => import('./breakers/page') },
  { pattern: /^\/errors$/, name: 'errors', load: () => import('./errors/page') },
  { pattern: /^\/traces$/, name: 'traces', load: () => import('./traces/page') },
  { pattern: /^\/traces\/([^/]+)$/, name: 'traces', load: () => import('./trace/page'), noRange: true, ahead: (id) => ahead(...traceQuestion(id, param('root'))) },
  { pattern: /^\/logs$/, name: 'logs', load: () => import('./logs/page') },
  { pattern: /^\/explore\/metrics$/, name: 'metrics', load: () => import('./metrics/page') },
  { pattern: /^\/sql$/, name: 'sql', load: () => import('./sql/page'), noRange: true },
  { pattern: /^\/status$/, name: 'status', load: () => import('./status/page'), noRange: true },
  { pattern: /^\/settings$/, name: 'settings', load: () => import('./settings/page'), noRange: true },
];

const loaded = signal(new Map<Loader, Page | 'broken'>());

function find(here: string): { route: Route; id: string } | null {
  for (const route of ROUTES) {
    const match = route.pattern.exec(here);
    if (match) return { route, id: safeDecode(match[1] ?? '') };
  }
  return null;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const asked = new Set<Loader>();

/** Before anything is drawn: the page and its data are on their way while the frame is built. */
export function begin(): void {
  const found = find(path.value);
  if (!found) return;
  fetchPage(found.route.load);
  found.route.ahead?.(found.id);
}

function fetchPage(load: Loader): void {
  if (asked.has(load)) return;
  asked.add(load);
  const keep = (page: Page | 'broken') => (loaded.value = new Map(loaded.value).set(load, page));
  load().then(
    (module) => keep(module.default),
    () => keep('broken'),
  );
}

export function App() {
  const found = find(path.value);
  const load = found?.route.load;
  useEffect(() => {
    document.title = found ? `${found.id ? `${found.id.slice(0, 40)} · ` : ''}${pageName(found.route.name)} · Fusebox` : 'Fusebox';
    if (load) fetchPage(load);
  });
  const Found = load && loaded.value.get(load);
  return (
    <Shell noRange={found?.route.noRange ?? false}>
      {!found ? <Empty title={t('lost')} /> : Found === undefined ? <Skeleton /> : Found === 'broken' ? <Empty title={t('broken')} /> : <Found key={found.id} id={found.id} />}
    </Shell>
  );
}
