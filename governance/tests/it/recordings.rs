//! What real libraries sent, recorded once by `examples/recorders/record` and never edited: each becomes its facts and its trips.
//!
//! Every story is the same: five calls that are well, a dependency that fails until calls are refused, and one that is well again.

use std::{collections::BTreeMap, fs, path::Path};

use governance::{
    classify::{Rules, classify},
    facts::{Amount, Facts, Rejection, Signal as Said},
    fold::{Input, TraceShape, fold},
};
use schemas::{
    Signal, UnixNanos,
    interop::lines::{Source, write},
    otlp::{DecodeLimits, Format, decode},
};

const MINUTE_NS: i64 = 60_000_000_000;

/// `facts` are "count × rule what library name", `trips` are "name by method for duration, refused".
#[track_caller]
fn check(library: &str, facts: &[&str], trips: &[&str]) {
    let told = recorded(library);
    assert_eq!((counted(&told), folded(&told)), (owned(facts), owned(trips)), "{library}");
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

/// Of `LIBRARY.SIGNAL.jsonl` a request a line; any other `LIBRARY.FILE` is a log file that the library wrote.
fn recorded(library: &str) -> Facts {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut files: Vec<_> = fs::read_dir(&folder).expect("recordings").map(|entry| entry.expect("a file").file_name()).collect();
    files.sort();
    let mut facts = Facts::default();
    for file in files.iter().filter_map(|file| file.to_str()) {
        let Some(name) = file.strip_prefix(library).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let text = fs::read_to_string(folder.join(file)).expect("text");
        match name {
            "traces.jsonl" => text.lines().for_each(|line| add(&mut facts, Signal::Traces, Format::Json, line.as_bytes())),
            "logs.jsonl" => text.lines().for_each(|line| add(&mut facts, Signal::Logs, Format::Json, line.as_bytes())),
            "metrics.jsonl" => text.lines().for_each(|line| add(&mut facts, Signal::Metrics, Format::Json, line.as_bytes())),
            _ => {
                let texts = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
                let of_shop = [texts("service.name", "shop"), texts("service.instance.id", "shop-1")].concat();
                let source = Source { resource: of_shop, record: texts("log.file.name", name), ..Source::default() };
                let written = write(&source, text.lines().map(str::as_bytes), 0, &|_| 0);
                add(&mut facts, Signal::Logs, Format::Protobuf, &written.protobuf);
            }
        }
    }
    facts
}

fn add(facts: &mut Facts, signal: Signal, format: Format, body: &[u8]) {
    let decoded = decode(signal, format, body, UnixNanos(0), &DecodeLimits::default()).expect("valid OTLP");
    let said = classify(Rules::shipped(), &decoded.batches);
    facts.rejections.extend(said.rejections);
    facts.breaker_signals.extend(said.breaker_signals);
    facts.resilience_actions.extend(said.resilience_actions);
    facts.errors.extend(said.errors.into_iter().filter(|error| error.is_rejection));
}

fn counted(facts: &Facts) -> Vec<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    for fact in &facts.rejections {
        *counts.entry(format!("{} {} {} {}", fact.evidence.rule, fact.kind.word(), fact.framework, fact.name)).or_default() += calls(fact);
    }
    for fact in &facts.breaker_signals {
        let what = match fact.signal {
            Said::Transition { from, to } => format!("{}>{}", from.map_or("?", |state| state.word()), to.word()),
            Said::Counter { to, .. } => format!("count >{}", to.word()),
            Said::OneHot { state, value } => format!("{}={value}", state.word()),
            Said::Enum { value, .. } => format!("gauge {value}"),
            Said::Seen { state } => format!("seen {}", state.word()),
            Said::ConfigReload => "reload".to_owned(),
        };
        *counts.entry(format!("{} {what} {} {}", fact.evidence.rule, fact.framework, fact.name)).or_default() += 1;
    }
    for fact in &facts.resilience_actions {
        *counts.entry(format!("{} {} {} {}", fact.evidence.rule, fact.action.word(), fact.framework, fact.name)).or_default() += 1;
    }
    counts.into_iter().map(|(what, count)| format!("{count} × {what}")).collect()
}

