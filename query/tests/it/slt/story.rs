//! The data behind the files: a checkout that fails, a health check, and a span without its parent.
//!
//! ```text
//! trace a1  0 ms  web  GET /checkout  500 ms                    trace b2  60 s   web   GET /health  1 ms
//!          50 ms  web  |- POST pay    300 ms  error                      60 s   库存  `- ping      0.5 ms
//!         100 ms  pay  |  `- charge   200 ms  error, 2 events, 1 link
//!         120 ms  pay  |     `- SELECT card  150 ms             trace c3  1 h    pay   lost         -1 us, its parent is unknown
//!         400 ms  库存 `- 预留库存     50 ms  ok
//! ```

use schemas::Signal;
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    records::{Any, Attributes, Event, Link, Log, Source, Span, attributes},
};

/// 2026-09-21T14:13:20Z
const START_NS: i64 = 1_790_000_000_000_000_000;
const MS: i64 = 1_000_000;

const CHECKOUT: u128 = 0xa1;
const HEALTH: u128 = 0xb2;
const LOST: u128 = 0xc3;

fn at(ms: i64) -> i64 {
    START_NS + ms * MS
}

fn web() -> Source {
    Source {
        resource: attributes([
            ("service.name", "web".into()),
            ("service.namespace", "shop".into()),
            ("service.version", "1.4.0".into()),
            ("deployment.environment", "prod".into()),
            ("k8s.pod.name", "web-1".into()),
            ("cloud.region", "eu-1".into()),
        ]),
        scope_name: Some("http".to_owned()),
        scope_version: Some("2.1".to_owned()),
        scope: attributes([("team", "front".into())]),
    }
}

fn pay() -> Source {
    Source {
        resource: attributes([
            ("service.name", "pay".into()),
            ("service.version", "2.0.0".into()),
            ("deployment.environment.name", "prod".into()),
            ("k8s.pod.name", "pay-1".into()),
            ("cloud.region", "eu-1".into()),
            ("shard", 7.into()),
        ]),
        scope_name: Some("grpc".to_owned()),
        ..Source::default()
    }
}

fn stock() -> Source {
    Source {
        resource: attributes([
            ("service.name", "库存".into()),
            ("host.name", "node-3".into()),
            ("cloud.region", "us-1".into()),
            ("shard", "7".into()),
        ]),
        ..Source::default()
    }
}

fn span(source: Source, trace: u128, id: u64, parent: Option<u64>, name: &str, attributes: Attributes) -> Span {
    Span { source, trace, id, parent, name: name.to_owned(), attributes, ..Span::default() }
}

fn checkout() -> Vec<Span> {
    let root = attributes([
        ("http.request.method", "GET".into()),
        ("http.route", "/checkout".into()),
        ("http.response.status_code", 200.into()),
        ("user.id", "u-1".into()),
        ("cart.items", 3.into()),
        ("price", 19.5.into()),
        ("vip", true.into()),
        ("tags", Any::List(vec!["a".into(), 1.into()])),
        ("nothing", Any::Empty),
    ]);
    let call = attributes([
        ("http.method", "POST".into()),
        ("http.status_code", 500.into()),
        ("net.peer.name", "pay.local".into()),
        ("user.id", "u-1".into()),
        ("cart.items", "3".into()),
    ]);
    let charge = attributes([
        ("rpc.system", "grpc".into()),
        ("rpc.method", "Charge".into()),
        ("rpc.grpc.status_code", 14.into()),
        ("error.type", "timeout".into()),
        ("retry.count", 2.into()),
    ]);
    let select =
        attributes([("db.system", "postgresql".into()), ("db.name", "cards".into()), ("db.statement", "SELECT *\nFROM card".into())]);
    let reserve = attributes([("messaging.system", "kafka".into()), ("messaging.destination", "orders".into()), ("库位", "A-7".into())]);
    let exception = attributes([("exception.type", "Timeout".into()), ("exception.message", "lock lost".into())]);
    let events = vec![
        Event { time_ns: at(250), name: "exception".to_owned(), attributes: exception },
        Event { time_ns: at(260), name: "retry".to_owned(), attributes: attributes([("attempt", 1.into())]) },
    ];
    let links = vec![Link { trace: HEALTH, span: 11, attributes: attributes([("why", "warm-up".into())]) }];
    let refused = Some("payment refused".to_owned());
    vec![
        Span { kind: 2, start_ns: at(0), duration_ns: 500 * MS, ..span(web(), CHECKOUT, 1, None, "GET /checkout", root) },
        Span {
            kind: 3,
            start_ns: at(50),
            duration_ns: 300 * MS,
            status: 2,
            status_message: refused,
            ..span(web(), CHECKOUT, 2, Some(1), "POST pay", call)
        },
        Span {
            kind: 2,
            start_ns: at(100),
            duration_ns: 200 * MS,
            status: 2,
            events,
            links,
            ..span(pay(), CHECKOUT, 3, Some(2), "charge", charge)
        },
        Span { kind: 3, start_ns: at(120), duration_ns: 150 * MS, ..span(pay(), CHECKOUT, 4, Some(3), "SELECT card", select) },
        Span {
            kind: 5, start_ns: at(400), duration_ns: 50 * MS, status: 1, ..span(stock(), CHECKOUT, 5, Some(1), "预留库存", reserve)
        },
    ]
}

