// What is shown instead of data: loading, nothing, a failure, a part.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../base/api';
import { texts } from '../base/i18n';
import type { Answer } from '../base/query';
import type { Meta } from '../base/schema';

const t = texts({
  retry: ['Try again', '重试'],
  not_offered: ['This server does not offer this yet', '此服务器尚未提供该功能'],
  not_offered_why: [
    'The page is here, the endpoint {route} is not: the server is older than the page, or this part is still being built.',
    '页面已就绪，但服务器没有 {route} 接口：服务器版本较旧，或该部分仍在开发中。',
  ],
  unreachable: ['The server cannot be reached', '无法连接服务器'],
  unreachable_why: ['It may be restarting. What you see below, if anything, is what was last known.', '可能正在重启。下方若有内容，为最近一次获取的数据。'],
  loading: ['Loading', '加载中'],
  partial: ['Partial answer', '结果不完整'],
  more: ['and {n} more', '另有 {n} 条'],
});

export function Skeleton({ rows = 8 }: { rows?: number }) {
  // A quick answer shows no skeleton at all.
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="skeleton" role="status" aria-label={t('loading')}>
      {late && Array.from({ length: rows }, (_, index) => <i key={index} style={{ width: `${92 - ((index * 37) % 48)}%` }} />)}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failure({ error, route, retry }: { error: Error; route?: string; retry?: () => void }) {
  const problem = error instanceof Problem ? error : null;
  if (problem?.notOffered) {
    return (
      <div class="state" data-not-offered="">
        <h2>{t('not_offered')}</h2>
        <p>{t('not_offered_why', { route: route ? `/api/v1/${route}` : '' })}</p>
      </div>
    );
  }
  const unreachable = problem?.unreachable ?? false;
  return (
    <div class="state error" role="alert">
      <h2>{unreachable ? t('unreachable') : (problem?.body.title ?? error.name)}</h2>
      <p>{unreachable ? t('unreachable_why') : error.message}</p>
      {problem?.body.hint && <p class="faint">{problem.body.hint}</p>}
      {retry && (
        <button class="btn" onClick={retry}>
          {t('retry')}
        </button>
      )}
    </div>
  );
}

/** Failure, skeleton or the content; old data stays, dimmed, while new data is on its way. */
export function Loaded<T>({ answer, route, rows, children }: { answer: Answer<T>; route?: string; rows?: number; children: (data: T) => ComponentChildren }) {
  if (answer.data === undefined) {
    if (answer.error) return <Failure error={answer.error} route={route} retry={answer.retry} />;
    return <Skeleton rows={rows} />;
  }
  return (
    <>
      {answer.error && <FailureStrip error={answer.error} retry={answer.retry} />}
      <Dimmed when={answer.fetching}>{children(answer.data)}</Dimmed>
    </>
  );
}

export function Dimmed({ when, children }: { when: boolean; children: ComponentChildren }) {
  return (
    <div class={when ? 'dim' : undefined} style={{ display: 'contents' }} aria-busy={when}>
      {children}
    </div>
  );
}

export function FailureStrip({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div class="strip error" role="alert">
      <span>{error instanceof Problem && error.unreachable ? t('unreachable') : error.message}</span>
      {retry && (
        <button class="btn small" onClick={retry}>
          {t('retry')}
        </button>
      )}
    </div>
  );
}

/** Says when an answer is not whole. */
export function Partial({ meta }: { meta: Meta | Record<string, unknown> | undefined }) {
  const of = meta as Meta | undefined;
  const lines = [...(of?.partial ?? []), ...(of?.warnings ?? [])];
  if (lines.length === 0) return null;
  return (
    <div class="strip" role="status">
      <strong>{t('partial')}</strong>
      <span>
        {lines.slice(0, 3).join(' · ')}
        {lines.length > 3 && <span class="faint"> {t('more', { n: lines.length - 3 })}</span>}
      </span>
    </div>
  );
}
