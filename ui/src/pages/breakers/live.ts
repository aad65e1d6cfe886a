// Keeps the answer fresh: by the stream of transitions, or by asking again while that is not there.
import { useEffect, useRef } from 'preact/hooks';
import { refresh } from '../../base/query';
import { useStream, type StreamState } from '../../base/stream';

/** The time goes on in the picture also while nothing changes. */
export const QUIET_MS = 15_000;
/** While the stream is not there. */
export const POLL_MS = 5_000;
const BURST_MS = 400;

/** Asks again when a breaker changed: at once for one change, once for a burst of them. */
export function useLive(on: boolean): StreamState {
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const changed = () => {
    timer.current ||= window.setTimeout(() => {
      timer.current = 0;
      refresh('breakers');
    }, BURST_MS);
  };
  return useStream('stream/breakers', {}, on, { transition: changed, withdrawn: changed, gap: changed });
}
