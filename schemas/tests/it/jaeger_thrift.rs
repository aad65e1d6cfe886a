//! What clients of Jaeger push becomes the OTLP that prost reads.
//!
//! The requests in files are of real clients, recorded from their HTTP senders: jaeger-client-go 2.30.0, and the Jaeger exporter 1.17.0
//! of OpenTelemetry for Go.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use schemas::interop::{Dialect, Span, SpanGroup, SpanKind, StatusCode, Translated, jaeger, read_spans};
use schemas::otlp::attributes_json::Value;
use testkit::thrift::{binary, boolean, double, field, int, list, long, nested, structure};

const CLIENT: &[u8] = include_bytes!("../../fuzz/seeds/pushed/jaeger.thrift");
const EXPORTER: &[u8] = include_bytes!("../../fuzz/seeds/pushed/jaeger_otel.thrift");
const MIB: usize = 1 << 20;

fn translate(document: &[u8]) -> Translated {
    Dialect::JaegerThrift.translate(document, MIB).unwrap_or_else(|error| panic!("{error}"))
}

fn why(document: &[u8]) -> String {
    Dialect::JaegerThrift.translate(document, MIB).expect_err("refused").to_string()
}

/// The spans in the order of their start, under a resource that is said once.
fn spans(translated: &Translated) -> Vec<(SpanGroup<'_>, Span<'_>)> {
    let request = ExportTraceServiceRequest::decode(translated.protobuf.as_slice()).expect("OTLP");
    assert!(request.resource_spans.len() <= 1);
    let groups = read_spans(&translated.protobuf).expect("OTLP");
    let mut spans: Vec<_> =
        groups.into_iter().flat_map(|group| group.spans.clone().into_iter().map(move |span| (group.clone(), span))).collect();
    spans.sort_by_key(|(_, span)| span.start_ns);
    spans
}

fn named<'a>(attributes: &'a [(std::borrow::Cow<'_, str>, Value<'a>)], key: &str) -> Option<&'a Value<'a>> {
    attributes.iter().find(|(found, _)| found == key).map(|(_, value)| value)
}

