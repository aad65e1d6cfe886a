//! Trips: spans, logs and metrics say the same of a breaker, and the truth says what they say.

use std::collections::{BTreeMap, BTreeSet};

use demo::{BreakerState, Config, ScenarioKind, Scenarios, TripTruth};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    logs::v1::LogRecord,
    metrics::v1::{NumberDataPoint, metric::Data, number_data_point},
    trace::v1::Span,
};
use proptest::prelude::*;

use crate::{Day, OPENING, SECOND_NS, text_of};

/// Client spans of a guarded call, by library: scope and name.
const GUARDED_CALLS: [(&str, &str, &str); 3] = [
    ("user", "otelgrpc", "user.v1.Session/Verify"),
    ("order", "otelgrpc", "order.v1.Order/Create"),
    ("recommendation", "otelgrpc", "recommendation.v1.RecommendationService/ListRecommendations"),
];

fn status(span: &Span) -> &str {
    span.status.as_ref().map_or("", |status| status.message.as_str())
}

pub(crate) fn body(log: &LogRecord) -> &str {
    match log.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// Trips of breakers of `framework`.
fn trips<'a>(day: &'a Day, framework: &'a str) -> impl Iterator<Item = &'a TripTruth> {
    day.truth.governance.trips().filter(move |trip| trip.breaker.framework == framework)
}

fn refused(day: &Day, framework: &str, service: &str) -> u64 {
    trips(day, framework).filter(|trip| trip.breaker.service == service).map(|trip| trip.refused).sum()
}

/// Every point of the metric of that name, with its instance.
pub(crate) fn points<'a>(day: &'a Day, name: &'a str) -> impl Iterator<Item = (&'a str, &'a NumberDataPoint)> {
    let metrics = day.metrics.iter().filter(move |(_, _, metric)| metric.name == name);
    metrics.flat_map(|(instance, _, metric)| {
        let points = match metric.data.as_ref() {
            Some(Data::Sum(data)) => data.data_points.as_slice(),
            Some(Data::Gauge(data)) => data.data_points.as_slice(),
            _ => &[],
        };
        points.iter().map(move |point| (instance.as_str(), point))
    })
}

pub(crate) fn number(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(number_data_point::Value::AsDouble(value)) => value,
        Some(number_data_point::Value::AsInt(value)) => value as f64,
        None => f64::NAN,
    }
}

/// The last value of each series of a cumulative counter: instance, then the values of `keys`.
pub(crate) fn totals(day: &Day, name: &str, keys: &[&str]) -> BTreeMap<Vec<String>, f64> {
    let mut totals = BTreeMap::new();
    for (instance, point) in points(day, name) {
        let labels = keys.iter().map(|key| text_of(&point.attributes, key).unwrap_or_default());
        totals.insert(std::iter::once(instance.to_owned()).chain(labels).collect(), number(point));
    }
    totals
}

fn state_at(trips: &[&TripTruth], at: i64) -> BreakerState {
    let changes = trips.iter().flat_map(|trip| &trip.changes);
    changes.filter(|(change, _)| change.0 <= at).max_by_key(|(change, _)| *change).map_or(BreakerState::Closed, |(_, state)| *state)
}

/// All that is claimed of any day.
fn check(day: &Day) {
    let governance = &day.truth.governance;
    let by_trips: u64 = governance.trips().map(|trip| trip.refused).sum();
    let by_limits: u64 = governance.limits().map(|limit| limit.refused).sum();
    assert_eq!(day.truth.totals.refused, by_trips + by_limits);
    for trip in governance.trips() {
        assert!(trip.changes.is_sorted_by_key(|(at, _)| *at), "{trip:?}");
        assert!(trip.closed.is_none() || trip.changes.last() == trip.closed.map(|at| (at, BreakerState::Closed)).as_ref(), "{trip:?}");
        assert!(trip.first_refused.is_none_or(|first| trip.opened <= first), "{trip:?}");
        assert!(trip.closed.zip(trip.last_refused).is_none_or(|(closed, last)| last <= closed), "{trip:?}");
    }
    check_kratos(day);
    check_gobreaker_under_kratos(day);
    check_logged_changes(day);
    check_sentinel(day);
    check_resilience4j(day);
    check_nothing_goes_out_while_open(day);
}

