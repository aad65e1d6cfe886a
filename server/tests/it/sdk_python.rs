//! The OpenTelemetry SDK for Python as a client. `FUSEBOX_PYTHON` names an interpreter that has `tests/python/requirements.txt`.

use std::{collections::BTreeMap, path::Path, process::Command};

use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value as Number};

use crate::doors::{Doors, Stored, value, written};

/// 2025-11-22, the start of everything the script sends with a time of its own.
const START: u64 = 1_763_800_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const RESOURCE: [&str; 3] = ["process.pid=int:17", "service.name=str:recommendation", "service.version=str:0.24.0"];

/// Runs the script against each way in; `None`, loudly, when there is no interpreter for it.
fn send(doors: &Doors, protocol: &str, compression: &str) -> Option<BTreeMap<String, String>> {
    let Some(python) = std::env::var_os("FUSEBOX_PYTHON") else {
        println!("SKIPPED: FUSEBOX_PYTHON names no interpreter with the OpenTelemetry SDK; see server/tests/python/requirements.txt");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/sdk.py");
    let endpoint = if protocol == "grpc" { &doors.grpc } else { &doors.http };
    let ended = Command::new(python).arg(script).args([protocol, endpoint, compression]).output().expect("FUSEBOX_PYTHON starts");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{protocol} {compression}: {stderr}");
    assert!(!stderr.contains("Failed to export"), "{protocol} {compression}: {stderr}");
    let lines = String::from_utf8(ended.stdout).expect("text");
    Some(lines.lines().filter_map(|line| line.split_once(' ')).map(|(key, id)| (key.to_owned(), id.to_owned())).collect())
}

#[test]
fn everything_python_sends_comes_back_equal() {
    for (protocol, compression) in [("grpc", "none"), ("grpc", "gzip"), ("http", "none"), ("http", "gzip")] {
        let doors = Doors::open();
        let Some(ids) = send(&doors, protocol, compression) else { return };
        let way = format!("{protocol} {compression}");
        check_spans(&doors, &ids, &way);
        check_logs(&doors, &ids, &way);
        check_metrics(&doors, &way);
    }
}

fn check_spans(doors: &Doors, ids: &BTreeMap<String, String>, way: &str) {
    let mut stored = doors.spans();
    stored.sort_by_key(|stored| stored.record.start_time_unix_nano);
    let [Stored { resource, scope, record: server }, Stored { record: client, .. }] = stored.as_slice() else {
        panic!("{way}: {} spans", stored.len());
    };
    assert_eq!(written(&resource.attributes), RESOURCE, "{way}");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("recommendation", "0.24.0"), "{way}");
    assert_eq!(written(&scope.attributes), ["team=str:shop"], "{way}");
    assert_eq!((hex(&server.trace_id), hex(&server.span_id)), (ids["trace_id"].clone(), ids["parent_id"].clone()), "{way}");
    assert_eq!((server.name.as_str(), server.kind), ("/recommendation.v1.RecommendationService/List", 2), "{way}");
    assert_eq!((server.start_time_unix_nano, server.end_time_unix_nano), (START, START + 20 * MILLISECOND), "{way}");
    let status = server.status.clone().unwrap_or_default();
    assert_eq!((status.code, status.message.as_str()), (2, "IndexError: list index out of range"), "{way}");
    assert_eq!(
        written(&server.attributes),
        [
            "cache.hit=bool:false",
            "counts=[int:1, int:2]",
            "http.status_code=str:500",
            "rpc.grpc.status_code=int:13",
            "rpc.system=str:grpc",
            "score=double:0.75",
            "skus=[str:a, str:ü]",
        ],
        "{way}"
    );
    let [event] = server.events.as_slice() else { panic!("{way}: {:?}", server.events) };
    assert_eq!((event.name.as_str(), event.time_unix_nano), ("exception", START + 10 * MILLISECOND), "{way}");
    let attributes = written(&event.attributes);
    assert!(attributes.contains(&"exception.type=str:IndexError".to_owned()), "{way}: {attributes:?}");
    assert!(
        attributes.iter().any(|line| line.starts_with("exception.stacktrace=str:Traceback") && line.contains('\n')),
        "{way}: {attributes:?}"
    );
    let [link] = server.links.as_slice() else { panic!("{way}: {:?}", server.links) };
    assert_eq!((hex(&link.trace_id), hex(&link.span_id)), (format!("{:032x}", 0xfeed_beef_u128), format!("{:016x}", 0xcafe)), "{way}");
    assert_eq!(written(&link.attributes), ["why=str:batch"], "{way}");

    assert_eq!((client.name.as_str(), client.kind), ("ZREVRANGE", 3), "{way}");
    assert_eq!((hex(&client.span_id), hex(&client.parent_span_id)), (ids["child_id"].clone(), ids["parent_id"].clone()), "{way}");
}

