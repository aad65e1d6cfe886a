//! Jaeger's and Zipkin's JSON: documents as those systems write them, and the ways back.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use schemas::{
    Signal,
    interop::{Foreign, Span, SpanGroup, SpanKind, StatusCode, jaeger, read_spans, requests, write_spans, zipkin},
    otlp::{attributes_json::Value, json},
};
use testkit::{arbitrary, captures};

const JAEGER: &[u8] = include_bytes!("interop/jaeger.json");
const JAEGER_OTLP: &str = include_str!("interop/jaeger.otlp.json");
const ZIPKIN: &[u8] = include_bytes!("interop/zipkin.json");
const ZIPKIN_OTLP: &str = include_str!("interop/zipkin.otlp.json");

/// `document` becomes `golden`, which is OTLP JSON for eyes, and `rejected` spans of it do not.
fn check_golden(foreign: &Foreign, rejected: &str, golden: &str) {
    assert_eq!(foreign.rejected.message(), rejected);
    let text = json::from_protobuf(Signal::Traces, &write_spans(&foreign.groups)).expect("own bytes");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert!(value(&text) == value(golden), "{}", serde_json::to_string_pretty(&value(&text)).expect("JSON"));
}

#[test]
fn a_document_of_jaeger() {
    let foreign = jaeger::read(JAEGER).expect("Jaeger's JSON");
    check_golden(&foreign, "1 rejected: span_id is not 8 bytes (1)", JAEGER_OTLP);
}

#[test]
fn a_document_of_zipkin() {
    let foreign = zipkin::read(ZIPKIN).expect("Zipkin's JSON");
    check_golden(&foreign, "1 rejected: trace_id is all zeros (1)", ZIPKIN_OTLP);
}