fn check_kratos(day: &Day) {
    let text = "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] \
                cause = <nil>";
    let refusals: Vec<_> =
        day.spans.iter().filter(|(_, scope, span)| scope == "kratos" && span.kind == 3 && status(span) == text).collect();
    assert_eq!(refusals.len() as u64, trips(day, "kratos").map(|trip| trip.refused).sum::<u64>());
    let counted: f64 = totals(day, "client_requests_code_total", &["operation", "reason"])
        .iter()
        .filter(|(labels, _)| labels[2] == "CIRCUITBREAKER")
        .map(|(_, count)| count)
        .sum();
    let local = refusals.len() as f64;
    // Callers that are Kratos too count it again with its reason; the shop's only such edge is notification's, and that is Spring.
    assert_eq!(counted, local);
    for (service, _, span) in refusals {
        let event = &span.events[0];
        assert_eq!(text_of(&event.attributes, "exception.type").as_deref(), Some("*errors.Error"));
        assert_eq!(text_of(&span.attributes, "net.peer.ip"), None, "no header went out");
        assert!(span.end_time_unix_nano - span.start_time_unix_nano < 1_000_000);
        let logged = |(_, _, log): &&(String, String, LogRecord)| {
            let kind = text_of(&log.attributes, "kind");
            log.span_id == span.span_id && (kind.as_deref() == Some("client") || body(log).contains(" kind=client "))
        };
        assert_eq!(day.logs.iter().filter(logged).count(), 1, "{service}");
    }
    check_no_children(day, |_, span| status(span) == text && span.kind == 3);
}

fn check_gobreaker_under_kratos(day: &Day) {
    let refuses = |span: &Span| span.kind == 3 && ["circuit breaker is open", "too many requests"].contains(&status(span));
    let refusals = day.spans.iter().filter(|(service, scope, span)| service == "order" && scope == "kratos" && refuses(span));
    let types: Vec<_> = refusals.map(|(_, _, span)| text_of(&span.events[0].attributes, "exception.type")).collect();
    assert_eq!(types.len() as u64, refused(day, "gobreaker", "order"));
    assert!(types.iter().all(|kind| kind.as_deref() == Some("*errors.errorString")), "{types:?}");
    // Callers of `order` get its words as they are: their spans have children.
    check_no_children(day, |service, span| service == "order" && refuses(span));
}

/// What was refused never reached anybody.
fn check_no_children(day: &Day, refuses: impl Fn(&str, &Span) -> bool) {
    let parents: BTreeSet<&[u8]> = day.spans.iter().map(|(_, _, span)| span.parent_span_id.as_slice()).collect();
    for (service, _, span) in day.spans.iter().filter(|(service, _, span)| refuses(service, span)) {
        assert!(!parents.contains(span.span_id.as_slice()), "{service} {} was refused and has a child", span.name);
    }
}

/// Instance, breaker, time and what was said of it.
type Said = BTreeSet<(String, String, u64, String)>;

fn check_logged_changes(day: &Day) {
    let (mut logged, mut hystrix) = (Said::new(), Said::new());
    for ((_, _, log), (pod, _)) in day.logs.iter().zip(&day.log_senders) {
        let at = log.time_unix_nano;
        if let Some((_, fields)) = body(log).split_once(" msg=Circuit breaker state changed name=") {
            let (name, change) = fields.split_once(' ').expect("name, then from and to");
            logged.insert((pod.clone(), name.to_owned(), at, change.to_owned()));
        }
        let line: serde_json::Value = serde_json::from_str(body(log)).unwrap_or_default();
        let field = |key: &str| line[key].as_str().unwrap_or_default();
        if field("msg") == "Circuit breaker state changed" {
            logged.insert((pod.clone(), field("name").to_owned(), at, format!("from={} to={}", field("from"), field("to"))));
        }
        if let Some((said, name)) = field("msg").rsplit_once(' ').filter(|(said, _)| said.starts_with("hystrix-go: ")) {
            assert!(log.trace_id.is_empty());
            hystrix.insert((pod.clone(), name.to_owned(), at, said.to_owned()));
        }
    }
    let (mut expected, mut expected_hystrix) = (Said::new(), Said::new());
    for trip in day.truth.governance.trips() {
        let mut from = BreakerState::Closed;
        for (at, to) in &trip.changes {
            let said = |text: String| (trip.pod.clone(), trip.breaker.name.clone(), at.0 as u64, text);
            match (trip.breaker.framework, *to) {
                ("gobreaker", to) => _ = expected.insert(said(format!("from={} to={}", from.as_str(), to.as_str()))),
                ("hystrix-go", BreakerState::Open) if from == BreakerState::Closed => {
                    expected_hystrix.insert(said("hystrix-go: opening circuit".to_owned()));
                }
                ("hystrix-go", BreakerState::HalfOpen) => {
                    expected_hystrix.insert(said("hystrix-go: allowing single test to possibly close circuit".to_owned()));
                }
                ("hystrix-go", BreakerState::Closed) => _ = expected_hystrix.insert(said("hystrix-go: closing circuit".to_owned())),
                _ => {}
            }
            from = *to;
        }
    }
    assert_eq!(logged, expected);
    assert_eq!(hystrix, expected_hystrix);
}

