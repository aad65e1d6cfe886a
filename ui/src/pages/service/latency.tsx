// The heatmap, and what sets a box of it apart from everything else.
import { useState } from 'preact/hooks';
import { send } from '../../base/api';
import { count, duration, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import { useAnswer, useGet } from '../../base/query';
import type { Deltas } from '../../base/schema';
import { clock, toIso } from '../../base/time';
import { link } from '../../base/url';
import { valueText } from '../../components/attributes';
import { Heatmap } from '../../components/heatmap';
import { Panel, Select } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { selected, type Box, type HeatmapAnswer } from '../../model/heatmap';
import { and, condition } from '../../model/search';

const t = texts({
  title: ['Durations over time', '耗时分布'],
  which: ['Spans', 'Span 类型'],
  server: ['calls that come in', '入口调用'],
  client: ['calls it makes', '发起的调用'],
  all: ['all spans', '全部 Span'],
  drag: ['Drag over a part of it: what is different there?', '拖动选择一个区域，查看其特征。'],
  apart_failed: ['What sets failures apart', '失败的特征'],
  apart_box: ['What sets the box apart: {n} spans, {from} to {to}', '所选区域的特征：{n} 个 Span，{from} 至 {to}'],
  against: ['{with} of them, {without} of the rest', '其中 {with}，其余 {without}'],
  traces: ['Its traces', '相关链路'],
  none: ['Nothing sets them apart.', '没有明显差异。'],
  no_spans: ['No span of this kind', '没有此类 Span'],
});

const KINDS = { server: 'server', client: 'client', all: '' } as const;
type Kind = keyof typeof KINDS;

export function Latency({ service }: { service: string }) {
  const range = useRangeQuery();
  const [kind, setKind] = useState<Kind>('server');
  const [box, setBox] = useState<Box | null>(null);
  const base = condition('service', service);
  const q = KINDS[kind] ? and(base, `kind:${KINDS[kind]}`) : base;
  // A box is places of this very answer: it stays as it is while one is chosen.
  const answer = useGet<HeatmapAnswer>('heatmap', { service, kind: KINDS[kind] || undefined, buckets: 120, rows: 36, ...range }, { every: box ? false : undefined });
  const found = answer.data && box ? selected(answer.data, box) : null;
  const selection = found ? { start: toIso(found.start), end: toIso(found.end), duration_min: found.minNs, duration_max: found.maxNs } : { q: 'status:error' };
  const apart = useAnswer<Deltas>(['deltas', q, range, selection], (signal) => send<Deltas>('POST', 'deltas', { q, selection, limit: 10, values: 3, sample: 4000, ...range }, signal), { settled: true });
  const shown = (apart.data?.attributes ?? []).filter((one) => one.score > 0.1 && !/(^|\.)(span_id|trace_id|status_code|duration)/.test(one.attribute)).slice(0, 8);
  return (
    <>
      <Panel
        title={t('title')}
        actions={
          <>
            <span class="faint small hide-small">{t('drag')}</span>
            <Select
              label={t('which')}
              value={kind}
              options={(Object.keys(KINDS) as Kind[]).map((one) => [one, t(one)] as const)}
              onChange={(next) => {
                setKind(next);
                setBox(null);
              }}
            />
          </>
        }
      >
        <Loaded answer={answer} route="heatmap" rows={5}>
          {(data) => (data.bounds_ns.length < 2 ? <Empty title={t('no_spans')} /> : <Heatmap answer={data} box={box} onBox={setBox} />)}
        </Loaded>
      </Panel>
      <Panel
        title={found ? t('apart_box', { n: count(found.spans), from: duration(found.minNs), to: `${duration(found.maxNs)}, ${clock(found.start, 0)} – ${clock(found.end, 0)}` }) : t('apart_failed')}
        actions={
          <a class="btn small" href={link('/traces', found ? { start: toIso(found.start), end: toIso(found.end), q: and(q, `duration>=${Math.floor(found.minNs / 1000)}us`) } : { q: and(q, 'status:error') })}>
            {t('traces')}
          </a>
        }
      >
        <Loaded answer={apart} route="deltas" rows={4}>
          {() =>
            shown.length === 0 ? (
              <p class="faint">{t('none')}</p>
            ) : (
              <div class="grid two">
                {shown.map((one) => (
                  <div class="delta" key={one.attribute}>
                    <span class="mono faint">{one.attribute}</span>
                    {one.values.slice(0, 2).map((value) => (
                      <div class="delta-value" key={valueText(value.value)} title={t('against', { with: percent(value.selection_share), without: percent(value.baseline_share) })}>
                        <a class="mono strong cut" href={link('/traces', { q: and(q, condition(one.attribute, valueText(value.value))) })}>
                          {valueText(value.value)}
                        </a>
                        <span class="delta-bars" aria-hidden="true">
                          <i class="with" style={{ width: `${value.selection_share * 100}%` }} />
                          <i style={{ width: `${value.baseline_share * 100}%` }} />
                        </span>
                        <span class="soft small nowrap">{t('against', { with: percent(value.selection_share), without: percent(value.baseline_share) })}</span>
                      </div>
                    ))}
                  </div>
                ))}
              </div>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}
