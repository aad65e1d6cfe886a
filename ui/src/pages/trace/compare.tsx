// What another trace did differently, path by path.
import { useState } from 'preact/hooks';
import { count, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { PathDifference, TraceComparison, Traces } from '../../base/schema';
import { param, setParams, link } from '../../base/url';
import { Panel, Table, type Column } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';
import { traceId as readId } from '../../model/palette';
import { condition } from '../../model/search';
import { serviceName, spanName, type TraceModel } from '../../model/trace';

const t = texts({
  title: ['Compare', '对比'],
  other: ['Id of the other trace', '另一条链路的 ID'],
  go: ['Compare', '对比'],
  choose: ['Or one of the same operation', '或选择同一操作的链路'],
  slowest: ['slowest', '最慢'],
  newest: ['newest', '最新'],
  none: ['No other trace of this operation was found.', '未找到同一操作的其他链路。'],
  path: ['Path', '路径'],
  this_one: ['This trace', '本链路'],
  other_one: ['Other trace', '对比链路'],
  difference: ['Difference', '差异'],
  verdict: ['Verdict', '结论'],
  added: ['only there', '仅对比链路有'],
  removed: ['only here', '仅本链路有'],
  slower: ['slower there', '对比链路更慢'],
  faster: ['faster there', '对比链路更快'],
  same: ['same', '相同'],
  fails: ['{n} paths fail only there', '{n} 条路径仅在对比链路中失败'],
  change: ['Choose another', '重新选择'],
  only_different: ['Only what differs', '仅显示差异'],
});

const TONES: Record<string, string> = { added: 'accent', removed: '', slower: 'warn', faster: 'ok', same: '' };

export function ComparePanel({ model }: { model: TraceModel }) {
  const other = param('compare');
  return other ? <Compared model={model} other={other} /> : <Choose model={model} />;
}

function Choose({ model }: { model: TraceModel }) {
  const [text, setText] = useState('');
  const q = `${serviceName(model, 0) ? `${condition('service', serviceName(model, 0))} AND ` : ''}${condition('name', spanName(model, 0))}`;
  const slow = useGet<Traces>('traces', { q, range: '24h', sort: 'slowest', limit: 5 }, { settled: true });
  const fresh = useGet<Traces>('traces', { q, range: '24h', sort: 'newest', limit: 6 }, { settled: true });
  const id = readId(text);
  const rows = [
    ...(slow.data?.traces ?? []).map((trace) => ({ trace, why: t('slowest') })),
    ...(fresh.data?.traces ?? []).map((trace) => ({ trace, why: t('newest') })),
  ].filter((one, index, all) => one.trace.trace_id !== model.traceId && all.findIndex((other) => other.trace.trace_id === one.trace.trace_id) === index);
  return (
    <Panel grow title={t('title')}>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (id) setParams({ compare: id });
        }}
      >
        <input class="input mono" style={{ flex: '0 1 320px' }} aria-label={t('other')} placeholder={t('other')} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button class="btn primary" disabled={!id}>
          {t('go')}
        </button>
      </form>
      <h3 style={{ margin: '16px 0 6px' }}>{t('choose')}</h3>
      {rows.length === 0 ? (
        <p class="faint">{slow.data ? t('none') : ''}</p>
      ) : (
        <ul class="plain-list">
          {rows.map(({ trace, why }) => (
            <li key={trace.trace_id}>
              <button class="row" onClick={() => setParams({ compare: trace.trace_id })}>
                <span class="mono">{trace.trace_id.slice(0, 16)}…</span>
                <strong>{duration(trace.duration_ns)}</strong>
                <span class={trace.errors ? 'error-text' : 'faint'}>{count(trace.errors)} ✕</span>
                <span class="faint">{why}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Compared({ model, other }: { model: TraceModel; other: string }) {
  const route = `traces/${model.traceId}/compare/${other}`;
  const answer = useGet<TraceComparison>(route, {}, { settled: true });
  const onlyDifferent = param('same') !== '1';
  const columns: Column<PathDifference>[] = [
    {
      key: 'path',
      title: t('path'),
      wide: true,
      cell: (path) => (
        <span style={{ paddingInlineStart: `${Math.min(path.depth, 16) * 14}px` }}>
          <span class="soft">{path.service_name}</span> {path.name}
        </span>
      ),
    },
    { key: 'a', title: t('this_one'), num: true, cell: (path) => side(path.a) },
    { key: 'b', title: t('other_one'), num: true, cell: (path) => side(path.b) },
    { key: 'difference', title: t('difference'), num: true, cell: (path) => (path.verdict === 'added' || path.verdict === 'removed' ? '' : signed(path.b.total_ns - path.a.total_ns)) },
    { key: 'verdict', title: t('verdict'), cell: (path) => <span class={`badge ${path.status_differs ? 'error' : TONES[path.verdict]}`}>{t(path.verdict)}</span> },
  ];
  return (
    <Panel
      grow
      flush
      title={
        <span class="row">
          <h2>{t('title')}</h2>
          <a class="mono" href={link(`/traces/${other}`)}>
            {other.slice(0, 16)}…
          </a>
        </span>
      }
      actions={
        <>
          <label class="check">
            <input type="checkbox" checked={onlyDifferent} onChange={() => setParams({ same: onlyDifferent ? '1' : null }, 'replace')} />
            {t('only_different')}
          </label>
          <button class="btn small" onClick={() => setParams({ compare: null })}>
            {t('change')}
          </button>
        </>
      }
    >
      <Loaded answer={answer} route={route}>
        {(data) => (
          <>
            <div class="row" style={{ padding: '10px 12px' }}>
              <strong>
                {duration(data.a.duration_ns)} → {duration(data.b.duration_ns)}
              </strong>
              {(['slower', 'faster', 'added', 'removed', 'same'] as const).map((verdict) => (
                <span key={verdict} class={`badge ${TONES[verdict]}`}>
                  {count(data.summary[verdict])} {t(verdict)}
                </span>
              ))}
              {data.summary.newly_failing > 0 && <span class="badge error">{t('fails', { n: data.summary.newly_failing })}</span>}
            </div>
            {data.paths.length === 0 ? (
              <Empty title={t('same')} />
            ) : (
              <Table label={t('title')} columns={columns} rows={onlyDifferent ? data.paths.filter((path) => path.verdict !== 'same' || path.status_differs) : data.paths} keyOf={(_, index) => String(index)} />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function side(of: PathDifference['a']) {
  if (of.count === 0) return <span class="faint">–</span>;
  return (
    <span class={of.error_count ? 'error-text' : ''}>
      {of.count > 1 && <span class="faint">{of.count} × </span>}
      {duration(of.total_ns)}
    </span>
  );
}

function signed(ns: number) {
  if (Math.abs(ns) < 1000) return <span class="faint">0</span>;
  return (
    <span class={ns > 0 ? 'warn-text' : 'ok-text'}>
      {ns > 0 ? '+' : '−'}
      {duration(Math.abs(ns))}
    </span>
  );
}
