// Lines that say the same, counted.
import { count, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { PatternsAnswer } from '../../base/schema';
import { clock, toMs } from '../../base/time';
import { useRangeQuery } from '../../components/range';
import { Meter, Panel, Table, type Column } from '../../components/parts';
import { Loaded } from '../../components/states';
import { NoData } from '../../components/nodata';
import { and, quote } from '../../model/search';

const t = texts({
  title: ['Patterns', '日志模式'],
  pattern: ['Pattern', '模式'],
  lines: ['Lines', '行数'],
  share: ['Share', '占比'],
  services: ['Services', '服务'],
  errors: ['Errors', '错误'],
  seen: ['First and last', '首末时间'],
  of: ['{shown} patterns of {lines} lines', '{lines} 行日志归纳为 {shown} 个模式'],
});

interface Pattern {
  template: string;
  count: number;
  share: number;
  samples: string[];
  services: { service_name: string | null; count: number }[];
  other_services_count: number;
  severities: Record<string, number>;
  first_seen: string;
  last_seen: string;
}

export function Patterns({ q, onQ }: { q: string; onQ: (q: string) => void }) {
  const answer = useGet<PatternsAnswer>('logs/patterns', { q, limit: 200, ...useRangeQuery() });
  const columns: Column<Pattern>[] = [
    { key: 'lines', title: t('lines'), num: true, cell: (one) => count(one.count) },
    {
      key: 'share',
      title: t('share'),
      hideSmall: true,
      cell: (one) => (
        <span class="nowrap">
          <Meter share={one.share} /> <span class="faint">{percent(one.share)}</span>
        </span>
      ),
    },
    {
      key: 'pattern',
      title: t('pattern'),
      wide: true,
      cell: (one) => (
        <button class="mono pattern" title={one.samples[0]} onClick={() => onQ(and(q, literal(one.template)))}>
          {one.template.split(/(<[a-z_]+>)/).map((part, index) => (index % 2 ? <em key={index}>{part}</em> : part))}
        </button>
      ),
    },
    {
      key: 'errors',
      title: t('errors'),
      num: true,
      cell: (one) => {
        const bad = (one.severities.error ?? 0) + (one.severities.fatal ?? 0);
        return bad ? <span class="error-text">{count(bad)}</span> : <span class="faint">0</span>;
      },
    },
    {
      key: 'services',
      title: t('services'),
      hideSmall: true,
      cell: (one) => (
        <span class="nowrap">
          {one.services
            .slice(0, 2)
            .map((service) => service.service_name ?? '?')
            .join(', ')}
          {one.services.length + one.other_services_count > 2 && <span class="faint"> +{one.services.length + one.other_services_count - 2}</span>}
        </span>
      ),
    },
    {
      key: 'seen',
      title: t('seen'),
      hideSmall: true,
      cell: (one) => (
        <span class="faint nowrap mono">
          {clock(toMs(one.first_seen), 0)} – {clock(toMs(one.last_seen), 0)}
        </span>
      ),
    },
  ];
  return (
    <Panel grow flush title={answer.data ? <span class="faint">{t('of', { shown: answer.data.patterns_total, lines: count(answer.data.lines) })}</span> : t('title')}>
      <Loaded answer={answer} route="logs/patterns">
        {(data) =>
          data.patterns.length === 0 ? (
            <NoData table="logs" q={q} onQ={onQ} />
          ) : (
            <Table label={t('title')} columns={columns} rows={data.patterns as unknown as Pattern[]} keyOf={(one, index) => `${index} ${one.template}`} />
          )
        }
      </Loaded>
    </Panel>
  );
}

/** The longest stretch of a template without variables, to search for. */
export function literal(template: string): string {
  const parts = template.split(/<[a-z_]+>/).map((part) => part.trim());
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '');
  return longest.includes(' ') ? `"${longest.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : quote(longest);
}
