//! The OpenTelemetry SDK for Rust as a client: everything it sends comes back equal, over every transport, encoding and compression.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::{
    Array, KeyValue, StringValue, Value,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    metrics::MeterProvider as _,
    trace::{Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _},
};
use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value as Number};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    trace::{SdkTracerProvider, Span},
};

use crate::doors::{Doors, Stored, value, written};

/// How a client talks.
#[derive(Debug, Clone, Copy)]
struct Way {
    protocol: Protocol,
    compression: Option<Compression>,
}

/// The clock of everything that is sent.
fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_800_000_000 + millis)
}

fn nanos(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos() as u64
}

fn resource() -> Resource {
    Resource::builder_empty()
        .with_attribute(KeyValue::new("service.name", "checkout"))
        .with_attribute(KeyValue::new("service.version", "1.2.3"))
        .with_attribute(KeyValue::new("process.pid", 4242))
        .with_attribute(KeyValue::new("process.command_args", Value::Array(Array::String(vec!["/app".into(), "--verbose".into()]))))
        .build()
}

const RESOURCE: [&str; 4] =
    ["process.command_args=[str:/app, str:--verbose]", "process.pid=int:4242", "service.name=str:checkout", "service.version=str:1.2.3"];

impl Way {
    fn url(self, doors: &Doors, path: &str) -> String {
        match self.protocol {
            Protocol::Grpc => doors.grpc.clone(),
            _ => format!("{}{path}", doors.http),
        }
    }

    fn spans(self, doors: &Doors) -> SpanExporter {
        let url = self.url(doors, "/v1/traces");
        match (self.protocol, self.compression) {
            (Protocol::Grpc, None) => SpanExporter::builder().with_tonic().with_endpoint(url).with_retry_policy(patient()).build(),
            (Protocol::Grpc, Some(by)) => SpanExporter::builder().with_tonic().with_endpoint(url).with_compression(by).build(),
            (http, None) => SpanExporter::builder().with_http().with_endpoint(url).with_protocol(http).with_retry_policy(patient()).build(),
            (http, Some(by)) => SpanExporter::builder().with_http().with_endpoint(url).with_protocol(http).with_compression(by).build(),
        }
        .expect("an exporter")
    }

    fn logs(self, doors: &Doors) -> LogExporter {
        let url = self.url(doors, "/v1/logs");
        match (self.protocol, self.compression) {
            (Protocol::Grpc, None) => LogExporter::builder().with_tonic().with_endpoint(url).build(),
            (Protocol::Grpc, Some(by)) => LogExporter::builder().with_tonic().with_endpoint(url).with_compression(by).build(),
            (http, None) => LogExporter::builder().with_http().with_endpoint(url).with_protocol(http).build(),
            (http, Some(by)) => LogExporter::builder().with_http().with_endpoint(url).with_protocol(http).with_compression(by).build(),
        }
        .expect("an exporter")
    }

    fn metrics(self, doors: &Doors) -> MetricExporter {
        let url = self.url(doors, "/v1/metrics");
        match (self.protocol, self.compression) {
            (Protocol::Grpc, None) => MetricExporter::builder().with_tonic().with_endpoint(url).build(),
            (Protocol::Grpc, Some(by)) => MetricExporter::builder().with_tonic().with_endpoint(url).with_compression(by).build(),
            (http, None) => MetricExporter::builder().with_http().with_endpoint(url).with_protocol(http).build(),
            (http, Some(by)) => MetricExporter::builder().with_http().with_endpoint(url).with_protocol(http).with_compression(by).build(),
        }
        .expect("an exporter")
    }
}

/// Goes on for as long as the export may take.
fn patient() -> RetryPolicy {
    RetryPolicy::recommended().with_max_retries(100)
}

fn every_way() -> Vec<Way> {
    let compressions = [None, Some(Compression::Gzip), Some(Compression::Zstd)];
    let protocols = [Protocol::Grpc, Protocol::HttpBinary, Protocol::HttpJson];
    protocols.into_iter().flat_map(|protocol| compressions.map(|compression| Way { protocol, compression })).collect()
}

