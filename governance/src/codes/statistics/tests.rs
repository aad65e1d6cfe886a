mod laws;

use std::collections::HashMap;

use schemas::{SpanId, TraceId, UnixNanos};

use super::*;
use crate::{
    codes::{
        Extractor, Record, SpanStatus,
        counted::CountRule,
        lineage::{Link, Role},
    },
    facts::{Amount, Error, Source, SpanKind},
};

const WHOLE: Count<'static> = Count { every_hop: false, service: "", environment: "", start: 0, end: 100, buckets: 4, grain_ns: 1 };

fn traced<'a>(errors: &'a [Error], rules: &[CountRule]) -> Traced<'a> {
    Traced::of(errors.iter().map(|error| Reported::of(error, 0)), rules, &HashMap::new(), |_| None)
}

fn error(trace: u8, span: u8, parent: u8, service: &str, code: &str, time: i64) -> Error {
    let mut record = Record::empty(Source::Span, UnixNanos(time));
    let attributes = format!("{{\"error.code\":\"{code}\"}}");
    (record.attributes, record.span_status, record.span_kind) = (&attributes, SpanStatus::Error, Some(SpanKind::Server));
    record.duration_ns = Some(100 - i64::from(span));
    let mut error = Extractor::default().extract(&record).expect("an error");
    error.emitter.service = service.to_owned();
    error.evidence.trace_id = TraceId::from_slice(&[trace; 16]);
    error.evidence.span_id = SpanId::from_slice(&[span; 8]);
    error.evidence.parent_span_id = SpanId::from_slice(&[parent; 8]);
    error
}

fn errors() -> Vec<Error> {
    let of_trace = |trace: u8, time: i64| {
        vec![
            error(trace, 1, 0, "gateway", "1000001", time),
            error(trace, 2, 1, "order", "5001003", time),
            error(trace, 3, 2, "stock", "5001003", time),
        ]
    };
    let mut all = [of_trace(1, 10), of_trace(2, 90), vec![error(3, 3, 0, "stock", "5001003", 50)]].concat();
    all[2].amount = Amount::Count(4.0);
    all
}

#[test]
fn born_or_every_hop() {
    let errors = errors();
    let traced = traced(&errors, &[]);
    let born = traced.by_code(WHOLE).codes;
    assert_eq!(born.len(), 1, "the gateway only translated");
    let code = &born[0];
    assert_eq!((code.code.as_str(), code.count, code.records, code.traces), ("5001003", 6.0, 3, 3));
    assert_eq!(code.born, [("stock".to_owned(), 6.0)]);
    assert_eq!(code.reaches.iter().collect::<Vec<_>>(), ["gateway", "order", "stock"]);
    assert_eq!((code.first_ns, code.last_ns, code.trend.as_slice()), (10, 90, [4.0, 0.0, 1.0, 1.0].as_slice()));
    assert_eq!((code.oldest_trace, code.newest_trace), (TraceId::from_slice(&[1; 16]), TraceId::from_slice(&[2; 16])));

    let hops = traced.by_code(Count { every_hop: true, ..WHOLE }).codes;
    let counts: Vec<_> = hops.iter().map(|code| (code.code.as_str(), code.count)).collect();
    assert_eq!(counts, [("5001003", 8.0), ("1000001", 2.0)]);
}

#[test]
fn ways_of_a_code() {
    let errors = errors();
    let traced = traced(&errors, &[]);
    let ways = traced.ways("5001003");
    let shown: Vec<_> = ways
        .iter()
        .map(|way| {
            (
                way.steps.iter().map(|(code, service)| format!("{service} {code}")).collect::<Vec<_>>().join(" > "),
                way.count,
                way.traces.len(),
            )
        })
        .collect();
    assert_eq!(shown, [("stock 5001003 > gateway 1000001".to_owned(), 5.0, 2), ("stock 5001003".to_owned(), 1.0, 1)]);
    assert_eq!(traced.ways("1000001").len(), 1);
    assert_eq!(traced.ways("nothing"), []);
}

#[test]
fn rules_hold_before_anything_is_counted() {
    let errors = errors();
    let rules = [CountRule { services: vec!["stock".into()], ignore: vec!["5001003".into()], ..CountRule::default() }];
    let traced = traced(&errors, &rules);
    let born = traced.by_code(WHOLE).codes;
    assert_eq!(born[0].born, [("order".to_owned(), 2.0)], "what stock does not count is born where it is counted first");
}

#[test]
fn against_the_past() {
    let day = 24 * 3_600_000_000_000;
    let check = |records, last_days: Option<i64>, usual, expected| {
        let past = Past { last_ns: last_days.map(|days| 100 * day - days * day), usual };
        assert_eq!(standing(records, 100 * day, past), expected);
    };
    check(1.0, None, 0.0, Standing::New);
    check(1.0, Some(8), 0.0, Standing::Regressed);
    check(1.0, Some(1), 0.0, Standing::Steady);
    check(20.0, Some(1), 2.0, Standing::Spiking);
    check(120.0, Some(1), 80.0, Standing::Steady);
}

#[test]
fn only_those_of_a_service_or_environment() {
    let mut errors = errors();
    errors[6].emitter.environment = "test".to_owned();
    let traced = traced(&errors, &[]);
    let check = |service, environment, every_hop, expected: &[(&str, f64)]| {
        let counts = traced.by_code(Count { service, environment, every_hop, ..WHOLE });
        let shown: Vec<_> = counts.codes.iter().map(|code| (code.code.as_str(), code.count)).collect();
        assert_eq!(shown, expected, "{service} {environment}");
    };
    check("stock", "", false, &[("5001003", 6.0)]);
    check("order", "", false, &[]);
    check("order", "", true, &[("5001003", 2.0)]);
    check("gateway", "", true, &[("1000001", 2.0)]);
    check("stock", "test", false, &[("5001003", 1.0)]);
}

/// `order` called `stock` from a span that did not fail, below one that did not fail either.
#[test]
fn spans_tell_what_errors_alone_do_not() {
    let errors = [error(1, 1, 0, "gateway", "1000001", 10), error(1, 3, 2, "stock", "5001003", 10), error(2, 3, 2, "stock", "5001003", 20)];
    let (trace, other) = (TraceId([1; 16]), TraceId([2; 16]));
    let link = |span: u8, parent: u8| Link { span: SpanId([span; 8]), parent: SpanId::from_slice(&[parent; 8]), service: "any" };
    let spans = HashMap::from([(trace, vec![link(1, 0), link(2, 1), link(3, 2)]), (other, vec![link(1, 0), link(2, 1), link(3, 2)])]);
    let traced = Traced::of(errors.iter().map(|error| Reported::of(error, 0)), &[], &spans, |_| None);
    assert_eq!(traced.roles, [Role::Translated { from: 1 }, Role::Origin, Role::Origin]);
    assert_eq!(traced.swallowed, [Swallowed { error: 2, by: SpanId([2; 8]) }]);
    assert_eq!(traced.ways("5001003").len(), 2);
}
