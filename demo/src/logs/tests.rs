use opentelemetry_proto::tonic::common::v1::any_value::Value;
use rand::{SeedableRng, rngs::SmallRng};

use super::*;
use crate::{
    spans::tests::{PLACE, REQUEST, callee},
    topology::{Refusal, tests::called},
};

/// What a service writes when it answered `operation` with `failure`.
fn line_of(operation: &str, failure: &Failure) -> LogRecord {
    let route = called(operation);
    let me = Instance::start(route.service.service(), "1.0.0", 1, &mut SmallRng::seed_from_u64(1));
    let facts = ServeSpan { place: PLACE, route, me: &me, peer: None, request: &REQUEST, failure: Some(failure), link: None };
    served(&facts).expect("a failure is logged").1
}

fn text_of(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("no text: {other:?}"),
    }
}

fn attribute(record: &LogRecord, key: &str) -> String {
    text_of(record.attributes.iter().find(|attribute| attribute.key == key).and_then(|attribute| attribute.value.as_ref()))
}

#[test]
fn a_gin_service_logs_what_its_span_says() {
    let product = callee(Stack::Gin, called("/internal/products/:id"));
    let order = callee(Stack::Gin, called("/order.v1.Order/Get"));
    let bug = |stack| Failure::of_bug(stack).expect("not Envoy");
    let late = "Get \"http://catalog.shop.svc.cluster.local:8080/internal/products/41234\": context deadline exceeded \
                (Client.Timeout exceeded while awaiting headers)";
    let check = |failure: Failure, message: &str, error: &str| {
        let line: serde_json::Value =
            serde_json::from_str(&text_of(line_of("/api/v1/products/:id", &failure).body.as_ref())).expect("JSON");
        assert_eq!((line["msg"].as_str(), line["error"].as_str()), (Some(message), Some(error)));
        let bridged = line_of("/internal/products/:id", &failure);
        assert_eq!((text_of(bridged.body.as_ref()), attribute(&bridged, "error")), (message.to_owned(), error.to_owned()));
    };
    check(bug(Stack::Gin), "request failed", "runtime error: invalid memory address or nil pointer dereference");
    check(bug(Stack::Gin).seen_from(&product), "request failed", "catalog: unexpected status 500");
    check(Failure::deadline(&product, 800), "request failed", late);
    check(bug(Stack::KratosV2).seen_from(&order), "request failed", "rpc error: code = Internal desc = unknown request error");
    let missing = Refusal { share: 1.0, http: 404, reason: "ORDER_NOT_FOUND", message: "order not found" };
    let missing = Failure::refused(&missing, Stack::KratosV2).seen_from(&order);
    check(missing, "request refused", "rpc error: code = NotFound desc = order not found");
}

#[test]
fn kratos_logs_the_reason_it_prints() {
    let declined = Refusal { share: 1.0, http: 402, reason: "CARD_DECLINED", message: "05 Do not honor" };
    let declined = Failure::refused(&declined, Stack::Spring).seen_from(&callee(Stack::KratosV2, called("/v2/charges")));
    let body = text_of(line_of("/order.v1.Order/Create", &declined).body.as_ref());
    let expected = " code=402 reason= stack=error: code = 402 reason =  message =  metadata = map[] cause = <nil> latency=0.500000";
    assert!(body.ends_with(expected), "{body}");
    let bug = line_of("/cart.v1.Cart/Get", &Failure::of_bug(Stack::KratosV3).expect("not Envoy"));
    assert_eq!((attribute(&bug, "reason"), attribute(&bug, "error")), ("UNKNOWN".to_owned(), attribute(&bug, "stack")));
}
