// What was said and what happened during the trace, in the order of time.
import { useMemo } from 'preact/hooks';
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useAnswer, type Answer } from '../../base/query';
import { get } from '../../base/api';
import type { LogRow, Trace, TraceLogs } from '../../base/schema';
import { toMs } from '../../base/time';
import { Panel } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';
import { valueText } from '../../components/attributes';
import { severityOf } from '../../model/severity';
import type { TraceModel } from '../../model/trace';

const t = texts({
  none: ['Nothing was logged in this trace', '此链路没有日志'],
  none_why: ['Logs belong to a trace when they carry its trace_id: most OpenTelemetry log bridges do that by themselves.', '日志带有 trace_id 才会关联到链路，多数 OpenTelemetry 日志桥接会自动完成。'],
  event: ['event', '事件'],
  span: ['Show the span', '查看 Span'],
  large: ['Events of spans are left out: the trace is large.', '链路较大，未包含 Span 事件。'],
});

/** Whole traces are loaded for their events up to this size. */
const SPANS_MAX = 3000;

interface Entry {
  at: number;
  kind: string;
  who: string;
  text: string;
  spanId: string | null;
  key: string;
}

export function LogsTab({ model, answer, onSpan }: { model: TraceModel; answer: Answer<TraceLogs>; onSpan: (id: string) => void }) {
  const whole = useAnswer<Trace>(['trace-tree', model.traceId], (signal) => get<Trace>(`traces/${model.traceId}`, {}, signal), { settled: true, when: model.total <= SPANS_MAX });
  const entries = useMemo(() => merge(answer.data?.logs ?? [], whole.data), [answer.data, whole.data]);
  return (
    <Panel grow flush label={t('event')}>
      <Loaded answer={answer} route="traces/{trace_id}/logs">
        {() =>
          entries.length === 0 ? (
            <Empty title={t('none')}>
              <p>{t('none_why')}</p>
            </Empty>
          ) : (
            <div class="loglist">
              {model.total > SPANS_MAX && <p class="strip">{t('large')}</p>}
              {entries.map((entry) => (
                <div key={entry.key} class={`logline wrap ${entry.kind}`}>
                  <time class="mono">+{duration((entry.at - model.t0) * 1e6)}</time>
                  <span class="level">{entry.kind === 'event' ? t('event') : entry.kind}</span>
                  {entry.spanId ? (
                    <button class="who cut" title={t('span')} onClick={() => onSpan(entry.spanId!)}>
                      {entry.who}
                    </button>
                  ) : (
                    <span class="who cut">{entry.who}</span>
                  )}
                  <span class="what mono">{entry.text}</span>
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function merge(logs: LogRow[], trace: Trace | undefined): Entry[] {
  const entries: Entry[] = logs.map((log) => ({
    at: toMs(log.time),
    kind: severityOf(log.severity_number),
    who: log.service_name ?? '',
    text: log.body ?? log.event_name ?? '',
    spanId: log.span_id ?? null,
    key: log.id,
  }));
  for (const span of trace?.spans ?? []) {
    span.events.forEach((event, index) => {
      const attributes = Object.entries(event.attributes)
        .filter(([key]) => key !== 'exception.stacktrace')
        .map(([key, value]) => `${key}=${valueText(value)}`);
      entries.push({ at: toMs(event.time), kind: 'event', who: span.service_name ?? '', text: [event.name, ...attributes].join(' '), spanId: span.span_id, key: `${span.span_id} ${index}` });
    });
  }
  return entries.sort((a, b) => a.at - b.at);
}
