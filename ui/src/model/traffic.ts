// Services as counts over time: what the histograms of spans say.
import type { HistogramAnswer } from '../base/schema';

export interface Service {
  name: string;
  spans: number;
  errors: number;
  errorShare: number;
  perSecond: number;
  trend: number[];
  errorTrend: number[];
}

function byName(answer: HistogramAnswer | undefined): Map<string, number[]> {
  return new Map((answer?.series ?? []).filter((one) => one.kind === 'value').map((one) => [one.value ?? '', one.counts]));
}

const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);

/** Worst first: by failed share, then by traffic; a service without traffic to speak of does not lead. */
export function services(all: HistogramAnswer, failed: HistogramAnswer | undefined): Service[] {
  const errors = byName(failed);
  const seconds = (all.buckets * all.width_ms) / 1000;
  const list = [...byName(all)].map(([name, trend]) => {
    const errorTrend = aligned(errors.get(name), all, failed);
    const [spans, bad] = [sum(trend), sum(errorTrend)];
    return { name, spans, errors: bad, errorShare: spans ? bad / spans : 0, perSecond: seconds > 0 ? spans / seconds : 0, trend, errorTrend };
  });
  return list.sort((a, b) => (b.errors >= 10 ? b.errorShare : 0) - (a.errors >= 10 ? a.errorShare : 0) || b.spans - a.spans);
}

/** Buckets of `failed` at the times of `all`: both begin where their own first record is. */
function aligned(counts: number[] | undefined, all: HistogramAnswer, failed: HistogramAnswer | undefined): number[] {
  const out = new Array<number>(all.buckets).fill(0);
  if (!counts || !failed) return out;
  const shift = Number((BigInt(failed.t0_ns) - BigInt(all.t0_ns)) / 1_000_000n);
  counts.forEach((count, index) => {
    const at = Math.floor((shift + index * failed.width_ms) / all.width_ms);
    if (at >= 0 && at < out.length) out[at]! += count;
  });
  return out;
}

export type Health = 'ok' | 'warn' | 'error';

export function health(service: Pick<Service, 'errors' | 'errorShare'>): Health {
  if (service.errors < 5) return 'ok';
  return service.errorShare >= 0.05 ? 'error' : service.errorShare >= 0.01 ? 'warn' : 'ok';
}
