// What codes, since when, how bad, and who caused it?
import { useMemo } from 'preact/hooks';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { useGet } from '../../base/query';
import { nsToMs } from '../../base/time';
import { param, setParams } from '../../base/url';
import { BarChart, Legend, type Mark } from '../../components/bars';
import { codeName } from '../../components/codename';
import { Complete } from '../../components/complete';
import { Icon } from '../../components/icons';
import { CopyButton, Panel, Segments, Select, Table } from '../../components/parts';
import { useRange, useRangeQuery } from '../../components/range';
import { Loaded, Partial } from '../../components/states';
import { openings, segments, titleOf, type BreakersAnswer } from '../../model/breakers';
import { codesBelow, isWanted, stack, type CodesAnswer, type TreeNode } from '../../model/errors';
import { bounds } from '../../model/range';
import { CodeDrawer } from './code';
import { codeColumns } from './columns';
import { Icicle } from './icicle';
import { NoErrors } from './nothing';
import { CLASSES, className } from './words';

const t = texts({
  title: ['Error codes', '错误码'],
  search: ['A code, 5001*, a reason or a part of the message', '错误码、5001*、原因或消息片段'],
  count: ['Count', '计数方式'],
  born: ['Once, where born', '仅源头计一次'],
  hops: ['At every hop', '每一跳都计'],
  by: ['Parts', '分层'],
  layout: ['service › module › code', '服务 › 模块 › 错误码'],
  class: ['class › service › code', '类别 › 服务 › 错误码'],
  over_time: ['Errors over time', '错误趋势'],
  trip: ['{breaker} opened', '{breaker} 熔断'],
  others: ['other codes', '其他错误码'],
  unknown: ['Codes that the catalogue does not know', '未登记的错误码'],
  sum: ['{errors} errors, {codes} codes', '{errors} 次错误，{codes} 个错误码'],
  keys: ['Errors', '错误码'],
  down: ['Next code', '下一个'],
  up: ['Previous code', '上一个'],
  of_class: ['Class', '类别'],
  not_class: ['without {name}', '排除{name}'],
  leave_out: ['Leave the code out', '排除该错误码'],
  left_out: ['Left out', '已排除'],
  put_back: ['Show {code} again', '恢复显示 {code}'],
  any_class: ['any class', '全部类别'],
});

/** More is a fence before the bars. */
const MARKS_MAX = 60;

/** When breakers opened: failures come before, refusals after. */
function useTrips(range: Record<string, string>): Mark[] {
  const answer = useGet<BreakersAnswer>('breakers', { ...range, tripped: true }, { moving: true, every: 30_000 });
  return useMemo(() => {
    if (!answer.data) return [];
    const t0 = nsToMs(answer.data.t0_ns);
    const spanUs = (nsToMs(answer.data.end_ns) - t0) * 1000;
    return answer.data.breakers.flatMap((row) => openings(segments(row.lane, spanUs)).map((us) => ({ at: t0 + us / 1000, colour: '--open', label: t('trip', { breaker: titleOf(row) }) }))).slice(0, MARKS_MAX);
  }, [answer.data]);
}