/// A server span with everything a span can have, and a client span below it.
fn send_spans(provider: &SdkTracerProvider) -> (Span, Span) {
    let tracer = provider.tracer_with_scope(
        opentelemetry::InstrumentationScope::builder("checkout/http")
            .with_version("0.9.1")
            .with_attributes([KeyValue::new("team", "shop")])
            .build(),
    );
    let link = SpanContext::new(TraceId::from(0xfeed_beef), SpanId::from(0xcafe), TraceFlags::SAMPLED, true, TraceState::default());
    let mut parent = tracer
        .span_builder("POST /orders")
        .with_kind(SpanKind::Server)
        .with_start_time(at(0))
        .with_attributes([
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("http.response.status_code", 503),
            KeyValue::new("order.total", 12.5),
            KeyValue::new("order.gift", true),
            KeyValue::new("order.note", "größer als 5 € \u{1f381}"),
            KeyValue::new("order.lines", Value::Array(Array::I64(vec![1, -2, 3]))),
            KeyValue::new("order.skus", Value::Array(Array::String(vec![StringValue::from("a"), StringValue::from("")]))),
        ])
        .with_links(vec![Link::new(link, vec![KeyValue::new("why", "retry of")], 0)])
        .start(&tracer);
    parent.add_event_with_timestamp(
        "exception",
        at(20),
        vec![KeyValue::new("exception.message", "no stock"), KeyValue::new("exception.escaped", false)],
    );
    let context = opentelemetry::Context::new();
    let context = opentelemetry::trace::TraceContextExt::with_remote_span_context(&context, parent.span_context().clone());
    let mut child = tracer.span_builder("reserve").with_kind(SpanKind::Client).with_start_time(at(5)).start_with_context(&tracer, &context);
    child.end_with_timestamp(at(15));
    parent.set_status(Status::error("out of stock"));
    parent.end_with_timestamp(at(40));
    (parent, child)
}

fn check_spans(way: Way, doors: &Doors, parent: &Span, child: &Span) {
    let mut stored = doors.spans();
    stored.sort_by_key(|stored| stored.record.start_time_unix_nano);
    let [Stored { resource, scope, record: server }, Stored { record: client, .. }] = stored.as_slice() else {
        panic!("{way:?}: {} spans", stored.len());
    };
    assert_eq!(written(&resource.attributes), RESOURCE, "{way:?}");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("checkout/http", "0.9.1"), "{way:?}");
    assert_eq!(written(&scope.attributes), ["team=str:shop"], "{way:?}");

    let (trace, span) = (parent.span_context().trace_id().to_bytes(), parent.span_context().span_id().to_bytes());
    assert_eq!((server.trace_id.as_slice(), server.span_id.as_slice()), (&trace[..], &span[..]), "{way:?}");
    assert!(server.parent_span_id.is_empty(), "{way:?}");
    assert_eq!((server.name.as_str(), server.kind), ("POST /orders", 2), "{way:?}");
    assert_eq!((server.start_time_unix_nano, server.end_time_unix_nano), (nanos(at(0)), nanos(at(40))), "{way:?}");
    let status = server.status.clone().unwrap_or_default();
    assert_eq!((status.code, status.message.as_str()), (2, "out of stock"), "{way:?}");
    assert_eq!(
        written(&server.attributes),
        [
            "http.request.method=str:POST",
            "http.response.status_code=int:503",
            "order.gift=bool:true",
            "order.lines=[int:1, int:-2, int:3]",
            "order.note=str:größer als 5 € \u{1f381}",
            "order.skus=[str:a, str:]",
            "order.total=double:12.5",
        ],
        "{way:?}"
    );
    let [event] = server.events.as_slice() else { panic!("{way:?}: {:?}", server.events) };
    assert_eq!((event.name.as_str(), event.time_unix_nano), ("exception", nanos(at(20))), "{way:?}");
    assert_eq!(written(&event.attributes), ["exception.escaped=bool:false", "exception.message=str:no stock"], "{way:?}");
    let [link] = server.links.as_slice() else { panic!("{way:?}: {:?}", server.links) };
    assert_eq!(link.trace_id, TraceId::from(0xfeed_beef).to_bytes(), "{way:?}");
    assert_eq!(link.span_id, SpanId::from(0xcafe).to_bytes(), "{way:?}");
    assert_eq!(written(&link.attributes), ["why=str:retry of"], "{way:?}");

    assert_eq!((client.name.as_str(), client.kind), ("reserve", 3), "{way:?}");
    assert_eq!(client.span_id, child.span_context().span_id().to_bytes(), "{way:?}");
    assert_eq!(client.parent_span_id, span, "{way:?}");
}

#[test]
fn spans_come_back_equal_over_every_way() {
    let doors = every_way().into_iter().map(|way| (way, Doors::open()));
    for (way, doors) in doors {
        let _entered = doors.runtime.enter();
        let provider = SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(way.spans(&doors)).build();
        let (parent, child) = send_spans(&provider);
        provider.shutdown().unwrap_or_else(|error| panic!("{way:?}: {error}"));
        check_spans(way, &doors, &parent, &child);
    }
}

