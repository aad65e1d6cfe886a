// Records whose every text is a script: names, keys, values, bodies, codes, breakers.
import { json } from './server.mjs';

export const EVIL = '<img src=x onerror="window.pwned=1">';

const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((one) => one.toString(16).padStart(2, '0')).join('');
const text = (key, value) => ({ key, value: { stringValue: value } });

export async function sendEvil(otlp) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const [traceId, spanId, childId] = [hex(16), hex(8), hex(8)];
  const attributes = [text(EVIL, EVIL), text('biz.code', EVIL), text('error.type', EVIL), text('http.route', EVIL)];
  const resource = { attributes: [text('service.name', EVIL), text('service.version', EVIL), text('service.instance.id', EVIL)] };
  const times = { startTimeUnixNano: String(now - 90_000_000n), endTimeUnixNano: String(now) };
  const failed = { code: 2, message: EVIL };
  const exception = { timeUnixNano: String(now), name: 'exception', attributes: [text('exception.type', EVIL), text('exception.message', EVIL), text('exception.stacktrace', EVIL)] };
  const spans = [
    { traceId, spanId, name: EVIL, kind: 2, ...times, attributes, status: failed, events: [{ timeUnixNano: String(now), name: EVIL, attributes }, exception] },
    // What gobreaker says when it refuses, to a peer with a name of this kind.
    { traceId, spanId: childId, parentSpanId: spanId, name: EVIL, kind: 3, ...times, attributes: [...attributes, text('peer.service', EVIL)], status: { code: 2, message: 'circuit breaker is open' } },
    // A failure that is born here.
    { traceId: hex(16), spanId: hex(8), name: EVIL, kind: 2, ...times, attributes, status: failed, events: [exception] },
  ];
  const log = { timeUnixNano: String(now), severityNumber: 17, severityText: EVIL, body: { stringValue: EVIL }, attributes, traceId, spanId };
  // The convention for breakers of any library: this one is open, and its name is a script.
  const change = { timeUnixNano: String(now), severityNumber: 13, eventName: 'circuit_breaker.state_change', body: { stringValue: 'circuit_breaker.state_change' }, attributes: [text('event.name', 'circuit_breaker.state_change'), text('circuitbreaker.name', EVIL), text('from', 'closed'), text('to', 'open')], traceId, spanId };
  const metric = { name: 'evil.gauge', description: EVIL, unit: EVIL, gauge: { dataPoints: [{ timeUnixNano: String(now), asDouble: 1, attributes: [text('label', EVIL)] }] } };
  const send = (path, body) => json(`${otlp}/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  await send('logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log, change] }] }] });
  await send('metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] });
  return { traceId, spanId };
}