fn text(text: &'static str) -> Value<'static> {
    Value::String(text.into())
}

#[test]
fn a_client_of_jaeger() {
    let translated = translate(CLIENT);
    assert_eq!(translated.rejected.count, 0);
    let found = spans(&translated);
    let [(group, server), (_, client), (_, after)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(named(&group.resource, "service.name"), Some(&text("pay")));
    assert_eq!(named(&group.resource, "jaeger.version"), Some(&text("Go-2.30.0")));
    assert_eq!(named(&group.resource, "hostname"), Some(&text("pay-1")));
    assert_eq!((server.name.as_ref(), server.kind, server.parent_span_id), ("GET /pay", SpanKind::Server, None));
    assert_eq!((server.start_ns, server.end_ns, server.flags), (1_700_000_000_000_000_000, 1_700_000_000_001_500_000, 1));
    assert_eq!((server.status.code, named(&server.attributes, "sampler.param")), (StatusCode::Unset, Some(&Value::Bool(true))));
    assert_eq!((client.kind, client.parent_span_id, client.trace_id), (SpanKind::Client, Some(server.span_id), server.trace_id));
    assert!(server.trace_id.as_bytes().iter().any(|byte| *byte != 0) && server.trace_id.as_bytes()[..8] != [0; 8], "128 bits");
    assert_eq!(client.status.code, StatusCode::Error);
    assert_eq!(named(&client.attributes, "http.status_code"), Some(&Value::Int(503)));
    assert_eq!(named(&client.attributes, "share"), Some(&Value::Double(0.5)));
    assert_eq!(named(&client.attributes, "cached"), Some(&Value::Bool(false)));
    assert_eq!(named(&client.attributes, "key"), Some(&Value::Bytes(vec![0xff, 0])));
    let [event] = client.events.as_slice() else { panic!("{client:?}") };
    assert_eq!((event.name.as_ref(), named(&event.attributes, "attempt")), ("refused", Some(&Value::Int(2))));
    assert_eq!(named(&event.attributes, "error.object"), Some(&text("card refused")));
    assert_eq!((after.parent_span_id, after.links.len(), after.links[0].span_id), (Some(client.span_id), 1, client.span_id));
}

#[test]
fn an_exporter_for_jaeger() {
    let translated = translate(EXPORTER);
    assert_eq!(translated.rejected.count, 0);
    let found = spans(&translated);
    let [(shop, server), (stock, client)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (shop.scope.name.as_ref(), shop.scope.version.as_ref(), stock.scope.name.as_ref()),
        ("example.com/shop", "1.2", "example.com/stock")
    );
    assert_eq!(
        (named(&stock.resource, "service.name"), named(&stock.resource, "process.pid")),
        (Some(&text("shop")), Some(&Value::Int(7)))
    );
    assert_eq!((server.name.as_ref(), server.kind, server.status.code), ("order", SpanKind::Server, StatusCode::Unset));
    assert_eq!((client.kind, client.parent_span_id), (SpanKind::Client, Some(server.span_id)));
    assert_eq!((client.status.code, client.status.message.as_ref()), (StatusCode::Error, "no stock"));
    assert_eq!(named(&client.attributes, "n"), Some(&Value::Int(1 << 60)));
    assert_eq!(named(&client.attributes, "skus"), Some(&text(r#"["a","b"]"#)));
    assert_eq!(client.attributes.len(), 4, "fields of a span are no attributes: {:?}", client.attributes);
    assert_eq!((client.events[0].name.as_ref(), client.links.len()), ("retry", 1));
}

#[test]
fn thrift_says_what_json_says() {
    let tag = |key: &str, value: Vec<u8>, kind| structure(&[binary(1, key), int(2, kind), value]);
    let fields = [tag("event", binary(3, "retry"), 0), tag("n", long(6, -2), 3)];
    let references =
        [structure(&[int(1, 0), long(2, 0x7b), long(3, 0), long(4, 1)]), structure(&[int(1, 1), long(2, 5), long(3, -1), long(4, 6)])];
    let tags = [
        tag("span.kind", binary(3, "client"), 0),
        tag("share", double(4, 0.5), 1),
        tag("error", boolean(5, true), 2),
        tag("key", binary(7, [0xfb, 0xff]), 4),
        tag("otel.scope.name", binary(3, "s"), 0),
        tag("none", vec![], 0),
    ];
    let span = structure(&[
        long(1, 0x7b),
        long(2, 0),
        long(3, -2),
        long(4, 1),
        binary(5, "get"),
        list(6, &references),
        int(7, 3),
        long(8, 1_700_000_000_000_000),
        long(9, 1_500),
        list(10, &tags),
        list(11, &[structure(&[long(1, 1_700_000_000_000_100), list(2, &fields)])]),
    ]);
    let process = structure(&[binary(1, "pay"), list(2, &[tag("host", binary(3, "a"), 0)])]);
    // The process may come last, and what is not known is passed over.
    let stats = nested(4, &structure(&[long(1, 7)]));
    let batch = structure(&[long(3, 9), stats, field(13, 7, &[11, 12, 0, 0, 0, 0]), list(2, &[span]), nested(1, &process)]);
    let json = r#"{"processes":{"p1":{"serviceName":"pay","tags":[{"key":"host","type":"string","value":"a"}]}},"spans":[{
        "traceID":"7b","spanID":"fffffffffffffffe","parentSpanID":"1","operationName":"get","flags":3,"startTime":1700000000000000,"duration":1500,
        "references":[{"refType":"CHILD_OF","traceID":"7b","spanID":"1"},
            {"refType":"FOLLOWS_FROM","traceID":"ffffffffffffffff0000000000000005","spanID":"6"}],
        "tags":[{"key":"span.kind","type":"string","value":"client"},{"key":"share","type":"float64","value":0.5},
            {"key":"error","type":"bool","value":true},{"key":"key","type":"binary","value":"+/8="},
            {"key":"otel.scope.name","type":"string","value":"s"},{"key":"none","type":"string","value":""}],
        "logs":[{"timestamp":1700000000000100,"fields":[{"key":"event","type":"string","value":"retry"},{"key":"n","type":"int64","value":-2}]}],
        "processID":"p1"}]}"#;
    assert_eq!(read_spans(&translate(&batch).protobuf).expect("OTLP"), jaeger::read(json.as_bytes()).expect("JSON").groups);
}

#[test]
fn a_span_without_ids_is_rejected_alone() {
    let check = |bad: &[Vec<u8>], expected: &str| {
        let good = structure(&[long(1, 1), long(3, 2)]);
        let translated = translate(&structure(&[list(2, &[structure(bad), good])]));
        assert!(translated.rejected.message().starts_with(&format!("1 rejected: {expected}")), "{:?}", translated.rejected);
        assert_eq!(spans(&translated).len(), 1);
    };
    check(&[], "trace_id is all zeros");
    check(&[long(3, 2)], "trace_id is all zeros");
    check(&[long(2, 2)], "span_id is all zeros");
    check(&[long(1, 2), long(3, 2), list(6, &[structure(&[int(1, 1), long(4, 0)])])], "trace_id is all zeros");
    check(&[long(1, 2), long(3, 2), list(6, &[structure(&[int(1, 1), long(2, 3), long(4, 0)])])], "span_id is all zeros");
}

#[test]
fn nothing_becomes_nothing() {
    for batch in [structure(&[]), structure(&[nested(1, &structure(&[binary(1, "pay")])), list(2, &[])])] {
        assert_eq!(translate(&batch), Translated::default());
    }
}

#[test]
fn mistakes_are_named() {
    let check = |document: &[u8], expected: &str| assert_eq!(why(document), format!("malformed Jaeger thrift at byte {expected}"));
    let in_span = |fields: &[Vec<u8>]| structure(&[list(2, &[structure(fields)])]);
    check(b"", "0: it ends inside a value");
    check(&CLIENT[..CLIENT.len() - 1], "1036: it ends inside a value");
    check(&[CLIENT, &[0]].concat(), "1037: something follows it");
    check(b"[{\"traceId\":1}]", "1: a value of an unknown type; is it the binary protocol, without a message around it?");
    check(&[0x80, 1, 0, 1], "1: a value of an unknown type; is it the binary protocol, without a message around it?");
    check(&structure(&[field(15, 2, &[12, 0x7f, 0xff, 0xff, 0xff])]), "8: a list reaches beyond the end");
    check(&structure(&[field(15, 2, &[12, 0xff, 0xff, 0xff, 0xff])]), "8: a count is negative");
    check(&structure(&[field(15, 2, &[10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])]), "8: a list is of something else than structs");
    check(&in_span(&[field(11, 5, &[0x7f, 0xff, 0xff, 0xff])]), "15: it ends inside a value");
    check(&in_span(&[list(10, &[structure(&[binary(1, "k")])])]), "25: a tag has no key or no type");
    check(&in_span(&[list(10, &[structure(&[binary(1, "k"), int(2, 9)])])]), "32: a tag is of an unknown type");
    check(&in_span(&[list(11, &[structure(&[long(1, 1)])])]), "28: a log has no time or no fields");
    check(&in_span(&[list(6, &[structure(&[int(1, 1)])])]), "24: a reference says no type or no span");
    let deep = [[12, 0, 9].repeat(1_000_000), vec![0; 1_000_001]].concat();
    check(&deep, "99: values are nested deeper than 32 levels");
}

#[test]
fn every_cut_and_every_changed_byte_is_an_answer() {
    for document in [CLIENT, EXPORTER] {
        for place in 0..document.len() {
            assert!(Dialect::JaegerThrift.translate(&document[..place], MIB).is_err(), "{place}");
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = document.to_vec();
                changed[place] = byte;
                if let Ok(translated) = Dialect::JaegerThrift.translate(&changed, MIB) {
                    read_spans(&translated.protobuf).expect("OTLP");
                }
            }
        }
    }
}

#[test]
fn spans_of_many_scopes_say_their_process_once() {
    let tag = |key: &str, value: &str| structure(&[binary(1, key), int(2, 0), binary(3, value)]);
    let process = structure(&[binary(1, "pay"), list(2, &[tag("note", &"x".repeat(10_000))])]);
    let span = |id: i64| structure(&[long(1, 1), long(3, id), list(10, &[tag("otel.scope.name", &id.to_string())])]);
    let batch = structure(&[nested(1, &process), list(2, &(1..1000).map(span).collect::<Vec<_>>())]);
    let translated = translate(&batch);
    assert_eq!(spans(&translated).len(), 999);
    assert!(translated.protobuf.len() < 2 * batch.len(), "{} of {}", translated.protobuf.len(), batch.len());
}

#[test]
fn a_large_batch_stops_at_the_limit() {
    let batch = structure(&[list(2, &[structure(&[long(1, 1), long(3, 1), binary(5, "x".repeat(MIB))])])]);
    assert_eq!(why(&batch), "Jaeger would be more than 1048576 bytes as OTLP");
}
