// One line of a log: when, how bad, whose, what.
import type { LogRow } from '../base/schema';
import { clock, toMs } from '../base/time';
import { severityOf } from '../model/severity';

export function LogLine({ log, wrap, onClick, selected, ticking }: { log: LogRow; wrap?: boolean; onClick?: () => void; selected?: boolean; ticking?: boolean }) {
  const severity = severityOf(log.severity_number);
  return (
    <div class={`logline ${severity}${wrap ? ' wrap' : ''}${selected ? ' selected' : ''}`} onClick={onClick} data-ticking={ticking || undefined}>
      <time class="mono">{clock(toMs(log.time))}</time>
      <span class="level">{severity === 'unspecified' ? '·' : severity}</span>
      <span class="who cut">{log.service_name ?? ''}</span>
      <span class="what mono">{log.body ?? log.event_name ?? log.exception_message ?? ''}</span>
    </div>
  );
}