export default function ErrorsPage() {
  const q = param('q');
  const hops = param('count') === 'hops';
  const code = param('code');
  const range = useRangeQuery();
  const asked = { ...range, count: hops ? 'hops' : null };
  const answer = useGet<CodesAnswer>('errors/codes', { ...asked, q, limit: 500 });
  const tree = useGet<{ count: number; children: TreeNode[] }>('errors/tree', { ...asked, by: param('by') || null });
  const path = param('part') ? param('part').split('›') : [];
  const below = tree.data ? codesBelow(tree.data.children, path) : null;
  const wanted = param('class');
  const out = param('without').split(',').filter(Boolean);
  const rows = useMemo(() => (answer.data?.codes ?? []).filter((row) => (!below || below.has(row.code)) && isWanted(row, wanted, out)), [answer.data, below, wanted, out.join()]);
  const [from, to] = bounds(useRange(), Date.now());
  const series = stack(rows, 8);
  const trips = useTrips(range);
  const at = rows.findIndex((row) => row.code === code);
  const step = (by: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (next) setParams({ code: next.code }, 'replace');
  };
  useKeys(
    () => t('keys'),
    [
      { keys: 'j', does: () => t('down'), run: () => step(1) },
      { keys: 'k', does: () => t('up'), run: () => step(-1) },
      { keys: 'x', does: () => t('leave_out'), run: () => code && setParams({ without: [...out, code].join(), code: rows[at + 1]?.code ?? rows[at - 1]?.code ?? null }, 'replace') },
    ],
    [rows, at, code],
  );
  const named = (name: string) => (name === '' ? t('others') : codeName(name));
  const colour = (index: number, name: string) => (name === '' ? '--unknown' : `--s${[0, 3, 2, 1, 6, 5, 9, 4][index]}`);
  return (
    <div class="page fill">
      <div class="page-head">
        <h1>{t('title')}</h1>
        <div class="filter" style={{ flex: '1 1 260px' }}>
          <Icon name="search" size={14} />
          <input class="input" style={{ fontFamily: 'inherit' }} aria-label={t('search')} placeholder={t('search')} value={q} onInput={(event) => setParams({ q: event.currentTarget.value || null }, 'replace')} />
        </div>
        <Select
          label={t('of_class')}
          value={wanted}
          options={[['', t('any_class')], ...CLASSES.map((one) => [one as string, className(one)] as const), ...CLASSES.map((one) => [`-${one}`, t('not_class', { name: className(one) })] as const)]}
          onChange={(next) => setParams({ class: next || null })}
        />
        <Select
          label={t('by')}
          value={param('by') || 'layout'}
          options={[
            ['layout', t('layout')],
            ['class', t('class')],
          ]}
          onChange={(next) => setParams({ by: next === 'layout' ? null : next, part: null })}
        />
        <Segments
          label={t('count')}
          value={hops ? 'hops' : 'born'}
          options={[
            ['born', t('born')],
            ['hops', t('hops')],
          ]}
          onChange={(next) => setParams({ count: next === 'hops' ? 'hops' : null })}
        />
      </div>
      <Loaded answer={answer} route="errors/codes" rows={14}>
        {(data) =>
          data.codes.length === 0 || rows.length === 0 ? (
            <Panel>
              <NoErrors filtered={Boolean(q) || data.codes.length > 0} />
            </Panel>
          ) : (
            <>
              {out.length > 0 && (
                <div class="row tight">
                  <span class="faint small">{t('left_out')}</span>
                  {out.map((one) => (
                    <button key={one} class="btn small mono" aria-label={t('put_back', { code: codeName(one) })} title={t('put_back', { code: codeName(one) })} onClick={() => setParams({ without: out.filter((other) => other !== one).join() || null }, 'replace')}>
                      {codeName(one)}
                      <Icon name="close" size={11} />
                    </button>
                  ))}
                </div>
              )}
              <Partial meta={(data as unknown as { meta: Record<string, unknown> }).meta} />
              <Panel>
                {series.length > 0 && series[0]!.counts.length > 0 && (
                  <BarChart
                    label={t('over_time')}
                    height={110}
                    marks={trips}
                    bars={{ t0: from, widthMs: (to - from) / series[0]!.counts.length, series: series.map((one, index) => ({ name: named(one.name), colour: colour(index, one.name), counts: one.counts })) }}
                  />
                )}
                <div class="row" style={{ marginTop: '6px' }}>
                  <Legend series={series.map((one, index) => ({ name: named(one.name), colour: colour(index, one.name) }))} />
                  <span class="spring" />
                  <Complete of={data.completeness} end />
                  <span class="faint small">{t('sum', { errors: count(Math.round(data.count)), codes: data.codes_total })}</span>
                </div>
              </Panel>
              <div class="with-drawer">
                <div class="errors-main">
                  <section class="panel icicle-panel">
                    <div class="body">
                      <Icicle answer={tree} path={path} onPath={(next) => setParams({ part: next.length ? next.join('›') : null }, 'replace')} />
                    </div>
                  </section>
                  <Panel grow flush class="codes-panel" label={t('title')}>
                    <Table label={t('title')} columns={codeColumns()} rows={rows} keyOf={(row) => `${row.code} ${row.reason ?? ''}`} onRow={(row) => setParams({ code: row.code }, 'replace')} selected={(row) => row.code === code} />
                    {data.unknown.length > 0 && (
                      <div class="unknown-codes">
                        <h3>{t('unknown')}</h3>
                        {data.unknown.slice(0, 8).map((one, index) => (
                          <div class="row" key={index}>
                            <span class="mono">{one.shape}</span>
                            <span class="faint mono cut">
                              {one.samples
                                .slice(0, 4)
                                .map((sample) => sample.code)
                                .join(', ')}
                            </span>
                            <span class="spring" />
                            <CopyButton text={one.suggestion} />
                            <span>{count(Math.round(one.count))}</span>
                          </div>
                        ))}
                      </div>
                    )}
                  </Panel>
                </div>
                {code && <CodeDrawer key={code} code={code} hops={hops} onClose={() => setParams({ code: null }, 'replace')} />}
              </div>
            </>
          )
        }
      </Loaded>
    </div>
  );
}