#[test]
fn logs_come_back_equal_over_every_way() {
    for way in every_way() {
        let doors = Doors::open();
        let _entered = doors.runtime.enter();
        let provider = SdkLoggerProvider::builder().with_resource(resource()).with_batch_exporter(way.logs(&doors)).build();
        let logger = provider.logger("checkout::orders");

        let mut text = logger.create_log_record();
        text.set_timestamp(at(1));
        text.set_observed_timestamp(at(2));
        text.set_severity_number(Severity::Error);
        text.set_severity_text("ERROR");
        text.set_body("order failed: \"no stock\"".into());
        text.add_attribute("order.id", 7_i64);
        text.add_attribute("exception.type", "StockError");
        text.set_trace_context(TraceId::from(0xabc), SpanId::from(0xdef), Some(TraceFlags::SAMPLED));
        logger.emit(text);

        let mut structured = logger.create_log_record();
        structured.set_timestamp(at(3));
        structured.set_event_name("order.placed");
        structured.set_body(AnyValue::from_iter([("total", AnyValue::from(12.5)), ("lines", AnyValue::from_iter([1_i64, 2]))]));
        structured.add_attribute("raw", &[0_u8, 255, 7][..]);
        logger.emit(structured);
        provider.shutdown().unwrap_or_else(|error| panic!("{way:?}: {error}"));

        let mut stored = doors.logs();
        stored.sort_by_key(|stored| stored.record.time_unix_nano);
        let [Stored { resource, scope, record: text }, Stored { record: structured, .. }] = stored.as_slice() else {
            panic!("{way:?}: {} logs", stored.len());
        };
        assert_eq!(written(&resource.attributes), RESOURCE, "{way:?}");
        assert_eq!(scope.name, "checkout::orders", "{way:?}");
        assert_eq!((text.time_unix_nano, text.observed_time_unix_nano), (nanos(at(1)), nanos(at(2))), "{way:?}");
        assert_eq!((text.severity_number, text.severity_text.as_str()), (17, "ERROR"), "{way:?}");
        assert_eq!(value(text.body.as_ref()), "str:order failed: \"no stock\"", "{way:?}");
        assert_eq!(written(&text.attributes), ["exception.type=str:StockError", "order.id=int:7"], "{way:?}");
        assert_eq!(text.trace_id, TraceId::from(0xabc).to_bytes(), "{way:?}");
        assert_eq!(text.span_id, SpanId::from(0xdef).to_bytes(), "{way:?}");
        assert_eq!(text.flags & 1, 1, "{way:?}");
        assert_eq!(structured.event_name, "order.placed", "{way:?}");
        assert_eq!(value(structured.body.as_ref()), "{lines=[int:1, int:2], total=double:12.5}", "{way:?}");
        assert_eq!(written(&structured.attributes), ["raw=bytes:[0, 255, 7]"], "{way:?}");
        assert!(structured.trace_id.is_empty() && structured.span_id.is_empty(), "{way:?}");
    }
}