/// Lines that nothing tells apart are one fact.
fn calls(fact: &Rejection) -> usize {
    match fact.amount {
        Amount::Count(calls) => calls as usize,
        Amount::Cumulative { .. } => 1,
    }
}

fn folded(facts: &Facts) -> Vec<String> {
    let times = facts.rejections.iter().map(|fact| fact.time.0).chain(facts.breaker_signals.iter().map(|fact| fact.time.0));
    let (first, last) = times.fold((i64::MAX, i64::MIN), |(first, last), time| (first.min(time), last.max(time)));
    let (since, until) = (UnixNanos(first - MINUTE_NS), UnixNanos(last + MINUTE_NS));
    let mut shape = TraceShape::default();
    for error in &facts.errors {
        if let (Some(trace), Some(span)) = (error.evidence.trace_id, error.evidence.span_id) {
            shape.add(trace, span, error.evidence.parent_span_id);
        }
    }
    let parameters = Rules::shipped().parameters();
    let told = fold(&Input { spans: Some(&shape), parameters, ..Input::new(&facts.rejections, &facts.breaker_signals, since, until) });
    let mut lines = Vec::new();
    for breaker in &told.breakers {
        for trip in breaker.instances.iter().flat_map(|history| &history.trips) {
            let length =
                trip.closed.map_or("ever".to_owned(), |closed| format!("{:.1} s", (closed.time.0 - trip.opened.time.0) as f64 / 1e9));
            lines.push(format!("{} {} by {:?} for {length}, {} refused", breaker.key.family, breaker.key.name, trip.method, trip.refused));
        }
    }
    lines
}

#[test]
fn failsafe_go() {
    check(
        "failsafe-go",
        &[
            "1 × breaker.log.fields closed>open  pay",
            "1 × breaker.log.fields half_open>closed  pay",
            "1 × breaker.log.fields open>half_open  pay",
            "5 × go.breaker.open breaker_open  op:charge",
        ],
        &[" pay by Explicit for 1.2 s, 5 refused"],
    );
}

#[test]
fn sentinel_go() {
    check(
        "sentinel-go",
        &[
            "5 × sentinel.metriclog unknown_429  pay",
            "2 × sentinel.metriclog unknown_429  search",
            "1 × sentinel.rules reload sentinel-go *",
            "5 × sentinel.text breaker_open sentinel-go op:charge",
            "2 × sentinel.text rate_limit sentinel-go op:charge",
        ],
        &["sentinel-go op:charge by RejectionBurst for 0.0 s, 5 refused"],
    );
}

/// The exceptions say neither a message nor which resource, the block log names it, and the application's observer knows when. The block log
/// has a line for each second.
#[test]
fn sentinel_java() {
    check(
        "sentinel-java",
        &[
            "1 × breaker.log.text closed>open  ",
            "1 × breaker.log.text half_open>closed  ",
            "1 × breaker.log.text open>half_open  ",
            "6 × sentinel.java.block breaker_open sentinel-java pay",
            "2 × sentinel.java.block rate_limit sentinel-java search",
            "6 × sentinel.java.exception breaker_open sentinel-java ",
            "6 × sentinel.java.exception breaker_open sentinel-java op:charge",
            "2 × sentinel.java.exception rate_limit sentinel-java ",
            "2 × sentinel.java.exception rate_limit sentinel-java op:charge",
            "6 × sentinel.metriclog unknown_429  pay",
            "2 × sentinel.metriclog unknown_429  search",
        ],
        &["sentinel-java pay by Explicit for 7.6 s, 6 refused"],
    );
}

