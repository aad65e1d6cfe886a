// The lanes as a table: the same breakers for those who read rather than see.
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { dayClock, toMs } from '../../base/time';
import { MECHANISMS, known, levelName, mechanismName, stateName } from '../../components/breakerwords';
import { Table, type Column } from '../../components/parts';
import { GLYPHS, guarded, inkOf, isActive, level, stateOf, type Row } from '../../model/breakers';

const t = texts({
  title: ['Breakers', '熔断器'],
  state: ['State', '状态'],
  breaker: ['Breaker', '熔断器'],
  library: ['Library', '组件'],
  since: ['Since', '开始于'],
  instances: ['Instances', '实例'],
  share_open: ['Open', '熔断比例'],
  trips: ['Trips', '次数'],
  before: ['Before', '此前'],
  open_time: ['Time open', '熔断时长'],
  refused: ['Refused', '拒绝数'],
  evidence: ['Evidence', '证据'],
});

export function Twin({ rows, id, onRow }: { rows: Row[]; id: string; onRow: (row: Row) => void }) {
  const columns: Column<Row>[] = [
    {
      key: 'state',
      title: t('state'),
      cell: (row) => (
        <span class="nowrap" style={{ color: inkOf(stateOf(row.state)) }}>
          {GLYPHS[stateOf(row.state)]} {stateName(stateOf(row.state))}
        </span>
      ),
    },
    {
      key: 'breaker',
      title: t('breaker'),
      wide: true,
      width: 220,
      cell: (row) => (
        <>
          <strong>{row.service}</strong> {guarded(row) && <span class="faint">› {guarded(row)}</span>} {row.name === guarded(row) ? '' : row.name}
        </>
      ),
    },
    { key: 'library', title: t('library'), hideSmall: true, cell: (row) => <span class="faint nowrap">{`${row.framework} · ${known(mechanismName, MECHANISMS, row.mechanism)}`}</span> },
    { key: 'since', title: t('since'), hideSmall: true, cell: (row) => <span class="mono faint nowrap">{dayClock(toMs(row.state_since))}</span> },
    { key: 'instances', title: t('instances'), num: true, hideSmall: true, cell: (row) => row.instances },
    { key: 'share', title: t('share_open'), num: true, hideSmall: true, cell: (row) => (isActive(stateOf(row.state)) ? percent(row.open_fraction) : <span class="faint">–</span>) },
    { key: 'trips', title: t('trips'), num: true, cell: (row) => `${row.trips}` },
    { key: 'before', title: t('before'), num: true, hideSmall: true, cell: (row) => <span class="faint">{row.trips_before}</span> },
    { key: 'open', title: t('open_time'), num: true, cell: (row) => duration(row.open_ns) },
    { key: 'refused', title: t('refused'), num: true, cell: (row) => <span class={row.refused ? 'error-text strong' : 'faint'}>{short(Math.round(row.refused))}</span> },
    { key: 'evidence', title: t('evidence'), hideSmall: true, cell: (row) => (row.last_trip ? <span class="badge">{levelName(level(row.last_trip.method))}</span> : null) },
  ];
  return <Table label={t('title')} columns={columns} rows={rows} keyOf={(row) => row.id} onRow={onRow} selected={(row) => row.id === id} />;
}
