// No code to show: the filter lets none through, nothing failed, or nothing arrived.
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { HistogramAnswer } from '../../base/schema';
import { setParams } from '../../base/url';
import { NoData } from '../../components/nodata';
import { useRangeQuery } from '../../components/range';
import { Empty } from '../../components/states';

const t = texts({
  none: ['No errors in this time', '该时间范围内没有错误'],
  none_why: ['{n} spans were looked at: none has an error code, an error reason or a failed status.', '已检查 {n} 个 Span，均无错误码、错误原因或失败状态。'],
  filtered: ['No code is like that', '没有符合条件的错误码'],
  clear: ['Without the filter', '清除筛选'],
});

export function NoErrors({ filtered }: { filtered: boolean }) {
  const seen = useGet<HistogramAnswer>('spans/histogram', { ...useRangeQuery(), buckets: 1 }, { when: !filtered });
  if (filtered)
    return (
      <Empty title={t('filtered')}>
        <button class="btn" onClick={() => setParams({ q: null, class: null, part: null, without: null })}>
          {t('clear')}
        </button>
      </Empty>
    );
  if (!seen.data) return <Empty title={t('none')} />;
  if (seen.data.total === 0) return <NoData table="spans" q="" onQ={() => undefined} />;
  return (
    <Empty title={t('none')}>
      <p class="ok-text">{t('none_why', { n: count(seen.data.total) })}</p>
    </Empty>
  );
}
