// What the trace is, in one line: its name, its id, how long, how much, and what is wrong with it.
import { apiUrl } from '../../base/api';
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { clock, day } from '../../base/time';
import { Icon } from '../../components/icons';
import { CopyButton } from '../../components/parts';
import { serviceName, spanName, type TraceModel } from '../../model/trace';

const t = texts({
  spans: ['{n} span|{n} spans', '{n} 个 Span'],
  services: ['{n} service|{n} services', '{n} 个服务'],
  errors: ['{n} error|{n} errors', '{n} 个错误'],
  origin: ['Where it was born', '错误源头'],
  orphans: ['{n} span whose parent is absent|{n} spans whose parent is absent', '{n} 个 Span 缺少父 Span'],
  skewed: ['{n} span with a clock that is off|{n} spans with a clock that is off', '{n} 个 Span 时钟偏移'],
  refused: ['{n} refused call|{n} refused calls', '{n} 次调用被拒绝'],
  download: ['Download as OTLP JSON', '下载 OTLP JSON'],
  started: ['Started', '开始于'],
});

export function TraceHead(props: { model: TraceModel; durationNs: number; refused: number; orphans: number; skewed: number; onOrigin: () => void }) {
  const { model, refused, orphans, skewed } = props;
  return (
    <div class="page-head">
      <div style={{ minWidth: 0 }}>
        <h1 class="cut">
          {model.n > 0 && (
            <>
              <span class="soft">{serviceName(model, 0)}</span> {spanName(model, 0)}
            </>
          )}
        </h1>
        <div class="faint small row tight">
          <span class="mono">{model.traceId}</span>
          <CopyButton text={model.traceId} />
          <span>
            {t('started')} {day(model.t0)} {clock(model.t0)}
          </span>
        </div>
      </div>
      <span class="spring" />
      <span class="trace-facts row">
        <strong class="big">{duration(props.durationNs)}</strong>
        <span class="soft">{t('spans', { n: model.total })}</span>
        <span class="soft">{t('services', { n: model.services.length })}</span>
        {model.errors > 0 ? (
          <button class="badge error" title="e" onClick={props.onOrigin}>
            {t('errors', { n: model.errors })} · {t('origin')}
          </button>
        ) : null}
        {refused > 0 && <span class="badge error">⊘ {t('refused', { n: refused })}</span>}
        {orphans > 0 && <span class="badge warn">{t('orphans', { n: orphans })}</span>}
        {skewed > 0 && <span class="badge warn">{t('skewed', { n: skewed })}</span>}
      </span>
      <a class="btn ghost icon" href={apiUrl(`traces/${model.traceId}`, { format: 'otlp' })} download={`${model.traceId}.otlp.json`} aria-label={t('download')} title={t('download')}>
        <Icon name="download" />
      </a>
    </div>
  );
}
