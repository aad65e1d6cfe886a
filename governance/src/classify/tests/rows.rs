//! What the facts of a row hold, and that no row breaks anything.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use proptest::prelude::*;
use schemas::{Table, UnixNanos};

use super::*;
use crate::facts::Amount;

const REFUSED: &str = "error: code = 503 reason = CIRCUITBREAKER message = x metadata = map[] cause = <nil>";

#[test]
fn a_refusal_says_who_when_and_how_often() {
    let facts = classify(Rules::shipped(), &span("kratos", 3, REFUSED, "*errors.Error", "rpc.status_code=503"));
    let [rejection] = facts.rejections.as_slice() else { panic!("{facts:?}") };
    assert_eq!((rejection.emitter.service.as_str(), rejection.emitter.instance.as_str()), ("shop", "i1"));
    assert_eq!(rejection.time, UnixNanos(otlp::START as i64 + 30_000), "when the exception was recorded");
    assert_eq!((rejection.http_status, rejection.reason.as_str()), (Some(503), "CIRCUITBREAKER"));
    assert_eq!(rejection.amount, Amount::Count(1.0));
    assert!(rejection.evidence.trace_id.is_some() && rejection.evidence.parent_span_id.is_some());
}

#[test]
fn a_sampled_span_stands_for_others() {
    let status = Some(Status { message: REFUSED.to_owned(), code: 2 });
    let sampled =
        Span { trace_id: vec![1; 16], span_id: vec![2; 8], kind: 3, status, trace_state: "ot=th:c".to_owned(), ..Default::default() };
    let facts = classify(Rules::shipped(), &otlp::of_span("kratos", sampled));
    assert_eq!(facts.rejections.iter().map(|rejection| rejection.amount).collect::<Vec<_>>(), [Amount::Count(4.0)]);
}

/// Two lines of one access log with the same time: two calls, as long as nothing tells that it is one.
#[test]
fn lines_that_nothing_tells_apart_are_added_up() {
    let line = |path: &str| log(&format!("[2024-06-01T12:00:07.000Z] \"GET {path} HTTP/1.1\" 503 UO 0 81 0 - \"-\" \"x\""), "");
    let told = |lines: Vec<Vec<schemas::TableBatch>>| {
        let facts = classify(Rules::shipped(), &lines.concat());
        facts.rejections.iter().map(|refused| (refused.operation.clone(), refused.reason.clone(), refused.amount)).collect::<Vec<_>>()
    };
    let calls = |path: &str, count: f64| (format!("GET {path}"), String::new(), Amount::Count(count));
    assert_eq!(told(vec![line("/a"), line("/b"), line("/a"), line("/a")]), [calls("/a", 3.0), calls("/b", 1.0)]);
    let spans = [span("kratos", 3, REFUSED, "", ""), span("kratos", 3, REFUSED, "", "")];
    assert_eq!(classify(Rules::shipped(), &spans.concat()).rejections.len(), 2, "spans have ids: the same one twice is one to a fold");
}

#[test]
fn a_rule_that_looks_at_the_name_of_an_event_tells_its_text() {
    let pairs = "circuitbreaker.name=pay|from=closed|to=open|cause=error_ratio";
    let facts = classify(Rules::shipped(), &otlp::event_log("circuit_breaker.state_change", "12 of 20 calls failed", pairs));
    let [signal] = facts.breaker_signals.as_slice() else { panic!("{facts:?}") };
    assert_eq!((signal.text.as_str(), signal.cause.as_str()), ("12 of 20 calls failed", "error_ratio"));
    let silent = classify(Rules::shipped(), &otlp::event_log("circuit_breaker.state_change", "", pairs));
    assert_eq!(silent.breaker_signals.iter().map(|signal| signal.text.as_str()).collect::<Vec<_>>(), [""]);
}

#[test]
fn a_counter_keeps_its_running_total() {
    let facts = classify(Rules::shipped(), &point("sum", "client_requests_code_total", 250.0, "operation=/a|reason=CIRCUITBREAKER"));
    let [rejection] = facts.rejections.as_slice() else { panic!("{facts:?}") };
    let Amount::Cumulative { value, start_time, .. } = rejection.amount else { panic!("{rejection:?}") };
    assert_eq!((value, start_time), (250.0, Some(UnixNanos(otlp::START as i64))));
}

