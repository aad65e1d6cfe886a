// Answers of endpoints that a server may not have yet, so that their pages are looked at all the same. Texts are hostile on purpose.
const EVIL = '<img src=x onerror="window.pwned=1">';
const HOUR = 3_600_000;
const iso = (ms) => new Date(ms).toISOString().replace('Z', '000000Z');
const ns = (ms) => String(BigInt(Math.round(ms)) * 1_000_000n);
const meta = { took_ms: 1, scanned_rows: 1, scanned_bytes: 1, partial: [], truncated: false, warnings: [] };

/** Numbers that look random and are not. */
function dice(seed) {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

const BREAKERS = [
  ['order', 'pay', 'Charge', 'kratos', 'adaptive'],
  ['cart', 'pay', 'Quote', 'resilience4j', 'breaker'],
  ['order', 'pay', 'Refund', 'gobreaker', 'breaker'],
  ['order', 'inventory', 'Reserve', 'sentinel', 'breaker'],
  ['storefront', 'catalog', EVIL, 'hystrix', 'breaker'],
  ['edge-gateway', 'storefront', 'outlier', 'envoy', 'outlier'],
  ['checkout', 'shipping', 'op:/shipping.v1/Quote', 'go-zero', 'adaptive'],
  ['user', 'session-store', 'redis', 'failsafe-go', 'manual'],
];

function row([service, target, name, framework, mechanism], index, t0) {
  const roll = dice(index + 7);
  const lane = { start_us: [0], state: [index === 6 ? 'unknown' : 'closed'], open_fraction: [0] };
  const push = (share, state, fraction) => (lane.start_us.push(Math.round(share * HOUR * 1000)), lane.state.push(state), lane.open_fraction.push(fraction));
  const active = mechanism === 'adaptive' ? 'shedding' : 'open';
  const trips = [4, 2, 0, 6, 1, 1, 2, 1][index];
  for (let trip = 0; trip < trips; trip++) {
    const at = 0.05 + (0.9 * (trip + roll() * 0.5)) / trips;
    push(at, index === 7 ? 'forced_open' : active, mechanism === 'adaptive' ? 0.3 : 1);
    if (mechanism === 'adaptive') push(at + 0.012, active, 0.8);
    push(at + 0.025, mechanism === 'adaptive' ? 'shedding' : 'half_open', 0.4);
    push(at + 0.034, 'closed', 0);
  }
  if (index < 2) push(0.985, active, 1);
  const opened = { time: iso(t0 + 0.985 * HOUR), lo: null, hi: iso(t0 + 0.985 * HOUR) };
  return {
    id: `b${index}`, service, namespace: '', environment: '', name, framework, mechanism, operations: [], targets: [target], aliases: [],
    state: lane.state.at(-1), state_since: opened.time, open_fraction: index < 2 ? 0.66 : 0, instances: 3, trips, trips_before: index,
    open_ns: trips * 9.4e10, refused: trips ? Math.round(12480 / (index + 1)) : 0, flapping: index === 3,
    last_trip: trips ? trip(opened, null) : null, lane,
  };
}

function trip(opened, closed) {
  return { opened, closed, ended_by: closed ? 'closed' : 'ongoing', open_ns: 4.2e10, half_open_ns: 3e9, probes: 5, reopens: 1, refused: 12480, forced: false, cause: 'failure_rate', method: 'explicit', confidence: 99, partial_ns: 0, majority_ns: 0, full_ns: 0, instances: ['a'] };
}

function code(name, title, count, status, index) {
  const roll = dice(index + 99);
  const trend = Array.from({ length: 60 }, (_, at) => Math.round((count / 60) * (0.5 + roll()) * (status === 'spiking' && at > 44 ? 4 : 1)));
  return {
    code: name, title, catalogued: title !== '', class: ['dependency', 'business', 'system', 'client'][index % 4], message: index === 4 ? EVIL : 'charge: bank timeout', solution: 'Retry later; see whether bank-gw is well.', owner: 'payments', runbook: '',
    count, rate_per_s: count / 3600, share: count / 9000, records: Math.round(count), status, usual: status === 'new' ? undefined : status === 'spiking' ? count / 46 : count, first_seen: iso(Date.now() - HOUR * 24), last_seen: iso(Date.now()),
    born: [{ service: 'pay', count: count * 0.8 }, { service: 'bank-gw', count: count * 0.2 }], reaches: ['order', 'storefront', 'edge-gateway'], traces: 40, rejections: index ? 0 : 120, layout: { reading: 'split', layouts: ['223'], parts: { service: name.slice(0, 2), module: name.slice(2, 4) }, names: { service: 'pay' } },
    trend, exemplars: { oldest: 'ab'.repeat(16), newest: 'cd'.repeat(16), slowest: 'ef'.repeat(16) },
  };
}

const CODES = [['5001003', 'charge: bank timeout', 3100, 'spiking'], ['4002001', 'order could not be created', 2400, 'regressed'], ['5001007', 'charge: insufficient funds', 1300, 'steady'], ['5301010', 'stock: lock lost', 640, 'new'], ['ERR_FOO', '', 21, 'new']].map((one, index) => code(...one, index));

export function pretend(path) {
  const t0 = Date.now() - HOUR;
  const rows = BREAKERS.map((one, index) => row(one, index, t0));
  const span = { t0_ns: ns(t0), end_ns: ns(t0 + HOUR), meta };
  const opened = { time: iso(t0 + 0.985 * HOUR), lo: null, hi: iso(t0 + 0.985 * HOUR) };
  if (/^breakers\/[^/]+\/trips\//.test(path))
    return {
      breaker: rows[0], trip: trip(opened, { ...opened, time: iso(t0 + HOUR) }), failing_since: iso(t0 + 0.98 * HOUR), time_to_detect_ns: 1.9e10, meta,
      transitions: [['closed', 'open'], ['open', 'half_open'], ['half_open', 'open'], ['open', 'half_open'], ['half_open', 'closed']].map(([from, to], index) => ({ instance: 'a', at: { ...opened, time: iso(t0 + 0.985 * HOUR + index * 9000) }, from, to, cause: 'failure_rate', text: index ? '' : 'failure rate 71.4 % >= 50 % over 100 calls in 10 s', method: 'explicit', confidence: 99, evidence: [{ time: opened.time, source: 'log', rule: 'R1', trace_id: 'ab'.repeat(16), span_id: null }], evidence_total: 1 })),
      codes: [{ code: '5001003', count: 58, share: 0.82, expected: 1.2, z: 9, lift: 46 }, { code: '5001007', count: 11, share: 0.15, expected: 9, z: 1, lift: 1.2 }],
      exemplars: ['last_failure', 'first_refused', 'closing'].map((kind) => ({ kind, time: opened.time, trace_id: 'ab'.repeat(16), span_id: null })),
      hurt: { traces: 412, traces_looked_at: 400, contained: 301, amplification: 2.4, callers: [{ distance: 0, service: 'order', traces: 412 }, { distance: 1, service: 'storefront', traces: 388 }, { distance: 2, service: 'edge-gateway', traces: 388 }], entry_points: [{ service: 'edge-gateway', operation: 'POST /api/v1/orders', traces: 388, failed: 97 }] },
      recovery: { admitted: 10, admitted_failed: 2, refused_share: 0.9, recovered_at: opened.time, dependency_ns: 3.1e10, release_ns: 1.2e10, drop_ratio: Array.from({ length: 60 }, (_, at) => (at < 40 ? Math.min(1, at / 8) : Math.max(0, 1 - (at - 40) / 12))) },
      changes: [{ kind: 'version', service: 'pay', what: 'v2.3.1', time: iso(t0), before_ns: 4.1e10, score: 1 }], root: null, parent: null, caused: [{ breaker_id: 'b1', service: 'cart', name: 'Quote', t: opened.time }],
    };
  if (/\/instances$/.test(path)) return { ...span, breaker: rows[0], instances: ['order-7f9c-1', 'order-7f9c-2'].map((instance, index) => ({ instance, state: 'closed', refused: 4, trips: [], lane: rows[index].lane })) };
  if (/^breakers\/[^/]+$/.test(path)) return { ...span, breaker: rows[0], times: { open_ns: 9e10, half_open_ns: 3e9, mean_to_recover_ns: 4e10, p95_to_recover_ns: 6e10, mean_between_ns: 9e11, episodes: 3, probes: 9, reopens: 2 }, flapping: { flaps: true, score: 2, reopen_ratio: 0.4, since: null }, adaptive: null, trips: [trip(opened, null)], known_since: iso(t0) };
  if (path === 'breakers') return { ...span, summary: { states: { open: 1, shedding: 1, closed: 61, unknown: 3 }, trips: 14, trips_before: 5, open_ns: 7.02e11, refused: 48210 }, breakers: rows, next_page_token: null, notices: [] };
  if (/^limits\/[^/]+\/clients$/.test(path)) return { limit: {}, clients: [{ caller: 'batch-import', rejected: 900, rejected_share: 0.9 }, { caller: null, rejected: 100, rejected_share: 0.1 }], meta };
  if (path === 'limits') return { limits: [{ id: 'l0', service: 'storefront', rule: 'bbr', kind: 'rate_limit', rejected: 1000, first: iso(t0), last: iso(t0 + HOUR), routes: [{ route: '/api/v1/orders', rejected: 1000 }], clients: 2 }], meta };
  if (/^errors\/codes\/[^/]+\/propagation$/.test(path)) return { code: '5001003', chains: [{ steps: [{ code: '5001003', service: 'pay' }, { code: '4002001', service: 'order' }, { code: 'HTTP 500', service: 'edge-gateway' }], services: ['pay', 'order', 'edge-gateway'], count: 2900, traces: ['ab'.repeat(16)] }], chains_total: 1, roles: {}, meta };
  if (/^errors\/codes\/[^/]+$/.test(path)) return { ...(CODES.find((one) => path.endsWith(one.code)) ?? CODES[0]), meta };
  if (path === 'errors/codes') return { codes: CODES, codes_total: CODES.length, count: 7461, unknown: [{ shape: '^ERR_[A-Z_]+$', forms: 17, samples: ['ERR_FOO', EVIL].map((one) => ({ code: one, service: 'pay', message: one, count: 10 })), count: 21, suggestion: '[[layout]]' }], meta };
  if (path === 'errors/tree') return { count: 7461, meta, children: [{ name: '50', title: 'pay', count: 4400, children: [{ name: '01', title: 'charge', count: 4400, children: [{ name: '5001003', title: 'bank timeout', count: 3100 }, { name: '5001007', count: 1300 }] }] }, { name: '40', title: 'order', count: 2400, children: [{ name: '02', count: 2400, children: [{ name: '4002001', count: 2400 }] }] }, { name: '53', title: 'stock', count: 640, children: [{ name: '01', count: 640, children: [{ name: '5301010', count: 640 }] }] }] };
  if (path === 'settings/code-layouts') return { layouts: [{ id: 'two-two-three', pattern: '^(?P<service>\\d{2})(?P<module>\\d{2})(?P<code>\\d{3})$' }], changeable: [] };
  return null;
}
