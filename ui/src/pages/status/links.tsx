// What is fetched and passed on: followed files, scraped targets, forwards.
import { bytes, short } from '../../base/format';
import { texts } from '../../base/i18n';
import type { DataLink } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { known } from '../../components/breakerwords';
import { Panel, Table, type Column } from '../../components/parts';
import { droppedOf, troubledFirst } from '../../model/status';
import { ByReason, LastError } from './cells';

const t = texts({
  title: ['Fetched and passed on', '采集与转发'],
  of: ['{shown} of {n}', '{n} 个中的 {shown} 个'],
  state: ['State', '状态'],
  up: ['up', '正常'],
  down: ['down', '异常'],
  kind: ['Kind', '类型'],
  name: ['File or address', '文件或地址'],
  service: ['Of', '归属'],
  records: ['Records', '记录数'],
  waits: ['Waits', '待处理'],
  dropped: ['Lost', '丢失'],
  last: ['Last', '最近'],
  error: ['Last error', '最近错误'],
});

const kindName = texts({ file: ['followed file', '日志文件'], target: ['scraped target', '抓取目标'], forward: ['forward', '转发'] });
const KINDS = ['file', 'target', 'forward'] as const;

export function Links({ links, total }: { links: readonly DataLink[]; total: number }) {
  if (links.length === 0) return null;
  const columns: Column<DataLink>[] = [
    {
      key: 'state',
      title: t('state'),
      cell: (one) => (
        <span class={`badge ${one.is_up ? 'ok' : 'error'}`}>
          <i class={`dot ${one.is_up ? 'ok' : 'error'}`} />
          {one.is_up ? t('up') : t('down')}
        </span>
      ),
    },
    { key: 'kind', title: t('kind'), cell: (one) => <span class="nowrap">{known(kindName, KINDS, one.kind)}</span> },
    { key: 'name', title: t('name'), wide: true, width: 260, cell: (one) => <span class="mono" title={one.name}>{one.name}</span> },
    { key: 'service', title: t('service'), hideSmall: true, cell: (one) => (one.kind === 'file' && one.of ? <a href={link(`/services/${encodeURIComponent(one.of)}`)}>{one.of}</a> : one.of) },
    { key: 'records', title: t('records'), num: true, cell: (one) => short(one.records) },
    { key: 'waits', title: t('waits'), num: true, cell: (one) => (typeof one.lag_bytes === 'number' ? bytes(one.lag_bytes) : <span class="faint">–</span>) },
    {
      key: 'dropped',
      title: t('dropped'),
      num: true,
      cell: (one) => <ByReason total={droppedOf(one)} reasons={one.dropped.map((each) => [each.reason, each.records] as const)} />,
    },
    { key: 'last', title: t('last'), hideSmall: true, cell: (one) => <span class="mono faint nowrap">{one.last_at ? clock(toMs(one.last_at), 0) : '–'}</span> },
    {
      key: 'error',
      title: t('error'),
      wide: true,
      cell: (one) => <LastError of={one.last_error} mild={one.is_up} />,
    },
  ];
  return (
    <Panel title={t('title')} flush actions={links.length < total && <span class="faint">{t('of', { shown: links.length, n: total })}</span>}>
      <Table label={t('title')} columns={columns} rows={troubledFirst(links)} keyOf={(one) => `${one.kind} ${one.name} ${one.of}`} />
    </Panel>
  );
}
