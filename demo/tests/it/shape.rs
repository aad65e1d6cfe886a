//! The shapes of the libraries: each case is what a real one emits.

use opentelemetry_proto::tonic::{
    metrics::v1::metric::Data,
    trace::v1::{Span, span::SpanKind},
};

use crate::{Day, text_of};

pub(crate) fn int_of(span: &Span, key: &str) -> Option<i64> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    span.attributes.iter().filter(|attribute| attribute.key == key).find_map(|attribute| match attribute.value.as_ref()?.value {
        Some(Value::IntValue(value)) => Some(value),
        _ => None,
    })
}

fn status(span: &Span) -> (i32, &str) {
    span.status.as_ref().map_or((0, ""), |status| (status.code, status.message.as_str()))
}

#[test]
fn kratos_success_is_ok_and_failure_carries_the_http_code_as_int() {
    let spans: Vec<_> = Day::two_hours().spans.iter().filter(|(_, scope, _)| scope == "kratos").map(|(_, _, span)| span).collect();
    assert!(spans.iter().any(|span| status(span) == (1, "")));
    assert!(spans.iter().all(|span| status(span).0 == 2 || status(span).1.is_empty()), "a description without an error");
    let failed: Vec<_> = spans.into_iter().filter(|span| status(span).0 == 2).collect();
    assert!(!failed.is_empty());
    for span in failed {
        let (_, message) = status(span);
        let kind = match message.split(' ').next() {
            Some("error:") => "*errors.Error",
            Some("rpc") => "*status.Error",
            Some("Post" | "Get") => "*url.Error",
            _ => panic!("{message}"),
        };
        assert_eq!(text_of(&span.events[0].attributes, "exception.message").as_deref(), Some(message));
        assert_eq!(text_of(&span.events[0].attributes, "exception.type").as_deref(), Some(kind));
        assert!(int_of(span, "rpc.status_code").is_some_and(|code| (400..600).contains(&code)), "{span:?}");
        assert!(span.name.starts_with('/'), "{}", span.name);
    }
}

#[test]
fn gin_marks_only_server_errors() {
    for (_, scope, span) in Day::two_hours().spans.iter().filter(|(_, scope, _)| scope.ends_with("otelgin")) {
        let code = int_of(span, "http.response.status_code").unwrap_or_default();
        assert_eq!(status(span).0 == 2, code >= 500, "{scope} {code}");
        assert!(code < 500 || status(span).1.starts_with("Error #01: "), "{:?}", status(span));
        assert!(span.events.is_empty());
    }
}

#[test]
fn envoy_writes_strings_and_response_flags() {
    let envoy: Vec<_> = Day::two_hours().spans.iter().filter(|(service, _, _)| service == "edge-gateway").collect();
    let flags: std::collections::BTreeSet<_> =
        envoy.iter().filter_map(|(_, _, span)| text_of(&span.attributes, "response_flags")).collect();
    assert!(flags.contains("-") && flags.len() > 1, "{flags:?}");
    assert!(envoy.iter().all(|(_, scope, span)| scope.is_empty() && text_of(&span.attributes, "http.status_code").is_some()));
}

#[test]
fn every_kind_of_span_and_metric_appears() {
    for kind in [SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer] {
        assert!(Day::two_hours().spans.iter().any(|(_, _, span)| span.kind == kind as i32), "{kind:?}");
    }
    type Claim = (&'static str, fn(&Data) -> bool);
    let claims: [Claim; 8] = [
        ("gauge", |data| matches!(data, Data::Gauge(_))),
        ("level", |data| matches!(data, Data::Sum(sum) if !sum.is_monotonic)),
        ("cumulative counter", |data| matches!(data, Data::Sum(sum) if sum.is_monotonic && sum.aggregation_temporality == 2)),
        ("delta counter", |data| matches!(data, Data::Sum(sum) if sum.is_monotonic && sum.aggregation_temporality == 1)),
        ("histogram", |data| matches!(data, Data::Histogram(histogram) if histogram.aggregation_temporality == 2)),
        ("delta histogram", |data| matches!(data, Data::Histogram(histogram) if histogram.aggregation_temporality == 1)),
        ("exponential histogram", |data| matches!(data, Data::ExponentialHistogram(_))),
        ("summary", |data| matches!(data, Data::Summary(_))),
    ];
    for (name, claim) in claims {
        assert!(Day::two_hours().metrics.iter().filter_map(|(_, _, metric)| metric.data.as_ref()).any(claim), "no {name}");
    }
}

#[test]
fn databases_are_seen_in_old_and_new_conventions() {
    for (key, value) in [("db.system", "postgresql"), ("db.system", "mysql"), ("db.system", "redis"), ("db.system.name", "postgresql")] {
        let found = Day::two_hours().spans.iter().any(|(_, _, span)| text_of(&span.attributes, key).as_deref() == Some(value));
        assert!(found, "{key}={value}");
    }
}

#[test]
fn logs_come_in_the_forms_of_their_loggers() {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let bodies = |service: &'static str| {
        let logs = Day::two_hours().logs.iter().filter(move |(name, _, _)| name == service);
        logs.filter_map(|(_, _, log)| match log.body.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text.clone()),
            _ => None,
        })
    };
    for body in bodies("storefront") {
        let line: serde_json::Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"));
        assert!(line["level"].is_string() && line["ts"].is_number(), "{body}");
        // A breaker changes outside of any request.
        assert_eq!(line["trace_id"].is_string(), line["logger"] == "http", "{body}");
    }
    for body in bodies("storefront").filter(|body| body.contains(r#""error":"#)) {
        let line: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let (message, error) = (line["msg"].as_str().unwrap_or_default(), line["error"].as_str().unwrap_or_default());
        assert!(!message.is_empty() && !error.is_empty() && !error.contains("reason = "), "{body}");
    }
    assert!(bodies("order").all(|body| body.contains(" ts=") && body.contains(" trace.id=")));
    for body in bodies("order").filter(|body| body.contains(" stack=error: code = ")) {
        let after = |key: &str| body.split_once(key).and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default();
        assert_eq!((after(" code="), after(" reason=")), (after("stack=error: code = "), after(" reason = ")), "{body}");
    }
    assert!(bodies("user").any(|body| body == "server request"));
    assert!(bodies("edge-gateway").any(|body| body.starts_with('[') && body.contains("HTTP/2\" 200 - via_upstream")));
    assert!(
        Day::two_hours()
            .logs
            .iter()
            .any(|(service, _, log)| service == "payment" && text_of(&log.attributes, "exception.stacktrace").is_some())
    );
}
