// One line with all it carries, and the lines around it.
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { LogContext, LogRow } from '../../base/schema';
import { clock, dayClock, toMs } from '../../base/time';
import { link, setParams } from '../../base/url';
import { Attributes } from '../../components/attributes';
import { Icon } from '../../components/icons';
import { LogLine } from '../../components/logline';
import { CopyButton, Drawer } from '../../components/parts';
import { Loaded } from '../../components/states';
import { severityOf } from '../../model/severity';

const t = texts({
  line: ['Log record', '日志详情'],
  trace: ['Open the trace', '打开链路'],
  attributes: ['Attributes', '属性'],
  resource: ['Resource', '资源'],
  fields: ['Fields', '字段'],
  context: ['Around this line', '上下文'],
  stack: ['Stack trace', '堆栈'],
  none: ['none', '无'],
});

const APART = new Set(['id', 'body', 'attributes', 'resource_attributes', 'scope_attributes', 'exception_stacktrace', 'body_type', 'time_source', 'received_at', 'time', 'severity_number', 'flags']);

export function LogDrawer({ log, onClose }: { log: LogRow; onClose: () => void; onQ: (q: string) => void }) {
  const context = useGet<LogContext>('logs/context', { id: log.id, before: 8, after: 8 }, { settled: true });
  const rest = Object.fromEntries(Object.entries(log).filter(([key, value]) => !APART.has(key) && value !== null));
  return (
    <Drawer label={t('line')} title={`${severityOf(log.severity_number)} · ${log.service_name ?? ''}`} sub={`${dayClock(toMs(log.time))} · ${clock(toMs(log.time))}`} onClose={onClose}>
      <section>
        <div class="row" style={{ alignItems: 'flex-start', flexWrap: 'nowrap' }}>
          <pre class="body-text">{log.body}</pre>
          <CopyButton text={log.body ?? ''} />
        </div>
        {log.trace_id && (
          <div>
            <a class="btn small" href={link(`/traces/${log.trace_id}`, { span: log.span_id })}>
              <Icon name="traces" size={13} />
              {t('trace')}
            </a>
          </div>
        )}
      </section>
      {log.exception_stacktrace && (
        <section>
          <details>
            <summary>{t('stack')}</summary>
            <pre class="body-text">{log.exception_stacktrace}</pre>
          </details>
        </section>
      )}
      {log.attributes && (
        <section>
          <h3>{t('attributes')}</h3>
          <Attributes of={log.attributes} searchIn="/logs" keep none={t('none')} />
        </section>
      )}
      <section>
        <h3>{t('fields')}</h3>
        <Attributes of={rest} searchIn="/logs" keep none={t('none')} />
      </section>
      <section>
        <h3>{t('context')}</h3>
        <Loaded answer={context} route="logs/context">
          {(data) => (
            <div class="loglist">
              {data.logs.map((one, index) => (
                <LogLine key={one.id} log={{ ...one, service_name: '' }} selected={index === data.index} onClick={() => setParams({ id: one.id }, 'replace')} />
              ))}
            </div>
          )}
        </Loaded>
      </section>
      {log.resource_attributes && (
        <section>
          <h3>{t('resource')}</h3>
          <Attributes of={log.resource_attributes} searchIn="/logs" keep none={t('none')} />
        </section>
      )}
    </Drawer>
  );
}
