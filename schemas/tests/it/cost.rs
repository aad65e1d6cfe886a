//! What decoding costs is never more than the scan said it would: whoever budgets memory believes it.
//!
//! Each request consists of one thing only, as many as a request of a few MiB holds, and is decoded in a process of its own,
//! because memory is counted per process.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use prost::encoding::{WireType, encode_key, encode_varint};
use schemas::{
    Signal,
    otlp::{self, DecodeLimits, Format},
    promoted::{self, Promoted, ValueType},
};

use crate::request::RECEIVED_AT;

const ELEMENTS: usize = 250_000;
const RECORDS: usize = 60_000;
const TEXT_BYTES: usize = 4 << 20;
/// The allocator's own, and the steps in which the system counts.
const SLACK_BYTES: u64 = 1 << 20;

const CASE: &str = "FUSEBOX_TEST_COST_OF";

#[test]
fn no_request_costs_more_than_its_estimate() {
    match std::env::var(CASE) {
        Ok(name) => check(&name),
        Err(_) => cases().into_iter().for_each(|(name, _, _, body)| start(name, &body())),
    }
}

/// Runs this test for one case in another process, which gets the body through a pipe: making one costs more than it is long.
fn start(name: &str, body: &[u8]) {
    let mut alone = Command::new(std::env::current_exe().expect("own path"));
    alone.args(["--exact", "cost::no_request_costs_more_than_its_estimate"]).env(CASE, name).stdin(Stdio::piped());
    // Freed memory goes back to the system at once instead of serving the next step unseen.
    let mut alone = alone.env("MALLOC_MMAP_THRESHOLD_", "131072").spawn().expect("starts");
    alone.stdin.take().expect("piped").write_all(body).expect("read to its end");
    let status = alone.wait().expect("ends");
    assert!(status.success(), "{name}: {status}");
}

fn check(name: &str) {
    let (_, signal, format, _) = cases().into_iter().find(|(case, ..)| *case == name).expect("a case");
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).expect("a pipe");
    // What is made once in a process, and the code itself, are loaded before.
    for (signal, format, small) in small() {
        otlp::decode(signal, format, &small, RECEIVED_AT, &DecodeLimits::default()).expect("a request");
    }
    let before = memory("VmRSS");
    let request = otlp::Request::read(signal, format, &body, &DecodeLimits::default()).expect("within limits");
    let decoded = request.decode(RECEIVED_AT).expect("was read");
    let cost = memory("VmHWM").saturating_sub(before);
    // JSON becomes protobuf, which its reader pays for beside the estimate.
    let paid = request.scan().decoded_bytes_estimate + if format == Format::Json { body.len() as u64 } else { 0 };
    assert!(decoded.accepted > 0);
    assert!(cost <= paid + SLACK_BYTES, "{name} costs {} KiB, the estimate is {} KiB", cost >> 10, paid >> 10);
}

/// Bytes of `key` in this process' status.
fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(key)).expect("the key");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") << 10
}

type Case = (&'static str, Signal, Format, fn() -> Vec<u8>);

fn cases() -> Vec<Case> {
    let logs = |name, body: fn() -> Vec<u8>| (name, Signal::Logs, Format::Protobuf, body);
    let traces = |name, body: fn() -> Vec<u8>| (name, Signal::Traces, Format::Protobuf, body);
    let metrics = |name, body: fn() -> Vec<u8>| (name, Signal::Metrics, Format::Protobuf, body);
    vec![
        logs("empty records, the last with every column", || request(&[empty(2, RECORDS), field(2, &full_log())].concat())),
        logs("groups of one record", || field(1, &field(2, &field(2, &[]))).repeat(RECORDS)),
        logs("empty attributes", || record(&empty(6, ELEMENTS))),
        logs("an array of nothing", || record(&field(5, &field(5, &empty(1, ELEMENTS))))),
        logs("a map of nothing", || record(&field(5, &field(6, &empty(1, ELEMENTS))))),
        logs("empty entity references", || field(1, &[field(1, &empty(3, ELEMENTS)), field(2, &field(2, &[]))].concat())),
        logs("keys of an entity", || field(1, &[field(1, &field(3, &empty(3, ELEMENTS))), field(2, &field(2, &[]))].concat())),
        logs("control characters in an attribute", || record(&attribute(6, "k", &field(1, &[1; TEXT_BYTES])))),
        logs("control characters in attributes", || record(&attribute(6, "", &field(1, &[1; 30])).repeat(TEXT_BYTES / 40))),
        logs("invalid UTF-8 in an attribute", || record(&attribute(6, "k", &field(1, &[0xff; TEXT_BYTES])))),
        logs("invalid UTF-8 in a body", || record(&field(5, &field(1, &[0xff; TEXT_BYTES])))),
        logs("bytes in an attribute", || record(&attribute(6, "k", &field(7, &[1; TEXT_BYTES])))),
        logs("a body in pieces around a text", || {
            record(&[field(5, &[]), field(5, &nested_maps(31, &field(1, &[b'x'; TEXT_BYTES])))].concat())
        }),
        traces("events", || span(&[empty(11, ELEMENTS), field(11, &full_event())].concat())),
        traces("links", || span(&[empty(13, ELEMENTS), field(13, &full_link())].concat())),
        traces("spans, the last with every column", || {
            let last = field(2, &[ids(), attributes(promoted::SPAN, 9)].concat());
            request(&[field(2, &ids()).repeat(RECORDS), last].concat())
        }),
        metrics("packed bucket counts", || point(10, &field(8, &field(2, &[1; ELEMENTS])))),
        metrics("exemplars", || point(5, &[fixed64(6), empty(5, ELEMENTS), field(5, &full_exemplar())].concat())),
        metrics("quantiles", || point(11, &empty(6, ELEMENTS))),
        metrics("empty points", || record(&field(11, &empty(1, RECORDS)))),
        metrics("metrics of one point", || request(&field(2, &field(11, &empty(1, 1))).repeat(RECORDS))),
        ("numbers of two bytes in JSON", Signal::Metrics, Format::Json, || {
            let numbers = "1,".repeat(ELEMENTS);
            format!(
                r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[{{"positive":{{"bucketCounts":[{numbers}1]}}}}]}}}}]}}]}}]}}"#
            )
            .into_bytes()
        }),
    ]
}

