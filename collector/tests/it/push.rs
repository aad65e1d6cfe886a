//! What agents of other systems push: taken like OTLP, answered in their own words.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;
use schemas::Table;
use testkit::{
    pushed::{
        Sample,
        loki::{Entry, PushRequest, Stream},
        write_1::{Label, TimeSeries, WriteRequest},
        write_2,
        zipkin::{ListOfSpans, Span},
    },
    thrift::{binary, list, long, nested, structure},
};

use crate::{
    hog::Hog,
    rig::Rig,
    wire::{Answer, gzip, http1, http2, zstd},
};

const ZIPKIN: &str = "/api/v2/spans";
const JAEGER: &str = "/api/traces";
const LOKI: &str = "/loki/api/v1/push";
const WRITE: &str = "/api/v1/write";
const PROTOBUF: &str = "application/x-protobuf";
const THRIFT: &str = "application/x-thrift";
const JSON: &str = "application/json";
const WRITE_2: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

const ZIPKIN_JSON: &[u8] = br#"[{"traceId":"000000000000007b","id":"00000000000001c8","name":"get /pay","timestamp":1700000000000000,
    "duration":1500,"localEndpoint":{"serviceName":"pay"}}]"#;
const LOKI_JSON: &[u8] =
    br#"{"streams":[{"stream":{"app":"shop"},"values":[["1700000000000000001","one"],["1700000000000000002","two"]]}]}"#;

#[derive(Clone)]
struct Push {
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

fn push(path: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>) -> Push {
    Push { path, headers: vec![("content-type", content_type)], body: body.into() }
}

impl Push {
    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn request(&self, method: &str) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(method).uri(format!("http://localhost{}", self.path)).header("host", "localhost");
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(self.body.clone().into())).expect("valid request")
    }

    async fn send(&self, rig: &Rig) -> Answer {
        http1(rig.http, self.request("POST")).await
    }
}

fn snappy(plain: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(plain).expect("in memory")
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).expect("text")
}

fn zipkin_protobuf() -> Vec<u8> {
    let span = |id| Span { trace_id: vec![7; 16], id: vec![0, 0, 0, 0, 0, 0, 0, id], name: "x".into(), ..Span::default() };
    ListOfSpans { spans: vec![span(1), span(2)] }.encode_to_vec()
}

fn jaeger_thrift(ids: &[i64]) -> Vec<u8> {
    let span = |id: &i64| structure(&[long(1, 7), long(3, *id), binary(5, "x")]);
    structure(&[nested(1, &structure(&[binary(1, "pay")])), list(2, &ids.iter().map(span).collect::<Vec<_>>())])
}

