// Whether the page is told of changes, or asks from time to time.
import { texts } from '../base/i18n';
import type { StreamState } from '../base/stream';

const t = texts({
  live: ['live', '实时'],
  paused: ['live paused, polling', '实时连接中断，定时刷新'],
});

export function Live({ stream }: { stream: StreamState }) {
  if (stream === 'off' || stream === 'connecting') return null;
  const tone = stream === 'live' ? 'ok' : 'warn';
  return (
    <span class={`badge ${tone}`}>
      <i class={`dot ${tone}`} /> {stream === 'live' ? t('live') : t('paused')}
    </span>
  );
}