fn check_logs(doors: &Doors, ids: &BTreeMap<String, String>, way: &str) {
    let mut stored = doors.logs();
    stored.sort_by_key(|stored| stored.record.time_unix_nano);
    let [Stored { resource, scope, record: info }, Stored { record: warning, .. }] = stored.as_slice() else {
        panic!("{way}: {} logs", stored.len());
    };
    assert_eq!(written(&resource.attributes), RESOURCE, "{way}");
    assert_eq!(scope.name, "recommendation", "{way}");
    assert_eq!((info.severity_number, info.severity_text.as_str()), (9, "INFO"), "{way}");
    assert_eq!(value(info.body.as_ref()), "str:started with 12 products", "{way}");
    assert!(info.trace_id.is_empty(), "{way}");
    assert_eq!((warning.severity_number, warning.severity_text.as_str()), (13, "WARN"), "{way}");
    assert_eq!(value(warning.body.as_ref()), "str:cache unavailable", "{way}");
    let attributes = written(&warning.attributes);
    assert!(["attempt=int:2", "sku=str:a-1"].iter().all(|line| attributes.iter().any(|found| found == line)), "{way}: {attributes:?}");
    assert_eq!((hex(&warning.trace_id), hex(&warning.span_id)), (ids["trace_id"].clone(), ids["parent_id"].clone()), "{way}");
}

fn check_metrics(doors: &Doors, way: &str) {
    let stored = doors.metrics();
    let data = |name: &str| {
        let found: Vec<_> = stored.iter().filter(|stored| stored.record.name == name).collect();
        let [Stored { resource, record, .. }] = found.as_slice() else { panic!("{way}: {} of {name}", found.len()) };
        assert_eq!(written(&resource.attributes), RESOURCE, "{way}");
        record.data.clone()
    };
    let Some(Data::Sum(given)) = data("recommendations") else { panic!("{way}: recommendations") };
    assert_eq!((given.is_monotonic, given.data_points[0].value), (true, Some(Number::AsInt(5))), "{way}");
    assert_eq!(written(&given.data_points[0].attributes), ["kind=str:catalog"], "{way}");
    let Some(Data::Sum(queue)) = data("queue") else { panic!("{way}: queue") };
    assert_eq!((queue.is_monotonic, queue.data_points[0].value), (false, Some(Number::AsInt(-3))), "{way}");
    let Some(Data::Gauge(temperature)) = data("temperature") else { panic!("{way}: temperature") };
    assert_eq!(temperature.data_points[0].value, Some(Number::AsDouble(21.5)), "{way}");
    let Some(Data::Histogram(latency)) = data("latency") else { panic!("{way}: latency") };
    let point = &latency.data_points[0];
    assert_eq!((point.count, point.sum, point.min, point.max), (3, Some(321.0), Some(1.0), Some(300.0)), "{way}");
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), 3, "{way}");
    let Some(Data::ExponentialHistogram(spread)) = data("spread") else { panic!("{way}: spread") };
    let point = &spread.data_points[0];
    assert_eq!((point.count, point.sum), (3, Some(321.0)), "{way}");
    let buckets = point.positive.clone().unwrap_or_default();
    assert_eq!(buckets.bucket_counts.iter().sum::<u64>(), 3, "{way}: scale {} {buckets:?}", point.scale);
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
