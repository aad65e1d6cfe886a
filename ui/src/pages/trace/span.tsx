// Everything one span carries, in the drawer.
import { duration } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { OneSpan, Span, TraceLogs } from '../../base/schema';
import { clock, dayClock, toMs } from '../../base/time';
import { link } from '../../base/url';
import { Attributes } from '../../components/attributes';
import { Icon } from '../../components/icons';
import { LogLine } from '../../components/logline';
import { CopyButton, Drawer } from '../../components/parts';
import { Loaded } from '../../components/states';
import { condition } from '../../model/search';

const t = texts({
  span: ['Span', 'Span'],
  attributes: ['Attributes', '属性'],
  resource: ['Resource', '资源'],
  events: ['Events', '事件'],
  links: ['Links', 'Span 链接'],
  logs: ['Logs of this span', '此 Span 的日志'],
  start: ['Start', '开始'],
  length: ['Duration', '耗时'],
  self: ['Self time', '自身耗时'],
  kind: ['Kind', '类型'],
  status: ['Status', '状态'],
  parent: ['Parent', '父 Span'],
  scope: ['Scope', '插桩库'],
  missing_parent: ['The parent is not in this trace (yet).', '父 Span 不在此链路中（可能尚未到达）。'],
  namesakes: ['Other spans have the same id: {n}', '有 {n} 个 Span 使用相同 ID'],
  similar: ['Traces like this', '相似链路'],
  as_root: ['As root', '以此为根'],
  none: ['none', '无'],
});

export function SpanDrawer(props: { traceId: string; spanId: string; selfUs: number; t0: number; onClose: () => void; onRoot: (id: string) => void; onSpan: (id: string) => void }) {
  const route = `traces/${props.traceId}/spans/${props.spanId}`;
  const answer = useGet<OneSpan>(route, {}, { settled: true });
  const span = answer.data?.span.span_id === props.spanId ? answer.data.span : undefined;
  return (
    <Drawer
      label={t('span')}
      title={span?.name ?? props.spanId}
      sub={span?.service_name ?? ''}
      onClose={props.onClose}
      actions={
        <button class="btn small" onClick={() => props.onRoot(props.spanId)}>
          {t('as_root')}
        </button>
      }
    >
      <Loaded answer={answer} route={route}>
        {(one) => (one.span.span_id === props.spanId ? <Body {...props} span={one.span} namesakes={one.namesakes.length} /> : null)}
      </Loaded>
    </Drawer>
  );
}

function Body({ span, namesakes, selfUs, traceId, t0, onSpan }: { span: Span; namesakes: number; selfUs: number; traceId: string; t0: number; onSpan: (id: string) => void }) {
  const start = toMs(span.start_time);
  const failed = span.status_code === 'error';
  const q = `${span.service_name ? `${condition('service', span.service_name)} AND ` : ''}${condition('name', span.name)}`;
  return (
    <>
      {failed && span.status_message && <p class="strip error">{span.status_message}</p>}
      {span.parent_missing && <p class="strip">{t('missing_parent')}</p>}
      {namesakes > 0 && <p class="strip">{t('namesakes', { n: namesakes })}</p>}
      <section>
        <dl class="kv">
          <dt>{t('start')}</dt>
          <dd>
            {dayClock(start).replace(/\d\d:.*/, '')} {clock(start)} <span class="faint">+{duration((start - t0) * 1e6)}</span>
          </dd>
          <dt>{t('length')}</dt>
          <dd class="strong">{duration(span.duration_ns)}</dd>
          {selfUs >= 0 && (
            <>
              <dt>{t('self')}</dt>
              <dd>{duration(selfUs * 1000)}</dd>
            </>
          )}
          <dt>{t('kind')}</dt>
          <dd>{String(span.kind)}</dd>
          <dt>{t('status')}</dt>
          <dd class={failed ? 'error-text' : ''}>{String(span.status_code)}</dd>
          {span.parent_span_id && (
            <>
              <dt>{t('parent')}</dt>
              <dd class="mono">
                <button class="mono" onClick={() => onSpan(span.parent_span_id!)}>
                  {span.parent_span_id}
                </button>
              </dd>
            </>
          )}
          <dt>{t('span')}</dt>
          <dd class="mono row tight">
            {span.span_id} <CopyButton text={span.span_id} />
          </dd>
          {span.scope.name && (
            <>
              <dt>{t('scope')}</dt>
              <dd class="mono">
                {span.scope.name} <span class="faint">{span.scope.version}</span>
              </dd>
            </>
          )}
        </dl>
        <div class="row">
          <a class="btn small" href={link('/traces', { q, range: '1h' })}>
            <Icon name="traces" size={13} />
            {t('similar')}
          </a>
        </div>
      </section>
      <section>
        <h3>{t('attributes')}</h3>
        <Attributes of={span.attributes} searchIn="/traces" none={t('none')} />
      </section>
      {span.events.length > 0 && (
        <section>
          <h3>
            {t('events')} <span class="faint">{span.events.length}</span>
          </h3>
          {span.events.map((event, index) => (
            <details key={index} open={span.events.length < 4}>
              <summary>
                <span class="faint mono">+{duration((toMs(event.time) - start) * 1e6)}</span> {event.name}
              </summary>
              <Attributes of={event.attributes} none={t('none')} />
            </details>
          ))}
        </section>
      )}
      {span.links.length > 0 && (
        <section>
          <h3>{t('links')}</h3>
          {span.links.map((one, index) => (
            <a key={index} class="mono" href={link(`/traces/${one.trace_id}`, { span: one.span_id })}>
              {one.trace_id}
            </a>
          ))}
        </section>
      )}
      <SpanLogs traceId={traceId} spanId={span.span_id} />
      <section>
        <h3>{t('resource')}</h3>
        <Attributes of={span.resource} searchIn="/traces" none={t('none')} />
      </section>
    </>
  );
}

function SpanLogs({ traceId, spanId }: { traceId: string; spanId: string }) {
  const answer = useGet<TraceLogs>(`traces/${traceId}/logs`, { span_id: spanId, limit: 50 }, { settled: true });
  const logs = (answer.data?.logs ?? []).filter((log) => log.span_id === spanId);
  if (logs.length === 0) return null;
  return (
    <section>
      <h3>
        {t('logs')} <span class="faint">{logs.length}</span>
      </h3>
      {logs.map((log) => (
        <LogLine key={log.id} log={log} wrap />
      ))}
    </section>
  );
}
