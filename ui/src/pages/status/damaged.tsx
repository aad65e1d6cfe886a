// Blocks that cannot be read, what of the data they held, and what to do.
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import type { DamagedBlock, Status } from '../../base/schema';
import { dayClock, toMs } from '../../base/time';
import { CopyButton, Panel, Table, type Column } from '../../components/parts';
import { damageOf } from '../../model/status';

const t = texts({
  title: ['Damaged blocks', '损坏的数据块'],
  what: [
    '{n} block of {tables} cannot be read: answers about {first} to {last} may lack up to {rows} rows, and say that they are partial. Everything else works.|{n} blocks of {tables} cannot be read: answers about {first} to {last} may lack up to {rows} rows, and say that they are partial. Everything else works.',
    '{tables} 中有 {n} 个数据块无法读取：{first} 至 {last} 的查询结果最多缺少 {rows} 行，并会标注为不完整。其余数据不受影响。',
  ],
  more: ['{n} more are not listed here: fusebox inspect catalog names them all.', '另有 {n} 个未列出，可用 fusebox inspect catalog 查看全部。'],
  todo: ['What to do', '处理方法'],
  verify: ['See how much is damaged, also while the server runs:', '检查损坏范围（服务器可继续运行）：'],
  copy: ['Put a good copy of each file in its place, under the same name: backups have them.', '用完好的副本（例如备份中的同名文件）替换损坏的文件。'],
  restart: ['Start the server again: it reads these blocks once more and takes the mark from those that are whole.', '重启服务器：它会重新读取这些数据块，并取消完好者的标记。'],
  nothing: ['Without a copy nothing has to be done: the file stays where it is until its data is old enough to go.', '没有副本时无需处理：文件会保留，直到数据过期后删除。'],
  disk: ['More than one, or new ones: look at the disk (its SMART values, the log of the kernel).', '若不止一个或不断新增，请检查磁盘（SMART 信息与内核日志）。'],
  table: ['Table', '表'],
  path: ['File', '文件'],
  rows: ['Rows', '行数'],
  holds: ['Holds', '数据时间'],
  since: ['Found', '发现时间'],
  reason: ['Why', '原因'],
});

export function Damaged({ storage, dataDir }: { storage: Status['storage']; dataDir: string }) {
  const damage = damageOf(storage);
  if (!damage) return null;
  const at = (time: string) => dayClock(toMs(time));
  const verify = `fusebox verify --data-dir ${dataDir}`;
  const columns: Column<DamagedBlock>[] = [
    { key: 'table', title: t('table'), cell: (one) => <span class="mono">{one.table}</span> },
    { key: 'path', title: t('path'), wide: true, width: 280, cell: (one) => <span class="mono" title={one.path}>{one.path}</span> },
    { key: 'rows', title: t('rows'), num: true, cell: (one) => count(one.rows) },
    {
      key: 'holds',
      title: t('holds'),
      hideSmall: true,
      cell: (one) => (
        <span class="mono faint nowrap">
          {at(one.first)} – {at(one.last)}
        </span>
      ),
    },
    { key: 'since', title: t('since'), hideSmall: true, cell: (one) => <span class="mono faint nowrap">{at(one.since)}</span> },
    { key: 'reason', title: t('reason'), wide: true, width: 260, cell: (one) => <span class="error-text" title={one.reason}>{one.reason}</span> },
  ];
  return (
    <Panel title={t('title')} flush class="damaged">
      <p class="strip error" role="alert">
        {t('what', { n: damage.blocks, tables: damage.tables.join(', '), first: at(damage.first), last: at(damage.last), rows: damage.rows })}
        {damage.more > 0 && ` ${t('more', { n: damage.more })}`}
      </p>
      <Table label={t('title')} columns={columns} rows={storage.damaged} keyOf={(one) => one.path} />
      <div class="todo">
        <h3>{t('todo')}</h3>
        <ol>
          <li>
            {t('verify')} <code class="mono">{verify}</code> <CopyButton text={verify} />
          </li>
          <li>{t('copy')}</li>
          <li>{t('restart')}</li>
        </ol>
        <p class="faint">
          {t('nothing')} {t('disk')}
        </p>
      </div>
    </Panel>
  );
}
