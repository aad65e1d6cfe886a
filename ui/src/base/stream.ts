// Server-sent events, with a state that can be shown. The browser reconnects and says where it was (`Last-Event-ID`).
import { useEffect, useState } from 'preact/hooks';
import { apiUrl, type Query } from './api';

export type StreamState = 'off' | 'connecting' | 'live' | 'lost';

export function useStream(route: string, query: Query, on: boolean, events: Record<string, (data: unknown, id: string) => void>): StreamState {
  const [state, setState] = useState<StreamState>('off');
  const key = JSON.stringify([route, query, on]);
  useEffect(() => {
    if (!on) {
      setState('off');
      return;
    }
    setState('connecting');
    const source = new EventSource(apiUrl(route, query));
    source.onopen = () => setState('live');
    source.onerror = () => setState('lost');
    for (const [name, handler] of Object.entries(events)) {
      source.addEventListener(name, (event) => {
        const message = event as MessageEvent<string>;
        handler(JSON.parse(message.data), message.lastEventId);
      });
    }
    return () => source.close();
  }, [key]);
  return state;
}