fn check_sentinel(day: &Day) {
    let mut changes: BTreeMap<Vec<String>, f64> = BTreeMap::new();
    let name = |state: BreakerState| match state {
        BreakerState::Closed => "Closed".to_owned(),
        BreakerState::Open => "Open".to_owned(),
        BreakerState::HalfOpen => "HalfOpen".to_owned(),
    };
    for trip in trips(day, "sentinel-go") {
        let mut from = BreakerState::Closed;
        for (_, to) in &trip.changes {
            *changes.entry(vec![trip.pod.clone(), trip.breaker.name.clone(), name(from), name(*to)]).or_default() += 1.0;
            from = *to;
        }
    }
    let labels = ["resource", "from_state", "to_state"];
    assert_eq!(totals(day, "sentinel_go_circuit_breaker_state_changed_total", &labels), changes);

    let blocked = |block_type: &str| -> f64 {
        let handled = totals(day, "sentinel_go_handled_total", &["resource", "result", "block_type"]);
        handled.iter().filter(|(labels, _)| labels[2] == "block" && labels[3] == block_type).map(|(_, count)| count).sum()
    };
    assert_eq!(blocked("BlockTypeCircuitBreaking"), refused(day, "sentinel-go", "storefront") as f64);
    let limited: u64 = day.truth.governance.limits().map(|limit| limit.refused).sum();
    assert_eq!(blocked("BlockTypeFlowControl"), limited as f64);
}

fn check_resilience4j(day: &Day) {
    let mut hot: BTreeMap<(&str, u64), Vec<String>> = BTreeMap::new();
    let mut series = 0;
    for (instance, point) in points(day, "resilience4j.circuitbreaker.state") {
        let states = hot.entry((instance, point.time_unix_nano)).or_default();
        states.extend((number(point) == 1.0).then(|| text_of(&point.attributes, "state").unwrap_or_default()));
        series += 1;
    }
    assert_eq!(series, hot.len() * 6);
    for ((instance, at), states) in hot {
        let trips: Vec<_> = trips(day, "resilience4j").filter(|trip| trip.pod == instance).collect();
        assert_eq!(states, [state_at(&trips, at as i64).as_str().replace('-', "_")], "{instance}");
    }
    let refused_calls: f64 = totals(day, "resilience4j.circuitbreaker.not.permitted.calls", &["name", "kind"]).values().sum();
    assert_eq!(refused_calls, refused(day, "resilience4j", "payment") as f64);
}

/// The interceptors are above the instrumentation: a refused call has no span, and an open breaker lets none out.
fn check_nothing_goes_out_while_open(day: &Day) {
    for (breaker, scope_end, span_name) in GUARDED_CALLS {
        let mut by_pod: BTreeMap<&str, Vec<&TripTruth>> = BTreeMap::new();
        for trip in day.truth.governance.trips().filter(|trip| trip.breaker.service == "storefront" && trip.breaker.name == breaker) {
            by_pod.entry(&trip.pod).or_default().push(trip);
        }
        for ((_, scope, span), (pod, _)) in day.spans.iter().zip(&day.span_senders) {
            if span.kind != 3 || span.name != span_name || !scope.ends_with(scope_end) {
                continue;
            }
            let trips = by_pod.get(pod.as_str()).map_or(&[][..], Vec::as_slice);
            let state = state_at(trips, span.start_time_unix_nano as i64);
            assert_ne!(state, BreakerState::Open, "{pod} called {span_name} at {}", span.start_time_unix_nano);
        }
    }
}

#[test]
fn a_scheduled_day_agrees_with_its_truth() {
    check(&Day::live(5, 8.0, 240, 240));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_agrees_with_its_truth(seed: u64, kind in 0_usize..9, hour in 0_i64..24, step in 1_i64..60) {
        let scenarios = Scenarios::Only(ScenarioKind::ALL[kind]);
        let config = Config { seed, requests_per_second: 6.0, scenarios, ..Config::default() };
        check(&Day::live_from(OPENING + hour * 3_600 * SECOND_NS, config, 100, step));
    }
}
