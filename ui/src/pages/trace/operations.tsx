// What the time of a trace went into, by operation.
import { count, duration, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import type { Answer } from '../../base/query';
import type { Operation, TraceAnalysis } from '../../base/schema';
import { param, setParams } from '../../base/url';
import { Meter, Panel, Table, type Column } from '../../components/parts';
import { Loaded } from '../../components/states';

const t = texts({
  title: ['Operations', '操作汇总'],
  operation: ['Operation', '操作'],
  calls: ['Calls', '次数'],
  errors: ['Errors', '错误'],
  self: ['Self time', '自身耗时'],
  share: ['Share', '占比'],
  critical: ['On critical path', '关键路径'],
  total: ['Total', '总耗时'],
  p50: ['p50', 'p50'],
  p95: ['p95', 'p95'],
  max: ['Longest', '最长'],
});

const SORTS: Record<string, (one: Operation) => number> = {
  calls: (one) => one.count,
  errors: (one) => one.error_count,
  self: (one) => one.self_ns,
  critical: (one) => one.critical_path_ns,
  total: (one) => one.total_ns,
  p50: (one) => one.p50_ns,
  p95: (one) => one.p95_ns,
  max: (one) => one.max_ns,
};

export function OperationsTab({ answer, services, colours }: { answer: Answer<TraceAnalysis>; services: string[]; colours: number[] }) {
  const sort = SORTS[param('sort')] ? param('sort') : 'self';
  const columns: Column<Operation>[] = [
    {
      key: 'operation',
      title: t('operation'),
      wide: true,
      cell: (one) => (
        <>
          <i class="swatch" style={{ background: `var(--s${colours[services.indexOf(one.service_name ?? '')] ?? 15})` }} /> <span class="soft">{one.service_name}</span> {one.name}
        </>
      ),
    },
    { key: 'calls', title: t('calls'), num: true, sortable: true, cell: (one) => count(one.count) },
    { key: 'errors', title: t('errors'), num: true, sortable: true, cell: (one) => (one.error_count ? <span class="error-text">{count(one.error_count)}</span> : <span class="faint">0</span>) },
    { key: 'self', title: t('self'), num: true, sortable: true, cell: (one) => <strong>{duration(one.self_ns)}</strong> },
    {
      key: 'share',
      title: t('share'),
      hideSmall: true,
      cell: (one) => (
        <span class="row tight nowrap" style={{ flexWrap: 'nowrap' }}>
          <Meter share={one.self_share} /> <span class="faint">{percent(one.self_share)}</span>
        </span>
      ),
    },
    { key: 'critical', title: t('critical'), num: true, sortable: true, cell: (one) => duration(one.critical_path_ns) },
    { key: 'total', title: t('total'), num: true, sortable: true, cell: (one) => duration(one.total_ns) },
    { key: 'p50', title: t('p50'), num: true, sortable: true, hideSmall: true, cell: (one) => duration(one.p50_ns) },
    { key: 'p95', title: t('p95'), num: true, sortable: true, hideSmall: true, cell: (one) => duration(one.p95_ns) },
    { key: 'max', title: t('max'), num: true, sortable: true, hideSmall: true, cell: (one) => duration(one.max_ns) },
  ];
  return (
    <Panel grow flush label={t('title')}>
      <Loaded answer={answer} route="traces/{trace_id}/analysis">
        {(data) => (
          <Table
            label={t('title')}
            columns={columns}
            rows={[...data.operations].sort((a, b) => SORTS[sort]!(b) - SORTS[sort]!(a))}
            keyOf={(one) => `${one.service_name} ${one.name}`}
            sort={sort}
            onSort={(next) => setParams({ sort: next === 'self' ? null : next }, 'replace')}
          />
        )}
      </Loaded>
    </Panel>
  );
}