#[test]
fn metric_points_come_back_equal_over_every_way() {
    for way in every_way() {
        let doors = Doors::open();
        let _entered = doors.runtime.enter();
        let provider = SdkMeterProvider::builder().with_resource(resource()).with_periodic_exporter(way.metrics(&doors)).build();
        let meter = provider.meter("checkout.metrics");
        let paid = [KeyValue::new("outcome", "paid")];
        let requests = meter.u64_counter("orders").with_unit("{order}").with_description("Orders placed.").build();
        requests.add(3, &paid);
        requests.add(2, &[KeyValue::new("outcome", "refused")]);
        meter.i64_up_down_counter("carts").build().add(-4, &[]);
        meter.f64_gauge("temperature").build().record(21.5, &[]);
        let seconds = meter.f64_histogram("duration").with_unit("s").with_boundaries(vec![0.1, 1.0]).build();
        [0.05, 0.5, 0.7, 3.0].into_iter().for_each(|sample| seconds.record(sample, &paid));
        provider.shutdown().unwrap_or_else(|error| panic!("{way:?}: {error}"));

        let stored = doors.metrics();
        let data = |name: &str| {
            let found: Vec<_> = stored.iter().filter(|stored| stored.record.name == name).collect();
            let [Stored { resource, scope, record }] = found.as_slice() else { panic!("{way:?}: {} of {name}", found.len()) };
            assert_eq!(written(&resource.attributes), RESOURCE, "{way:?}");
            assert_eq!(scope.name, "checkout.metrics", "{way:?}");
            (record.unit.clone(), record.description.clone(), record.data.clone())
        };
        let (unit, description, Some(Data::Sum(orders))) = data("orders") else { panic!("{way:?}: orders") };
        assert_eq!((unit.as_str(), description.as_str()), ("{order}", "Orders placed."), "{way:?}");
        assert_eq!((orders.is_monotonic, orders.aggregation_temporality), (true, 2), "{way:?}");
        let mut points: Vec<_> = orders.data_points.iter().map(|point| (written(&point.attributes), point.value)).collect();
        points.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [("outcome=str:paid", 3), ("outcome=str:refused", 2)];
        assert_eq!(points, expected.map(|(attributes, count)| (vec![attributes.to_owned()], Some(Number::AsInt(count)))), "{way:?}");

        let (_, _, Some(Data::Sum(carts))) = data("carts") else { panic!("{way:?}: carts") };
        assert_eq!((carts.is_monotonic, carts.data_points[0].value), (false, Some(Number::AsInt(-4))), "{way:?}");
        let (_, _, Some(Data::Gauge(temperature))) = data("temperature") else { panic!("{way:?}: temperature") };
        assert_eq!(temperature.data_points[0].value, Some(Number::AsDouble(21.5)), "{way:?}");
        let (unit, _, Some(Data::Histogram(duration))) = data("duration") else { panic!("{way:?}: duration") };
        let point = &duration.data_points[0];
        assert_eq!((unit.as_str(), point.count, point.sum), ("s", 4, Some(4.25)), "{way:?}");
        assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[1, 2, 1][..], &[0.1, 1.0][..]), "{way:?}");
        assert_eq!((point.min, point.max), (Some(0.05), Some(3.0)), "{way:?}");
        assert!(point.start_time_unix_nano > 0 && point.start_time_unix_nano <= point.time_unix_nano, "{way:?}");
    }
}

/// The self metrics of every receiver in this process.
fn self_metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().expect("no other recorder in the tests"))
}

/// Requests that were asked to come back, over `transport`.
fn shed(transport: &str) -> u64 {
    let rendered = self_metrics().render();
    let lines = rendered
        .lines()
        .filter(|line| line.starts_with("fusebox_otlp_requests_total") && line.contains(&format!("transport=\"{transport}\"")));
    lines.filter(|line| line.contains("outcome=\"in_flight_bytes\"")).filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

/// A sender that announces a body as large as the whole budget and keeps it back.
fn hog(doors: &Doors, bytes: u64) -> TcpStream {
    let mut socket = TcpStream::connect(doors.http.trim_start_matches("http://")).expect("the receiver listens");
    let head =
        format!("POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {bytes}\r\n\r\n");
    socket.write_all(head.as_bytes()).expect("sent");
    socket
}

/// A [`hog`] that was let in: small requests are asked to come back. One that arrives while such a request is inside is refused itself.
fn hog_until_full(doors: &Doors, bytes: u64) -> TcpStream {
    let mut inside = hog(doors, bytes);
    loop {
        let mut probe = hog(doors, 4);
        probe.write_all(&[0x0a, 0x02, 0x12, 0x00]).expect("sent");
        let mut answer = [0; 12];
        probe.read_exact(&mut answer).expect("an answer");
        if &answer == b"HTTP/1.1 503" {
            return inside;
        }
        inside.set_nonblocking(true).expect("a socket");
        if inside.peek(&mut answer).is_ok() {
            inside = hog(doors, bytes);
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_throttled_client_comes_back_and_its_spans_are_stored_once() {
    self_metrics();
    for (protocol, transport) in [(Protocol::Grpc, "grpc"), (Protocol::HttpBinary, "http")] {
        let way = Way { protocol, compression: None };
        let budget = 64 << 10;
        let config =
            collector::Config { body_bytes_max: budget, in_flight_bytes_max: budget, in_flight_wait_ms: 0, ..collector::Config::default() };
        let doors = Doors::open_with(config);
        let _entered = doors.runtime.enter();
        let hog = hog_until_full(&doors, budget);

        let provider = SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(way.spans(&doors)).build();
        let refused_before = shed(transport);
        let (parent, child) = send_spans(&provider);
        let flushing = std::thread::spawn({
            let provider = provider.clone();
            move || provider.force_flush()
        });
        while shed(transport) == refused_before {
            assert!(!flushing.is_finished(), "{way:?}: flushed without having been refused");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(doors.spans().is_empty(), "{way:?}");
        drop(hog);
        flushing.join().expect("no panic").unwrap_or_else(|error| panic!("{way:?}: {error}"));
        check_spans(way, &doors, &parent, &child);
        provider.shutdown().unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }
}
