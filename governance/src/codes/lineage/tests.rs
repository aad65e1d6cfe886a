use proptest::prelude::*;
use schemas::SpanId;

use super::*;
use crate::facts::{CodeSource, SpanKind};

fn id(number: u8) -> SpanId {
    SpanId([number; 8])
}

/// Span `number` below `parent` (0: a root) with an error; it runs inside its parent when its number is higher.
fn hop<'a>(number: u8, parent: u8, service: &'a str, code: &'a str) -> Hop<'a> {
    let weak = ["http:", "grpc:"].iter().any(|start| code.starts_with(start));
    let named = code.starts_with("exc:") || code.starts_with("msg:");
    Hop {
        span: Some(id(number)),
        parent: (parent > 0).then(|| id(parent)),
        service,
        code,
        reason: "",
        message: "",
        fingerprint: u64::from(number) + 1,
        code_source: match (weak, named) {
            (true, _) => CodeSource::Status,
            (_, true) => CodeSource::ExceptionType,
            _ => CodeSource::Attribute,
        },
        span_kind: Some(SpanKind::Server),
        is_span: true,
        start: i64::from(number),
        end: 1_000 - i64::from(number),
    }
}

fn client<'a>(number: u8, parent: u8, service: &'a str, code: &'a str) -> Hop<'a> {
    Hop { span_kind: Some(SpanKind::Client), ..hop(number, parent, service, code) }
}

fn links(all: &[(u8, u8)]) -> Vec<Link<'static>> {
    all.iter().map(|&(span, parent)| Link { span: id(span), parent: (parent > 0).then(|| id(parent)), service: "any" }).collect()
}

fn roles(hops: &[Hop<'_>], spans: &[Link<'_>]) -> Vec<Role> {
    trace_roles(hops, spans, |_| None).roles
}

use Role::{Duplicate, Fabricated, Origin, Propagated, Translated};

/// Case 26 and the chain of the page: 5001003 -> 4002001 -> HTTP 500.
#[test]
fn the_deepest_is_the_origin() {
    let hops = [hop(1, 0, "gateway", "5001003"), hop(2, 1, "stock", "5001003")];
    assert_eq!(roles(&hops, &[]), [Propagated { from: 1 }, Origin], "26");

    let hops = [
        hop(1, 0, "gateway", "http:500"),
        client(2, 1, "gateway", "http:500"),
        hop(3, 2, "order", "4002001"),
        client(4, 3, "order", "grpc:UNKNOWN"),
        hop(5, 4, "stock", "5001003"),
    ];
    let found = roles(&hops, &[]);
    assert_eq!(found, [Propagated { from: 1 }, Propagated { from: 2 }, Translated { from: 3 }, Propagated { from: 4 }, Origin]);
    let ways = chains(&hops, &found);
    assert_eq!(ways.len(), 1);
    assert_eq!(ways[0].steps, [4, 2]);
    assert_eq!(ways[0].services, ["stock", "order", "gateway"]);

    let hops = [hop(1, 0, "gateway", "http:500"), hop(3, 1, "order", "4002001"), hop(5, 3, "stock", "5001003")];
    let found = roles(&hops, &[]);
    assert_eq!(found, [Translated { from: 1 }, Translated { from: 2 }, Origin]);
    assert_eq!(chains(&hops, &found)[0].steps, [2, 1, 0]);
}

/// Case 5: the refusal is re-reported by every ancestor.
#[test]
fn a_refusal_is_counted_at_the_deepest_span() {
    let hops = [client(1, 0, "a", "CIRCUITBREAKER"), hop(2, 1, "b", "CIRCUITBREAKER"), client(3, 2, "b", "CIRCUITBREAKER")];
    assert_eq!(roles(&hops, &[]), [Propagated { from: 1 }, Propagated { from: 2 }, Origin]);
}

#[test]
fn one_span_told_by_several_records() {
    let log = Hop { is_span: false, span_kind: None, parent: None, ..hop(2, 0, "stock", "5001003") };
    let span = hop(2, 1, "stock", "http:500");
    assert_eq!(
        roles(&[hop(1, 0, "gateway", "http:500"), span, log], &[]),
        [Translated { from: 2 }, Duplicate { of: 2 }, Origin],
        "the log knows the code"
    );
    assert_eq!(roles(&[span, span], &[]), [Origin, Duplicate { of: 0 }]);
    let outside = Hop { span: None, ..log };
    assert_eq!(roles(&[hop(2, 0, "stock", "5001003"), outside], &[]), [Origin, Duplicate { of: 0 }]);
    assert_eq!(roles(&[outside, outside], &[]), [Origin, Duplicate { of: 0 }]);
    assert_eq!(roles(&[outside, hop(2, 0, "stock", "4002001")], &[]), [Origin, Origin]);
}