fn loki_protobuf() -> Vec<u8> {
    let stream = Stream { labels: r#"{app="shop"}"#.into(), entries: vec![Entry { line: "x".into(), ..Entry::default() }; 3] };
    PushRequest { streams: vec![stream] }.encode_to_vec()
}

fn series(name: &str, timestamp: i64) -> TimeSeries {
    let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
    let samples = vec![Sample { value: 1.0, timestamp, start_timestamp: 0 }];
    TimeSeries { labels: vec![label("__name__", name), label("job", "pay")], samples, ..TimeSeries::default() }
}

fn write_1() -> Vec<u8> {
    WriteRequest { timeseries: vec![series("a_total", 1_700_000_000_000), series("b", 1_700_000_000_000)] }.encode_to_vec()
}

fn write_2(timestamps: &[i64]) -> Vec<u8> {
    let symbols = vec![String::new(), "__name__".into(), "up".into()];
    let series = |&timestamp| write_2::TimeSeries {
        labels_refs: vec![1, 2],
        samples: vec![Sample { value: 1.0, timestamp, start_timestamp: 0 }],
        ..write_2::TimeSeries::default()
    };
    write_2::Request { symbols, timeseries: timestamps.iter().map(series).collect() }.encode_to_vec()
}

/// One of each, how many rows it has and what its sender is told.
fn every_way() -> Vec<(Push, Table, usize, u16)> {
    vec![
        (push(ZIPKIN, JSON, ZIPKIN_JSON), Table::Spans, 1, 202),
        (push(ZIPKIN, "application/json; charset=utf-8", gzip(ZIPKIN_JSON)).header("content-encoding", "gzip"), Table::Spans, 1, 202),
        (Push { path: ZIPKIN, headers: vec![], body: ZIPKIN_JSON.to_vec() }, Table::Spans, 1, 202),
        (push(ZIPKIN, PROTOBUF, zipkin_protobuf()), Table::Spans, 2, 202),
        (push(JAEGER, THRIFT, jaeger_thrift(&[1, 2])), Table::Spans, 2, 202),
        (push(JAEGER, "application/vnd.apache.thrift.binary", jaeger_thrift(&[1])), Table::Spans, 1, 202),
        (push(JAEGER, THRIFT, gzip(&jaeger_thrift(&[1]))).header("content-encoding", "gzip"), Table::Spans, 1, 202),
        (push("/api/traces/?format=jaeger.thrift", THRIFT, jaeger_thrift(&[1, 0])), Table::Spans, 1, 202),
        (push(LOKI, JSON, LOKI_JSON), Table::Logs, 2, 204),
        (push(LOKI, JSON, zstd(LOKI_JSON)).header("content-encoding", "zstd"), Table::Logs, 2, 204),
        (push(LOKI, PROTOBUF, snappy(&loki_protobuf())), Table::Logs, 3, 204),
        (push(LOKI, PROTOBUF, gzip(&loki_protobuf())).header("content-encoding", "gzip"), Table::Logs, 3, 204),
        (push(WRITE, PROTOBUF, snappy(&write_1())).header("content-encoding", "snappy"), Table::Metrics, 2, 204),
        (push(WRITE, WRITE_2, snappy(&write_2(&[1, 2, 3]))).header("content-encoding", "snappy"), Table::Metrics, 3, 204),
    ]
}

#[tokio::test]
async fn each_way_stores_its_rows_once() {
    for (push, table, rows, status) in every_way() {
        let rig = Rig::start().await;
        let named = format!("{} {:?}", push.path, push.headers);
        for answer in [push.send(&rig).await, http2(rig.http, push.request("POST")).await] {
            assert_eq!((answer.status.as_u16(), text(&answer)), (status, ""), "{named}");
        }
        assert_eq!((rig.rows(table), rig.all_rows()), (rows, rows), "{named}");
        rig.flush().await;
        assert_eq!(rig.all_rows(), rows, "{named}");
    }
}

#[tokio::test]
async fn nothing_to_store_is_no_mistake() {
    let rig = Rig::start().await;
    for (path, content_type, body, status) in [
        (ZIPKIN, JSON, b"[]".to_vec(), 202),
        (JAEGER, THRIFT, structure(&[]), 202),
        (LOKI, JSON, b"{\"streams\":[]}".to_vec(), 204),
        (WRITE, PROTOBUF, snappy(&[]), 204),
    ] {
        let answer = push(path, content_type, body).send(&rig).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_plain_text() {
    let rig = Rig::start_with(|config| config.body_bytes_max = 1 << 20).await;
    let bomb = snappy(&vec![0; 2 << 20]);
    let check = async |push: Push, status: u16, expected: &str| {
        let answer = push.send(&rig).await;
        assert_eq!(answer.status, status, "{}: {answer:?}", push.path);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{}", push.path);
        assert!(text(&answer).contains(expected), "{}: {:?}", push.path, text(&answer));
        assert_eq!(answer.header("retry-after"), None, "{}", push.path);
    };
    check(push(ZIPKIN, JSON, "[{}]"), 400, "malformed Zipkin JSON: missing field `traceId` at line 1 column 3").await;
    check(push(ZIPKIN, JSON, r#"[{"traceId":"0","id":"1"}]"#), 400, "1 rejected: trace_id is all zeros (1)").await;
    check(push(ZIPKIN, "text/html", "x"), 415, "content type \"text/html\" is not application/json or application/x-protobuf").await;
    check(push(ZIPKIN, JSON, "[]").header("content-encoding", "br"), 415, "\"br\" is not one of identity, gzip, zstd").await;
    check(push(ZIPKIN, JSON, gzip(&vec![b' '; 2 << 20])).header("content-encoding", "gzip"), 413, "larger than 1048576 bytes").await;
    check(push(JAEGER, THRIFT, "["), 400, "malformed Jaeger thrift at byte 1: a value of an unknown type").await;
    check(push(JAEGER, THRIFT, jaeger_thrift(&[0])), 400, "1 rejected: span_id is all zeros (1)").await;
    check(push(JAEGER, JSON, "{}"), 415, "is not application/x-thrift or application/vnd.apache.thrift.binary").await;
    check(push(JAEGER, THRIFT, vec![0; (1 << 20) + 1]), 413, "larger than 1048576 bytes").await;
    check(push(LOKI, JSON, "{"), 400, "malformed Loki JSON").await;
    check(push(LOKI, PROTOBUF, loki_protobuf()), 400, "malformed snappy body").await;
    check(push(LOKI, PROTOBUF, bomb.clone()), 413, "larger than 1048576 bytes").await;
    check(push(LOKI, JSON, r#"{"streams":[{"values":[["-1","x"]]}]}"#), 400, "1 rejected: the time is not between 1970 and 2262").await;
    check(push(WRITE, PROTOBUF, bomb), 413, "larger than 1048576 bytes").await;
    check(push(WRITE, JSON, "{}"), 415, "is not application/x-protobuf with proto=prometheus.WriteRequest").await;
    check(push(WRITE, "application/x-protobuf;proto=x.Y", ""), 415, "proto=x.Y").await;
    check(push(WRITE, PROTOBUF, gzip(&write_1())).header("content-encoding", "gzip"), 415, "\"gzip\" is not one of snappy").await;
    check(push(WRITE, PROTOBUF, snappy(&write_2(&[1]))), 400, "it holds series of version 2.0").await;
    let answer = http1(rig.http, push(LOKI, JSON, LOKI_JSON).request("GET")).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST")));
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn a_bomb_of_references_stops_at_the_limit() {
    let rig = Rig::start_with(|config| config.body_bytes_max = 1 << 20).await;
    let symbols = vec![String::new(), "__name__".into(), "up".into(), "k".into(), "v".repeat(100_000)];
    let series = |timestamp| write_2::TimeSeries {
        labels_refs: vec![1, 2, 3, 4],
        samples: vec![Sample { value: 1.0, timestamp, start_timestamp: 0 }],
        ..write_2::TimeSeries::default()
    };
    let request = write_2::Request { symbols, timeseries: (1..10_000).map(series).collect() }.encode_to_vec();
    let answer = push(WRITE, WRITE_2, snappy(&request)).send(&rig).await;
    assert_eq!((answer.status.as_u16(), text(&answer)), (413, "the request is larger than 1048576 bytes"));
}

#[tokio::test]
async fn remote_write_2_says_what_was_written() {
    let rig = Rig::start().await;
    let written = |answer: &Answer| {
        ["samples", "histograms", "exemplars"].map(|what| {
            answer.header(&format!("x-prometheus-remote-write-{what}-written")).map(|count| count.parse::<u64>().expect("a number"))
        })
    };
    let answer = push(WRITE, WRITE_2, snappy(&write_2(&[1, 2]))).send(&rig).await;
    assert_eq!((answer.status.as_u16(), written(&answer)), (204, [Some(2), Some(0), Some(0)]));
    let answer = push(WRITE, WRITE_2, snappy(&write_2(&[3, -4]))).send(&rig).await;
    assert_eq!((answer.status.as_u16(), written(&answer)), (400, [Some(1), Some(0), Some(0)]));
    assert!(text(&answer).starts_with("1 rejected: the time is not between 1970 and 2262"), "{}", text(&answer));
    assert_eq!(rig.rows(Table::Metrics), 3);
    let answer = push(WRITE, PROTOBUF, snappy(&write_1())).send(&rig).await;
    assert_eq!(written(&answer), [None; 3]);
}

#[tokio::test]
async fn who_must_come_back_is_told_when() {
    const BUDGET: u64 = 1 << 20;
    let rig = Rig::start_with(|config| {
        config.body_bytes_max = BUDGET;
        config.in_flight_bytes_max = BUDGET;
        config.in_flight_wait_ms = 50;
    })
    .await;
    let hog = Hog::take_all(&rig, BUDGET).await;
    for (push, ..) in every_way() {
        let answer = push.send(&rig).await;
        assert_eq!(answer.status, 503, "{}", push.path);
        let after: u64 = answer.header("retry-after").expect("when").parse().expect("seconds");
        assert!((1..=30).contains(&after), "{after}");
    }
    drop(hog);
}

// On one thread, so that the recorder of this test is the one the server counts with.
#[tokio::test(flavor = "current_thread")]
async fn pushes_are_counted_with_a_reason() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::start().await;
    push(ZIPKIN, JSON, ZIPKIN_JSON).send(&rig).await;
    push(ZIPKIN, JSON, ZIPKIN_JSON).send(&rig).await;
    push(JAEGER, THRIFT, jaeger_thrift(&[1, 0])).send(&rig).await;
    push(LOKI, JSON, r#"{"streams":[{"values":[["-1","x"],["1","y"]]}]}"#).send(&rig).await;
    push(WRITE, PROTOBUF, "?").send(&rig).await;
    push(WRITE, JSON, "{}").send(&rig).await;
    let text = handle.render();
    for line in [
        r#"fusebox_otlp_requests_total{signal="traces",transport="zipkin",outcome="ok"} 2"#,
        r#"fusebox_duplicate_requests_total{signal="traces"} 1"#,
        r#"fusebox_otlp_requests_total{signal="traces",transport="jaeger",outcome="partial"} 1"#,
        r#"fusebox_otlp_requests_total{signal="logs",transport="loki",outcome="partial"} 1"#,
        r#"fusebox_rejected_records_total{signal="logs",reason="the time is not between 1970 and 2262-04-11"} 1"#,
        r#"fusebox_accepted_records_total{signal="logs"} 1"#,
        r#"fusebox_otlp_requests_total{signal="metrics",transport="remote_write",outcome="undecodable"} 1"#,
        r#"fusebox_otlp_requests_total{signal="none",transport="remote_write",outcome="content_type"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
