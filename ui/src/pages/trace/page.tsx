// One trace: where did the time and the error come from? This finds it; what is found is shown by the parts beside.
import { useEffect } from 'preact/hooks';
import { Problem } from '../../base/api';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { ColumnarTrace, Meta } from '../../base/schema';
import { link, param } from '../../base/url';
import { Panel } from '../../components/parts';
import { Empty, Failure, Skeleton } from '../../components/states';
import { traceQuestion } from '../../model/questions';
import { Shown } from './shown';

const t = texts({
  searching: ['Looking for the trace', '正在查找链路'],
  not_found: ['No such trace', '未找到该链路'],
  not_found_why: [
    'All data was searched. Ids are 32 hex digits. If the trace was sent just now, it may still be on its way; this page asks again by itself.',
    '已搜索全部数据。ID 为 32 位十六进制。若链路刚刚发送，可能仍在上报途中，本页会自动重试。',
  ],
  to_traces: ['Search traces', '搜索链路'],
});

export default function TracePage({ id }: { id: string }) {
  const traceId = id.toLowerCase();
  const root = param('root');
  const answer = useGet<ColumnarTrace & { meta: Meta }>(...traceQuestion(traceId, root), { settled: true });
  const missing = answer.error instanceof Problem && answer.error.status === 404 && !answer.error.notOffered;
  // It may still be on its way: ask once more, later.
  useEffect(() => {
    if (!missing) return;
    const timer = setTimeout(answer.retry, 5000);
    return () => clearTimeout(timer);
  }, [missing, answer.at]);
  if (answer.data && answer.data.trace_id === traceId) return <Shown key={`${traceId} ${root}`} answer={answer.data} root={root} />;
  return (
    <div class="page">
      {missing ? (
        <Panel>
          <Empty title={t('not_found')}>
            <p class="mono">{traceId}</p>
            <p>{t('not_found_why')}</p>
            <a class="btn" href={link('/traces')}>
              {t('to_traces')}
            </a>
          </Empty>
        </Panel>
      ) : answer.error ? (
        <Panel>
          <Failure error={answer.error} route={`traces/${traceId}`} retry={answer.retry} />
        </Panel>
      ) : (
        <Panel title={t('searching')}>
          <Skeleton rows={14} />
        </Panel>
      )}
    </div>
  );
}