#[test]
fn healthy_spans_between_and_above() {
    let hops = [hop(1, 0, "gateway", "5001003"), hop(3, 2, "stock", "5001003")];
    let spans = links(&[(1, 0), (2, 1), (3, 2)]);
    assert_eq!(roles(&hops, &spans), [Propagated { from: 1 }, Origin], "a healthy span between says nothing");
    assert_eq!(roles(&hops, &[]), [Propagated { from: 1 }, Origin], "without spans, time and name join them");
    let found = trace_roles(&hops[1..], &spans, |_| None);
    assert_eq!(found.masked, [Masked { error: 0, by: id(2) }], "nobody above fails");
    assert_eq!(trace_roles(&hops[1..], &[], |_| None).masked, [], "without spans nobody knows");
    assert_eq!(trace_roles(&hops[..1], &spans, |_| None).masked, [], "the root is not masked");
}

#[test]
fn a_missing_link_is_bridged_only_by_name_and_time() {
    let below = hop(9, 8, "stock", "5001003");
    assert_eq!(roles(&[hop(1, 0, "gateway", "http:500"), below], &[]), [Origin, Origin], "another name");
    let earlier = Hop { end: 5, ..hop(1, 0, "gateway", "5001003") };
    assert_eq!(roles(&[earlier, below], &[]), [Origin, Origin], "another time");
}

#[test]
fn codes_of_other_services() {
    let home = |code: &str| (code == "5001003").then_some("stock");
    let hops = [hop(1, 0, "gateway", "5001003")];
    let spans = links(&[(1, 0), (2, 1)]);
    assert_eq!(trace_roles(&hops, &spans, home).roles, [Fabricated]);
    assert_eq!(trace_roles(&hops, &[], home).roles, [Origin], "nothing is known of what is below");
    assert_eq!(trace_roles(&[hop(1, 0, "stock", "5001003")], &spans, home).roles, [Origin]);
}

#[test]
fn wrapped_texts_and_parallel_causes() {
    let inner = Hop { message: "no stock left", ..hop(2, 1, "stock", "5001003") };
    let outer = |message| Hop { message, ..hop(1, 0, "order", "msg:00") };
    assert_eq!(roles(&[outer("create: no stock left"), inner], &[]), [Propagated { from: 1 }, Origin]);
    assert_eq!(roles(&[outer("boom"), inner], &[]), [Translated { from: 1 }, Origin]);
    let first = hop(3, 1, "stock", "5001003");
    let second = Hop { end: 999, ..hop(2, 1, "pay", "6001001") };
    assert_eq!(
        roles(&[hop(1, 0, "order", "4002001"), first, second], &[]),
        [Translated { from: 2 }, Origin, Origin],
        "the last that ended"
    );
    assert_eq!(roles(&[hop(1, 0, "order", "5001003"), first, second], &[]), [Propagated { from: 1 }, Origin, Origin], "the same name");
}

proptest! {
    /// Any links, rings included: every chain ends at an origin, every error has one role, the order of spans says nothing.
    #[test]
    fn any_trace(rows in prop::collection::vec((0..12u8, 0..12u8, 0..4usize, any::<bool>()), 0..24), pairs in prop::collection::vec((0..12u8, 0..12u8), 0..24)) {
        let codes = ["5001003", "4002001", "http:500", "msg:1"];
        let hops: Vec<_> = rows.iter().map(|&(span, parent, code, is_span)| Hop { is_span, ..hop(span, parent, "a", codes[code]) }).collect();
        let pairs: std::collections::BTreeMap<u8, u8> = pairs.into_iter().collect();
        let mut spans = links(&pairs.into_iter().collect::<Vec<_>>());
        let found = trace_roles(&hops, &spans, |_| None);
        spans.reverse();
        prop_assert_eq!(&found, &trace_roles(&hops, &spans, |_| None));
        prop_assert!(hops.is_empty() || found.roles.iter().any(|role| role.is_born_here()) , "{:?}", found.roles);
        for chain in chains(&hops, &found.roles) {
            prop_assert!(chain.steps.len() <= hops.len());
            prop_assert!(chain.steps.first().is_some_and(|&first| found.roles[first].is_born_here()), "{:?}", found.roles);
        }
    }
}
