// What the table says of a code.
import { rate, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { dayClock, toMs } from '../../base/time';
import { Spark } from '../../components/bars';
import { codeName } from '../../components/codename';
import type { Column } from '../../components/parts';
import { SURE_FROM, factor, type CodeRow } from '../../model/errors';
import { StatusBadge, className } from './words';

const t = texts({
  code: ['Code', '错误码'],
  meaning: ['Meaning, or the last message', '含义或最近消息'],
  trend: ['Trend', '趋势'],
  now: ['Per second', '每秒'],
  total: ['Errors', '次数'],
  usual: ['Against usual', '与平时相比'],
  where: ['Where born', '源头'],
  reaches: ['Reaches', '影响'],
  services: ['{n} service|{n} services', '{n} 个服务'],
  first: ['First seen', '首次出现'],
});

export function codeColumns(): Column<CodeRow>[] {
  return [
    {
      key: 'code',
      title: t('code'),
      cell: (row) => (
        <span class="row tight code-name" title={row.code || row.reason}>
          <span class="mono strong cut">{codeName(row.code || (row.reason ?? ''))}</span>
          {row.status !== 'unknown' && row.status !== 'steady' && <StatusBadge status={row.status} />}
        </span>
      ),
    },
    {
      key: 'meaning',
      title: t('meaning'),
      wide: true,
      cell: (row) => (
        <>
          {row.title ? <span>{row.title}</span> : <span class="soft">{row.message || row.reason}</span>}
          {row.class && <span class="badge kind">{className(row.class)}</span>}
        </>
      ),
    },
    { key: 'trend', title: t('trend'), class: 'hide-tiny', cell: (row) => <Spark values={row.trend} tone={row.status === 'steady' ? '--s10' : '--open'} /> },
    { key: 'total', title: t('total'), num: true, cell: (row) => <strong class={row.records < SURE_FROM ? 'soft' : ''}>{short(Math.round(row.count))}</strong> },
    { key: 'now', title: t('now'), num: true, hideSmall: true, class: 'hide-narrow', cell: (row) => rate(row.rate_per_s) },
    {
      key: 'usual',
      title: t('usual'),
      num: true,
      hideSmall: true,
      cell: (row) => {
        const times = factor(row);
        if (times === null) return <span class="faint">–</span>;
        return <span class={row.records < SURE_FROM ? 'faint' : times >= 2 ? 'error-text strong' : 'soft'}>×{Number(times.toPrecision(2))}</span>;
      },
    },
    { key: 'where', title: t('where'), hideSmall: true, cell: (row) => <span class="cut where" title={row.born.map((one) => one.service).join(', ')}>{row.born[0]?.service}{row.born.length > 1 && <span class="faint"> +{row.born.length - 1}</span>}</span> },
    { key: 'reaches', title: t('reaches'), num: true, hideSmall: true, class: 'hide-narrow', cell: (row) => <span class="faint nowrap" title={row.reaches.join(', ')}>{t('services', { n: row.reaches.length })}</span> },
    { key: 'first', title: t('first'), hideSmall: true, class: 'hide-narrow', cell: (row) => <span class="faint nowrap">{dayClock(toMs(row.first_seen))}</span> },
  ];
}