#[test]
fn derived_columns_and_rows_follow_the_spans() {
    let rows = with_facts(Rules::shipped(), span("kratos", 3, REFUSED, "", ""), UnixNanos(7));
    assert_eq!(rows.iter().map(|batch| batch.table).collect::<Vec<_>>(), [Table::Spans, Table::Rejections, Table::Errors]);
    let errors = crate::tables::errors::read(&rows[2].batch).expect("just written");
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!((error.reason.as_str(), error.is_rejection, error.span_failed), ("CIRCUITBREAKER", true, true));
    assert_eq!(error.evidence.trace_id, crate::tables::rejections::read(&rows[1].batch).expect("just written")[0].evidence.trace_id);
    let column = |name| super::super::columns::column::<arrow::array::StringArray>(&rows[0].batch, name).map(|column| column.value(0));
    assert_eq!(column(schemas::columns::REJECTION_KIND), Some("breaker_open"));
    assert_eq!(column(schemas::columns::BREAKER_NAME), Some("op:/user.v1.User/Get"));
    assert_eq!(column(schemas::columns::ERROR_REASON), Some("CIRCUITBREAKER"));
}

#[test]
fn a_stream_whose_messages_were_refused_is_one_refused_call() {
    let exception = |at: u64| opentelemetry_proto::tonic::trace::v1::span::Event {
        time_unix_nano: otlp::START + at,
        name: "exception".to_owned(),
        attributes: vec![otlp::text("exception.type", "*errors.Error"), otlp::text("exception.message", REFUSED)],
        ..Default::default()
    };
    let status = Some(Status { message: REFUSED.to_owned(), code: 2 });
    let events = [10, 20, 30].map(exception).into();
    let stream = Span { trace_id: vec![1; 16], span_id: vec![2; 8], kind: 3, status, events, ..Default::default() };
    let facts = classify(Rules::shipped(), &otlp::of_span("kratos", stream));
    let [rejection] = facts.rejections.as_slice() else { panic!("{facts:?}") };
    assert_eq!((rejection.amount, rejection.time), (Amount::Count(1.0), UnixNanos(otlp::START as i64 + 10)), "the first one");
}

#[test]
fn labels_say_whose_a_scraped_point_is() {
    let labels = "resource=GET:/a|result=block|block_type=BlockTypeFlowControl|host=h1|app=shop|pid=7";
    let of = |batches: &[schemas::TableBatch]| {
        let facts = classify(Rules::shipped(), batches);
        let [rejection] = facts.rejections.as_slice() else { panic!("{facts:?}") };
        (rejection.emitter.service.clone(), rejection.emitter.instance.clone())
    };
    assert_eq!(of(&otlp::labelled_point("sum", "sentinel_go_handled_total", 17.0, labels)), ("shop".into(), "h1:7".into()));
    let other = labels.replace("app=shop", "app=other");
    assert_eq!(of(&point("sum", "sentinel_go_handled_total", 17.0, &other)), ("shop".into(), "i1".into()), "the resource says it");
}

/// Texts that look like those of rules, and anything else.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        REFUSED,
        "rpc error: ",
        "circuit breaker ",
        "is open",
        " from closed to open",
        "hystrix: circuit open",
        "SentinelBlockError: 7",
        "\0",
        "断路器",
        "{\"msg\":\"",
        "\"}",
        "CircuitBreaker 'a' is OPEN and does not permit further calls",
        "[http] dropped, ",
        "503 UO ",
        "ot=th:ffffffffffffff",
    ]);
    prop_oneof![".{0,40}", prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_record_panics_and_the_same_gives_the_same(texts in prop::collection::vec(any_text(), 5), kind in -1i32..7, value in any::<f64>()) {
        let [one, two, three, four, five] = texts.as_slice() else { unreachable!("five were asked for") };
        let pairs = format!("reason={two}|response_flags={three}|circuit_breaker.state={four}|to={five}");
        for batches in [
            span(one, kind, two, three, &pairs),
            otlp::event_log(four, one, &pairs),
            point("gauge", "circuit_breaker_state", value, &pairs),
            point("sum", "client_requests_code_total", value, &pairs),
        ] {
            prop_assert_eq!(said(&classify(Rules::shipped(), &batches)), said(&classify(Rules::shipped(), &batches)));
        }
    }
}