/// The errors of the spans above are those of the client's: counted once.
#[test]
fn go_zero() {
    check(
        "go-zero",
        &[
            "1 × go-zero.alert seen open go-zero op:/charge",
            "5 × go-zero.drop unknown_503 go-zero op:/charge",
            "8 × go-zero.httpc.log breaker_open go-zero op:/pay",
            "8 × go-zero.rpc breaker_open go-zero op:/pay",
            "8 × go.breaker.open breaker_open  op:charge",
        ],
        &["go-zero op:/charge by RejectionBurst for 0.0 s, 5 refused", "go-zero op:/pay by RejectionBurst for 0.0 s, 8 refused"],
    );
}

/// A log line, a span and a counter tell of each refused call.
#[test]
fn resilience4j() {
    check(
        "resilience4j",
        &[
            "1 × resilience4j.log closed>open resilience4j pay",
            "1 × resilience4j.log half_open>closed resilience4j pay",
            "1 × resilience4j.log open>half_open resilience4j pay",
            "7 × resilience4j.not_permitted breaker_open resilience4j pay",
            "4 × resilience4j.state closed=0 resilience4j pay",
            "4 × resilience4j.state closed=1 resilience4j pay",
            "8 × resilience4j.state disabled=0 resilience4j pay",
            "8 × resilience4j.state forced_open=0 resilience4j pay",
            "8 × resilience4j.state half_open=0 resilience4j pay",
            "8 × resilience4j.state metrics_only=0 resilience4j pay",
            "4 × resilience4j.state open=0 resilience4j pay",
            "4 × resilience4j.state open=1 resilience4j pay",
            "14 × resilience4j.text breaker_open resilience4j pay",
            "14 × resilience4j.text seen open resilience4j pay",
        ],
        &["resilience4j pay by Explicit for 7.7 s, 7 refused"],
    );
}

/// Hystrix closes at the probe after its sleep window; the agent's spans say that it was open.
#[test]
fn hystrix() {
    check(
        "hystrix",
        &["5 × hystrix.java.span seen open hystrix Charge", "8 × hystrix.java.text breaker_open hystrix Charge"],
        &["hystrix Charge by RejectionBurst for 6.9 s, 4 refused"],
    );
}

/// Both access logs of the same requests: the one over OTLP knows the cluster and times to the nanosecond. Of the file the lines
/// of one millisecond cannot be told apart: they are added up.
#[test]
fn envoy() {
    check(
        "envoy",
        &[
            "16 × envoy.flags concurrency_cap envoy pay",
            "2 × envoy.flags rate_limit envoy pay",
            "5 × envoy.flags.timeout timeout envoy pay",
            "3 × envoy.gauge gauge 0 envoy pay/default/cx_pool",
            "2 × envoy.gauge gauge 0 envoy pay/default/rq",
            "2 × envoy.gauge gauge 0 envoy pay/default/rq_pending",
            "3 × envoy.gauge gauge 0 envoy pay/high/cx_pool",
            "3 × envoy.gauge gauge 1 envoy pay/default/cx",
            "1 × envoy.gauge gauge 1 envoy pay/default/rq",
            "1 × envoy.gauge gauge 1 envoy pay/default/rq_pending",
            "3 × envoy.overflow concurrency_cap envoy pay/upstream_rq_pending_overflow",
            "2 × envoy.ratelimit rate_limit envoy limited",
            "16 × istio.accesslog concurrency_cap envoy op:GET /slow",
            "2 × istio.accesslog rate_limit envoy op:GET /limited",
        ],
        &[
            "envoy pay/default/cx by EnumGauge for ever, 0 refused",
            "envoy pay/default/rq by EnumGauge for 2.0 s, 0 refused",
            "envoy pay/default/rq_pending by EnumGauge for 2.0 s, 0 refused",
            "envoy pay by RejectionBurst for 1.6 s, 16 refused",
            "envoy op:GET /slow by RejectionBurst for 1.6 s, 16 refused",
        ],
    );
}
