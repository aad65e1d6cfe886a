// What is said about single spans beside the trace itself: codes, refused calls, logs.
import { useMemo } from 'preact/hooks';
import { useGet } from '../../base/query';
import type { Spans, TraceLogs } from '../../base/schema';
import { toMs } from '../../base/time';
import { placeOf, type TraceModel } from '../../model/trace';
import type { SpanMark } from './view';

/** What governance said, which it does about a small part of the spans; by place. */
export function useMarks(model: TraceModel): Map<number, SpanMark> {
  const governed = useGet<Spans>('spans', { q: `trace_id:${model.traceId} AND (has:error_code OR has:rejection_kind)`, limit: 500 }, { settled: true });
  return useMemo(() => {
    const found = new Map<number, SpanMark>();
    for (const span of governed.data?.spans ?? []) {
      const at = placeOf(model, span.span_id);
      if (at >= 0) found.set(at, { code: span.error_code ?? span.error_reason ?? undefined, refused: Boolean(span.rejection_kind) });
    }
    return found;
  }, [model, governed.data]);
}

/** When something was logged in a span; by place. */
export function useTicks(model: TraceModel, answer: TraceLogs | undefined): Map<number, { us: number; bad: boolean }[]> {
  return useMemo(() => {
    const found = new Map<number, { us: number; bad: boolean }[]>();
    for (const log of answer?.logs ?? []) {
      const at = log.span_id ? placeOf(model, log.span_id) : -1;
      if (at < 0) continue;
      const list = found.get(at) ?? [];
      list.push({ us: (toMs(log.time) - model.t0) * 1000, bad: log.severity_number >= 17 });
      found.set(at, list);
    }
    return found;
  }, [model, answer]);
}