#[test]
fn shapes_of_documents() {
    let spans = |foreign: Foreign| foreign.groups.iter().map(|group| group.spans.len()).sum::<usize>();
    let jaeger = |document: &str| spans(jaeger::read(document.as_bytes()).expect(document));
    let span = r#"{"traceID":"1","spanID":"2"}"#;
    for (document, expected) in [
        (format!(r#"{{"data":[{{"spans":[{span},{span}]}}]}}"#), 2),
        (format!(r#"{{"traceID":"1","spans":[{span}],"processes":{{}}}}"#), 1),
        (format!(r#"[{{"spans":[{span}]}}]"#), 1),
        (r#"{"data":null,"errors":[{"code":404}]}"#.to_owned(), 0),
    ] {
        assert_eq!(jaeger(&document), expected, "{document}");
    }
    let zipkin = |document: &str| spans(zipkin::read(document.as_bytes()).expect(document));
    let span = r#"{"traceId":"1","id":"2"}"#;
    for (document, expected) in [(format!("[{span}]"), 1), (format!("\n[ [{span}, {span}], []]"), 2), ("[]".to_owned(), 0)] {
        assert_eq!(zipkin(&document), expected, "{document}");
    }
    let said = |error: schemas::interop::ForeignError| format!("{error}: {}", std::error::Error::source(&error).expect("why"));
    assert!(said(jaeger::read(b"{\"data\":[7]}").expect_err("no span")).starts_with("malformed Jaeger JSON: invalid type"));
    assert!(said(zipkin::read(b"[{}]").expect_err("no span")).contains("missing field `traceId` at line 1 column 3"));
}

#[test]
fn a_shared_span_is_two() {
    let span = |id: &str, more: &str| format!(r#"{{"traceId":"1","id":"{id}",{more}}}"#);
    let client = span("2", r#""kind":"CLIENT","localEndpoint":{"serviceName":"web"}"#);
    let server = span("2", r#""kind":"SERVER","shared":true,"localEndpoint":{"serviceName":"pay"}"#);
    let of_client = span("3", r#""parentId":"2","localEndpoint":{"serviceName":"web"}"#);
    let of_server = span("4", r#""parentId":"2","localEndpoint":{"serviceName":"pay"}"#);
    let document = format!("[{client},{server},{of_client},{of_server}]");
    let groups = zipkin::read(document.as_bytes()).expect("Zipkin's JSON").groups;
    let spans: Vec<&Span<'_>> = groups.iter().flat_map(|group| &group.spans).collect();
    let [client, of_client, server, of_server] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((client.kind, server.kind), (SpanKind::Client, SpanKind::Server));
    assert_ne!(client.span_id, server.span_id);
    assert_eq!(server.parent_span_id, Some(client.span_id));
    assert_eq!((of_client.parent_span_id, of_server.parent_span_id), (Some(client.span_id), Some(server.span_id)));
}

/// What of a capture must survive either format.
fn outline(groups: &[SpanGroup<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for group in groups {
        let service = group.resource.iter().find(|(key, _)| key == "service.name").map(|(_, value)| format!("{value:?}"));
        for span in &group.spans {
            let kind = if span.kind == SpanKind::Unspecified { SpanKind::Internal } else { span.kind };
            // In Jaeger and Zipkin such an attribute is what makes a span a failure; some senders of OTLP, Envoy among them, still say it so.
            let failed = span.attributes.contains(&("error".into(), Value::String("true".into())));
            let code = if failed { StatusCode::Error } else { span.status.code };
            let message = span.status.message.as_ref();
            let (start_us, events) = (span.start_ns / 1000, span.events.iter().map(|event| (event.time_ns / 1000, event.name.as_ref())));
            lines.push(format!(
                "{} {} {:?} {service:?} {} {kind:?} {start_us} {:?} {message} {} {:?}",
                span.trace_id,
                span.span_id,
                span.parent_span_id,
                span.name,
                code,
                group.scope.name,
                events.collect::<Vec<_>>(),
            ));
        }
    }
    lines.sort();
    lines
}

fn assert_same(got: &[String], sent: &[String]) {
    for (got, sent) in got.iter().zip(sent) {
        assert_eq!(got, sent);
    }
    assert_eq!(got.len(), sent.len());
}

fn to_jaeger(groups: &[SpanGroup<'_>]) -> String {
    let mut traces = std::collections::BTreeMap::new();
    for group in groups {
        for span in &group.spans {
            traces.entry(span.trace_id).or_insert_with(|| jaeger::TraceJson::new(span.trace_id)).push(group, &[span]);
        }
    }
    format!("[{}]", traces.into_values().map(jaeger::TraceJson::finish).collect::<Vec<_>>().join(","))
}

fn to_zipkin(groups: &[SpanGroup<'_>]) -> String {
    let spans = groups.iter().flat_map(|group| group.spans.iter().map(move |span| zipkin::span_json(group, span)));
    format!("[{}]", spans.collect::<Vec<_>>().join(","))
}

#[test]
fn real_telemetry_survives() {
    for body in captures::requests(captures::OTEL_DEMO_SLICE).expect("it is in the repository") {
        let sent = read_spans(&body).expect("OTLP");
        let through_jaeger = jaeger::read(to_jaeger(&sent).as_bytes()).expect("own JSON");
        assert_same(&outline(&through_jaeger.groups), &outline(&sent));
        assert_eq!(through_jaeger.rejected.count, 0);
        let links = |groups: &[SpanGroup<'_>]| groups.iter().flat_map(|group| &group.spans).map(|span| span.links.len()).sum::<usize>();
        assert_eq!(links(&through_jaeger.groups), links(&sent));
        let through_zipkin = zipkin::read(to_zipkin(&sent).as_bytes()).expect("own JSON");
        assert_same(&outline(&through_zipkin.groups), &outline(&sent));
    }
}

#[test]
fn requests_are_of_the_size_that_is_asked_for() {
    let bodies = captures::requests(captures::OTEL_DEMO_SLICE).expect("it is in the repository");
    let groups: Vec<SpanGroup<'_>> = bodies.iter().flat_map(|body| read_spans(body).expect("OTLP")).collect();
    for spans_max in [1, 7, 804, 805, 10_000] {
        let parts = requests(&groups, spans_max);
        let count = |body: &Vec<u8>| read_spans(body).expect("own bytes").iter().map(|group| group.spans.len()).sum::<usize>();
        let counts: Vec<usize> = parts.iter().map(count).collect();
        assert_eq!((counts.iter().sum::<usize>(), counts.len()), (805, 805_usize.div_ceil(spans_max)), "{spans_max}");
        assert!(counts.iter().all(|count| *count <= spans_max));
    }
    assert!(requests(&[], 10).is_empty());
}

/// One document for each span, so that nothing depends on how spans are grouped.
fn each<'a>(groups: &'a [SpanGroup<'a>]) -> impl Iterator<Item = SpanGroup<'a>> {
    groups.iter().flat_map(|group| group.spans.iter().map(move |span| SpanGroup { spans: vec![span.clone()], ..group.clone() }))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_through_plain_values(request in arbitrary::traces()) {
        let body = request.encode_to_vec();
        let groups = read_spans(&body).expect("OTLP");
        let written = write_spans(&groups);
        let again = read_spans(&written).expect("own bytes");
        // As text, since NaN equals nothing.
        prop_assert_eq!(format!("{groups:?}"), format!("{again:?}"));
        let sent = |request: &ExportTraceServiceRequest| request.resource_spans.iter().flat_map(|group| &group.scope_spans).map(|group| group.spans.len()).sum::<usize>();
        prop_assert_eq!(sent(&ExportTraceServiceRequest::decode(written.as_slice()).expect("protobuf")), sent(&request));
    }

    #[test]
    fn what_jaeger_says_of_a_span_is_read_back(mut request in arbitrary::traces()) {
        // A log without a name is called `log` when it is read.
        let spans = request.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans).flat_map(|group| &mut group.spans);
        spans.flat_map(|span| &mut span.events).for_each(|event| event.name.insert(0, 'x'));
        let body = request.encode_to_vec();
        for group in each(&read_spans(&body).expect("OTLP")) {
            let said = to_jaeger(&[group]);
            let read = jaeger::read(said.as_bytes()).expect("own JSON");
            prop_assert_eq!(read.rejected.count, 0);
            prop_assert_eq!(to_jaeger(&read.groups), said);
        }
    }

    #[test]
    fn what_zipkin_says_of_a_span_is_read_back(request in arbitrary::traces()) {
        let body = request.encode_to_vec();
        for group in each(&read_spans(&body).expect("OTLP")) {
            // Keys that come twice are settled after one way, endpoints and times that Zipkin has to make up after another.
            let first = zipkin::read(to_zipkin(&[group]).as_bytes()).expect("own JSON");
            let second = zipkin::read(to_zipkin(&first.groups).as_bytes()).expect("own JSON");
            let said = to_zipkin(&second.groups);
            let read = zipkin::read(said.as_bytes()).expect("own JSON");
            prop_assert_eq!((first.rejected.count, read.rejected.count), (0, 0));
            prop_assert_eq!(to_zipkin(&read.groups), said);
        }
    }

    #[test]
    fn no_document_stops_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), place in 0..2000_usize) {
        for document in [JAEGER, ZIPKIN] {
            let mut broken = document.to_vec();
            let end = broken.len().min(place + bytes.len());
            let start = place.min(end);
            broken.splice(start..end, bytes.iter().copied());
            let _ = jaeger::read(&broken);
            let _ = zipkin::read(&broken);
        }
    }
}

#[test]
fn failures_of_every_kind_are_failures() {
    let check = |document: &str, code: StatusCode, message: &str| {
        let groups = if document.contains("traceID") { jaeger::read(document.as_bytes()) } else { zipkin::read(document.as_bytes()) };
        let groups = groups.expect(document).groups;
        let status = &groups[0].spans[0].status;
        assert_eq!((status.code, status.message.as_ref()), (code, message), "{document}");
    };
    let jaeger = |tags: &str| format!(r#"{{"spans":[{{"traceID":"1","spanID":"2","tags":[{tags}]}}]}}"#);
    check(&jaeger(r#"{"key":"error","type":"bool","value":true}"#), StatusCode::Error, "");
    check(&jaeger(r#"{"key":"error","type":"string","value":"true"}"#), StatusCode::Error, "");
    check(&jaeger(r#"{"key":"error","type":"bool","value":false}"#), StatusCode::Unset, "");
    check(&jaeger(r#"{"key":"otel.status_code","value":"OK"}"#), StatusCode::Ok, "");
    check(&jaeger(r#"{"key":"otel.status_code","value":"ERROR"},{"key":"otel.status_description","value":"no"}"#), StatusCode::Error, "no");
    let zipkin = |tags: &str| format!(r#"[{{"traceId":"1","id":"2","tags":{{{tags}}}}}]"#);
    check(&zipkin(r#""error":"""#), StatusCode::Error, "");
    check(&zipkin(r#""error":"true""#), StatusCode::Error, "");
    check(&zipkin(r#""error":"false""#), StatusCode::Unset, "");
    check(&zipkin(r#""error":"no stock","otel.status_code":"ERROR""#), StatusCode::Error, "no stock");
    check(&zipkin(r#""otel.status_code":"OK""#), StatusCode::Ok, "");
}
