//! A refused request leaves nothing behind that comes after the refusal.

use std::{collections::BTreeMap, sync::OnceLock};

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::{Day, shape::int_of, text_of};

/// Spans by the id of their parent.
type Children<'a> = BTreeMap<&'a [u8], Vec<(&'a str, &'a Span)>>;

/// Busy enough for every refusal.
fn busy_hour() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| Day::live(31, 12.0, 300, 300))
}

fn children(day: &Day) -> Children<'_> {
    let mut children = Children::new();
    for (service, _, span) in &day.spans {
        children.entry(&span.parent_span_id).or_default().push((service, span));
    }
    children
}

/// What `service` did for `span`, by the names of the spans.
fn steps<'a>(children: &Children<'a>, service: &str, span: &Span) -> Vec<&'a str> {
    let all = children.get(span.span_id.as_slice()).into_iter().flatten();
    all.filter(|(owner, _)| *owner == service).map(|(_, span)| span.name.as_str()).collect()
}

#[test]
fn nothing_happens_after_a_refusal() {
    let day = busy_hour();
    let children = children(day);
    let check = |service: &str, reason: &str, done: &str, undone: &[&str]| {
        let mut refused = 0;
        for (_, _, span) in day.spans.iter().filter(|(owner, scope, span)| owner == service && scope == "kratos" && span.kind == 2) {
            let message = span.status.as_ref().map_or("", |status| status.message.as_str());
            if !message.contains(&format!("reason = {reason} ")) {
                continue;
            }
            let steps = steps(&children, service, span);
            assert!(done.is_empty() || steps.contains(&done), "{reason} before {done}: {steps:?}");
            assert!(steps.iter().all(|step| !undone.contains(step)), "{reason} after one of {undone:?}: {steps:?}");
            refused += 1;
        }
        assert!(refused > 0, "{service} never said {reason}");
    };
    let select = "query SELECT accounts";
    check("user", "PASSWORD_INCORRECT", select, &["query INSERT sessions", "set"]);
    let after = ["/inventory.v1.Inventory/Reserve", "query INSERT orders", "/v2/charges", "orders.created publish"];
    check("order", "ORDER_EMPTY", "/cart.v1.Cart/Get", &after);
    check("inventory", "INSUFFICIENT_STOCK", "select stock_levels", &["update stock_levels", "insert reservations"]);
    check("cart", "CART_FULL", "hlen", &["hincrby", "expire"]);
}

#[test]
fn only_captured_charges_are_announced() {
    let day = busy_hour();
    let children = children(day);
    let mut declined = 0;
    for (_, _, span) in day.spans.iter().filter(|(_, _, span)| span.name == "POST /v2/charges" && span.kind == 2) {
        let captured = int_of(span, "http.response.status_code") == Some(200);
        let steps = steps(&children, "payment", span);
        assert_eq!(steps.contains(&"payments.events publish"), captured, "{steps:?}");
        if int_of(span, "http.response.status_code") == Some(402) {
            assert!(!steps.contains(&"UPDATE payments.charges"), "{steps:?}");
            declined += 1;
        }
    }
    assert!(declined > 0, "no card was declined");
    let published = day.spans.iter().filter(|(_, _, span)| span.name == "payments.events publish").count();
    let receipts =
        day.spans.iter().filter(|(service, _, span)| service == "notification" && span.name == "payments.events process").count();
    assert_eq!(published, receipts);
}

#[test]
fn a_declined_card_loses_its_code_on_the_way_up() {
    let day = busy_hour();
    let declined = |scope: &str, kind: i32, code: (&str, i64)| {
        let spans = day.spans.iter().filter(move |(_, name, span)| name.ends_with(scope) && span.kind == kind);
        spans.filter(|(_, _, span)| int_of(span, code.0) == Some(code.1)).map(|(_, _, span)| span).collect::<Vec<_>>()
    };
    let at_payment = declined("tomcat-10.0", 2, ("http.response.status_code", 402));
    let called_by_order = declined("kratos", 3, ("rpc.status_code", 402));
    assert_eq!(at_payment.len(), called_by_order.len());
    for span in called_by_order {
        let message = span.status.as_ref().map_or("", |status| status.message.as_str());
        assert_eq!(message, "error: code = 402 reason =  message =  metadata = map[] cause = <nil>");
    }
    let served_by_order: Vec<_> = declined("kratos", 2, ("rpc.status_code", 402)).iter().map(|span| span.trace_id.clone()).collect();
    assert!(!served_by_order.is_empty());
    for trace in served_by_order {
        let of_trace = |service: &str, kind: i32| {
            let spans = day.spans.iter().filter(move |(owner, _, span)| owner == service && span.kind == kind);
            spans.map(|(_, _, span)| span).filter(|span| span.trace_id == trace).collect::<Vec<_>>()
        };
        let called = of_trace("storefront", 3).into_iter().find(|span| span.name == "order.v1.Order/Create").expect("a call to order");
        assert_eq!(int_of(called, "rpc.grpc.status_code"), Some(2));
        assert_eq!(int_of(of_trace("storefront", 2)[0], "http.response.status_code"), Some(500));
        assert_eq!(text_of(&of_trace("edge-gateway", 2)[0].attributes, "http.status_code").as_deref(), Some("500"));
    }
}