fn small() -> [(Signal, Format, Vec<u8>); 4] {
    let split = [field(5, &[]), field(5, &nested_maps(3, &field(1, b"\xff\n")))].concat();
    [
        (Signal::Logs, Format::Protobuf, record(&[full_log(), split].concat())),
        (Signal::Traces, Format::Protobuf, span(&[field(11, &full_event()), field(13, &full_link())].concat())),
        (Signal::Metrics, Format::Protobuf, point(5, &[fixed64(6), field(5, &full_exemplar())].concat())),
        (Signal::Logs, Format::Json, b"{}".to_vec()),
    ]
}

fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 12);
    encode_key(number, WireType::LengthDelimited, &mut out);
    encode_varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

fn empty(number: u32, count: usize) -> Vec<u8> {
    field(number, &[]).repeat(count)
}

fn fixed64(number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    encode_key(number, WireType::SixtyFourBit, &mut out);
    out.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    out
}

fn varint(number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    encode_key(number, WireType::Varint, &mut out);
    out.push(2);
    out
}

fn request(scope_fields: &[u8]) -> Vec<u8> {
    field(1, &field(2, scope_fields))
}

fn record(fields: &[u8]) -> Vec<u8> {
    request(&field(2, fields))
}

fn span(fields: &[u8]) -> Vec<u8> {
    record(&[ids(), fields.to_vec()].concat())
}

/// A metric of the data in field `number`, with one point.
fn point(number: u32, fields: &[u8]) -> Vec<u8> {
    record(&field(number, &[field(1, fields), varint(2)].concat()))
}

fn ids() -> Vec<u8> {
    [field(1, &[7; 16]), field(2, &[7; 8])].concat()
}

fn attribute(number: u32, key: &str, value: &[u8]) -> Vec<u8> {
    field(number, &[field(1, key.as_bytes()), field(2, value)].concat())
}

/// An AnyValue of maps within maps around `value`.
fn nested_maps(depth: usize, value: &[u8]) -> Vec<u8> {
    (0..depth).fold(value.to_vec(), |value, _| field(6, &attribute(1, "k", &value)))
}

/// One attribute for each promoted column.
fn attributes(level: &[Promoted], number: u32) -> Vec<u8> {
    let value = |promoted: &Promoted| match promoted.value {
        ValueType::Text => field(1, b"x"),
        ValueType::Int => varint(3),
    };
    level.iter().flat_map(|promoted| attribute(number, promoted.key, &value(promoted))).collect()
}

fn full_log() -> Vec<u8> {
    let ids = [field(9, &[7; 16]), field(10, &[7; 8])].concat();
    let texts = [field(3, b"INFO"), field(5, &field(1, b"body")), field(12, b"event"), attribute(6, "k", &field(1, b"v"))].concat();
    [fixed64(1), fixed64(11), ids, texts, attributes(promoted::LOG, 6)].concat()
}

fn full_event() -> Vec<u8> {
    [fixed64(1), field(2, b"name"), attribute(3, "k", &[]), varint(4)].concat()
}

fn full_link() -> Vec<u8> {
    [ids(), field(3, b"state"), attribute(4, "k", &[]), varint(5)].concat()
}

fn full_exemplar() -> Vec<u8> {
    [fixed64(2), fixed64(3), field(4, &[7; 8]), field(5, &[7; 16]), attribute(7, "k", &[])].concat()
}
