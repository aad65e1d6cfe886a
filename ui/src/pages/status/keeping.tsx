// How long data stays, and how long the disk lasts.
import { bytes, duration } from '../../base/format';
import { texts } from '../../base/i18n';
import type { IngestAnswer, TableRetention } from '../../base/schema';
import { dayClock, toMs } from '../../base/time';
import { Meter, Panel, Table, type Column } from '../../components/parts';

const t = texts({
  title: ['Disk and retention', '磁盘与保留'],
  disk: ['Disk', '磁盘'],
  free: ['{free} free of {total}', '{total} 中剩余 {free}'],
  blocks: ['Blocks', '数据块'],
  most: ['{now} of at most {max}', '{now}，上限 {max}'],
  full_in: ['At today’s pace full in {time}; then the oldest data goes.', '按近一天的速度，{time} 后达到上限，届时删除最旧的数据。'],
  refused: ['Old data does not go: {why}', '旧数据未删除：{why}'],
  table: ['Table', '表'],
  keeps: ['Kept for', '保留时长'],
  ever: ['for ever', '永久'],
  oldest: ['Oldest row', '最早记录'],
  day: ['Per day', '每天'],
  steady: ['Will take', '预计稳定占用'],
});

export function Keeping({ answer: { retention, storage } }: { answer: IngestAnswer }) {
  const { disk } = storage;
  const columns: Column<TableRetention>[] = [
    { key: 'table', title: t('table'), cell: (one) => <span class="mono">{one.table}</span> },
    { key: 'keeps', title: t('keeps'), num: true, cell: (one) => (one.age_max_ns === null || one.age_max_ns === undefined ? t('ever') : duration(one.age_max_ns)) },
    { key: 'oldest', title: t('oldest'), hideSmall: true, cell: (one) => <span class="mono faint nowrap">{one.first ? dayClock(toMs(one.first)) : '–'}</span> },
    { key: 'day', title: t('day'), num: true, cell: (one) => (typeof one.bytes_per_day === 'number' ? bytes(Math.round(one.bytes_per_day)) : '–') },
    { key: 'steady', title: t('steady'), num: true, hideSmall: true, cell: (one) => (typeof one.steady_bytes === 'number' ? bytes(Math.round(one.steady_bytes)) : '–') },
  ];
  const used = disk && disk.total_bytes > 0 ? 1 - disk.free_bytes / disk.total_bytes : null;
  return (
    <Panel title={t('title')} flush>
      <dl class="kv" style={{ padding: '12px' }}>
        {disk && used !== null && (
          <>
            <dt>{t('disk')}</dt>
            <dd class="row">
              <Meter share={used} tone={used > 0.9 ? 'error' : used > 0.8 ? 'warn' : undefined} />
              {t('free', { free: bytes(disk.free_bytes), total: bytes(disk.total_bytes) })}
            </dd>
          </>
        )}
        <dt>{t('blocks')}</dt>
        <dd class="row">
          <Meter share={retention.bytes / Math.max(1, retention.bytes_max)} />
          {t('most', { now: bytes(retention.bytes), max: bytes(retention.bytes_max) })}
        </dd>
      </dl>
      {typeof retention.full_in_ns === 'number' && <p class="strip">{t('full_in', { time: duration(retention.full_in_ns) })}</p>}
      {retention.refused && <p class="strip error">{t('refused', { why: retention.refused })}</p>}
      <Table label={t('title')} columns={columns} rows={retention.tables.filter((one) => one.rows > 0)} keyOf={(one) => one.table} />
    </Panel>
  );
}