fn others() -> Vec<Span> {
    let health = attributes([("http.route", "/health".into()), ("http.response.status_code", "200".into()), ("cart.items", 0.into())]);
    vec![
        Span { kind: 2, start_ns: at(60_000), duration_ns: MS, ..span(web(), HEALTH, 11, None, "GET /health", health) },
        Span { kind: 1, start_ns: at(60_000) + 200_000, duration_ns: MS / 2, ..span(stock(), HEALTH, 12, Some(11), "ping", vec![]) },
        Span { kind: 1, start_ns: at(3_600_000), duration_ns: -1000, status: 1, ..span(pay(), LOST, 21, Some(99), "lost", vec![]) },
    ]
}

fn logs() -> Vec<Log> {
    let of = |source, ms, severity, text: &str| Log {
        source,
        time_ns: at(ms),
        severity,
        severity_text: Some(text.to_owned()),
        ..Log::default()
    };
    let of_checkout = |log: Log, span| Log { trace: Some(CHECKOUT), span: Some(span), ..log };
    let failed = attributes([("exception.type", "Timeout".into()), ("exception.message", "lock lost".into()), ("attempt", "2".into())]);
    let login = Any::Map(attributes([("event", "login".into()), ("ok", true.into())]));
    vec![
        of_checkout(
            Log {
                body: Some("charging card".into()),
                attributes: attributes([("amount", 19.5.into()), ("attempt", 1.into())]),
                ..of(pay(), 100, 9, "INFO")
            },
            3,
        ),
        of_checkout(Log { body: Some("支付超时: lock lost".into()), attributes: failed, ..of(pay(), 250, 17, "ERROR") }, 3),
        of_checkout(
            Log {
                body: Some("库存不足".into()),
                attributes: attributes([("sku", "S-1".into()), ("left", 0.into())]),
                ..of(stock(), 410, 13, "WARN")
            },
            5,
        ),
        Log { body: Some(login), event_name: Some("login".to_owned()), ..of(web(), 1000, 9, "info") },
        Log { source: web(), observed_ns: at(2000), ..Log::default() },
    ]
}

fn metrics() -> Value {
    let label = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let depth = |ms: i64, depth: i64| json!({ "timeUnixNano": at(ms).to_string(), "asInt": depth.to_string(), "attributes": [label("queue", "orders")] });
    let requests = |ms: i64, count: f64, route: &str| json!({ "startTimeUnixNano": at(0).to_string(), "timeUnixNano": at(ms).to_string(), "asDouble": count, "attributes": [label("http.route", route)] });
    let latency = json!({
        "startTimeUnixNano": at(0).to_string(), "timeUnixNano": at(60_000).to_string(),
        "count": "3", "sum": 0.75, "min": 0.05, "max": 0.5, "explicitBounds": [0.1, 0.4], "bucketCounts": ["1", "1", "1"],
    });
    let metrics = json!([
        { "name": "queue.depth", "unit": "1", "gauge": { "dataPoints": [depth(0, 5), depth(60_000, 7)] } },
        {
            "name": "requests",
            "sum": { "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [requests(60_000, 4.0, "/checkout"), requests(60_000, 10.5, "/health")] },
        },
        { "name": "latency", "unit": "s", "histogram": { "aggregationTemporality": 1, "dataPoints": [latency] } },
    ]);
    json!({ "resourceMetrics": [{ "resource": { "attributes": [label("service.name", "web")] }, "scopeMetrics": [{ "metrics": metrics }] }] })
}

/// The story in two parts, each written to a block when it is in `flushed`.
pub(super) fn told(flushed: &[usize]) -> Loaded {
    let loaded = Loaded::empty();
    let (spans, logs) = (checkout(), logs());
    let parts: [(&[Span], &[Log]); 2] = [(&spans[..3], &logs[..2]), (&[&spans[3..], &others()[..]].concat(), &logs[2..])];
    for (part, (spans, logs)) in parts.into_iter().enumerate() {
        loaded.send_spans(spans);
        loaded.send_logs(logs);
        if part == 0 {
            loaded.send_json(Signal::Metrics, &metrics());
        }
        if flushed.contains(&part) {
            loaded.store.flush().expect("a working disk");
        }
    }
    loaded
}
