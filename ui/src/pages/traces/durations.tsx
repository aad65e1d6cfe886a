// All spans that are found, by time and duration: the list beside it shows one page of their traces alone. Drag a box to look closer.
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { toIso } from '../../base/time';
import { setParams } from '../../base/url';
import { Heatmap } from '../../components/heatmap';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { selected, type HeatmapAnswer } from '../../model/heatmap';
import { durationCondition } from '../../model/scatter';
import { and } from '../../model/search';

const t = texts({
  none: ['No span with a duration', '没有带耗时的 Span'],
});

export function Durations({ q }: { q: string }) {
  const answer = useGet<HeatmapAnswer>('heatmap', { q, buckets: 140, rows: 24, ...useRangeQuery() });
  return (
    <Loaded answer={answer} route="heatmap" rows={4}>
      {(data) =>
        data.bounds_ns.length < 2 ? (
          <Empty title={t('none')} />
        ) : (
          <Heatmap
            answer={data}
            box={null}
            height={150}
            onBox={(box) => {
              if (!box) return;
              const found = selected(data, box);
              setParams({ start: toIso(found.start), end: toIso(found.end), range: null, page_token: null, q: and(q, durationCondition(found.minNs, found.maxNs)) });
            }}
          />
        )
      }
    </Loaded>
  );
}
