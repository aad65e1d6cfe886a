// The endpoint of this page is not there yet: the page says so, and what does the same meanwhile.
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { link } from '../../base/url';
import { Panel } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Failure, Skeleton } from '../../components/states';

const t = texts({ title: ['Service map', '服务拓扑'], sql: ['Ask in SQL meanwhile', '可先使用 SQL 查询'] });

export default function Page() {
  const answer = useGet<unknown>('graph', useRangeQuery());
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('title')}</h1>
      </div>
      <Panel>
        {answer.error ? <Failure error={answer.error} route="graph" retry={answer.retry} /> : answer.data === undefined ? <Skeleton /> : <pre class="json">{JSON.stringify(answer.data, null, 2).slice(0, 100_000)}</pre>}
        <p style={{ textAlign: 'center' }}>
          <a class="btn" href={link('/sql')}>
            {t('sql')}
          </a>
        </p>
      </Panel>
    </div>
  );
}
