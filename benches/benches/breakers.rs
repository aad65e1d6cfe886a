//! Question: does the timeline of breakers answer for a fleet whose gauges are read all the time, and how soon?
//!
//! Data: breakers of resilience4j in so many instances (default 1,000), ten to a service: a gauge of six states, one-hot, and a counter of
//! refused calls, each read every 15 s for 24 hours that end now; every tenth instance opens four times for a minute. 40 million points
//! of OTLP in 1,440 requests. Units: milliseconds per answer over HTTP (first, then p50 and longest), CPU milliseconds of the server per
//! answer, rows and MB decoded. No window is asked for twice, so that no answer is one that was kept.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench breakers -- DIRECTORY [repeats] [instances]
//! ```
//! The first run over a DIRECTORY loads it, which takes minutes; later ones ask only. Server and sender share all cores.

#![expect(clippy::print_stdout, reason = "its figures are its product")]

use std::time::Instant;

use benches::{Arguments, Client, Day, Server};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point::Value as Number},
    resource::v1::Resource,
};
use prost::Message;

const STATES: [&str; 6] = ["closed", "open", "half_open", "disabled", "forced_open", "metrics_only"];
const MINUTES: u64 = 1440;
/// Points of a series in one request.
const POINTS_A_MINUTE: u64 = 4;
const NS: u64 = 1_000_000_000;
const CUMULATIVE: i32 = 2;

fn main() {
    let arguments = Arguments::of_command_line();
    let (repeats, instances) = (arguments.number(0, 10), arguments.number(1, 1000));
    let Some(day) = Day::open(&arguments, |server, end| load(server, end, instances)) else { return };
    Day::print_head();
    let mut client = Client::connect(&day.server.api);
    for hours in [1, 24] {
        let answer = day.measure(&mut client, ("breakers", hours, 100.0), repeats);
        println!("  {} trips, {}", answer["summary"]["trips"], answer["meta"]["warnings"]);
    }
    println!("{:.0} MiB resident at most", day.server.status_mib("VmHWM"));
}

/// `end` is in seconds.
fn load(server: &Server, end: u64, instances: u64) {
    let (start, mut client) = (Instant::now(), server.otlp());
    for minute in 0..MINUTES {
        let first = end - (MINUTES - minute) * 60;
        let request = ExportMetricsServiceRequest { resource_metrics: (0..instances).map(|of| instance(of, first, minute)).collect() };
        let (status, body) = client.post_bytes("/v1/metrics", "application/x-protobuf", &request.encode_to_vec());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }
    println!("sent {} points in {:.1} s", instances * MINUTES * POINTS_A_MINUTE * (STATES.len() as u64 + 1), start.elapsed().as_secs_f64());
    Day::print_stored(server);
}

/// What an instance says of its breaker in the minute that begins at `first` seconds.
fn instance(number: u64, first: u64, minute: u64) -> ResourceMetrics {
    let trips = number.is_multiple_of(10) && minute % 360 == 100 + number % 97;
    let opened_before = if number.is_multiple_of(10) { (minute + 360 - (101 + number % 97)) / 360 } else { 0 };
    // Nobody reads all instances at the same time.
    let time = |point: u64| (first + point * 15) * NS + number * 13_000_000;
    let point = |point: u64, value: Number, labels: &[(&str, &str)]| NumberDataPoint {
        attributes: labels.iter().map(|(key, value)| text(key, (*value).to_owned())).collect(),
        start_time_unix_nano: (first - minute * 60) * NS,
        time_unix_nano: time(point),
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let states = (0..POINTS_A_MINUTE).flat_map(|nth| {
        STATES.iter().enumerate().map(move |(state, word)| {
            let is = usize::from(trips) == state;
            point(nth, Number::AsDouble(f64::from(u8::from(is))), &[("name", "inventory"), ("state", word)])
        })
    });
    let refused = (0..POINTS_A_MINUTE).map(|nth| {
        let total = opened_before * 200 + if trips { nth * 50 } else { 0 };
        point(nth, Number::AsDouble(total as f64), &[("name", "inventory"), ("kind", "not_permitted")])
    });
    let metric = |name: &str, data: Data| Metric { name: name.to_owned(), data: Some(data), ..Metric::default() };
    let sum = Sum { data_points: refused.collect(), aggregation_temporality: CUMULATIVE, is_monotonic: true };
    let metrics = vec![
        metric("resilience4j.circuitbreaker.state", Data::Gauge(Gauge { data_points: states.collect() })),
        metric("resilience4j.circuitbreaker.not.permitted.calls", Data::Sum(sum)),
    ];
    let attributes = vec![text("service.name", format!("shop-{}", number / 10)), text("service.instance.id", format!("shop-{number}"))];
    ResourceMetrics {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_metrics: vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }],
        ..ResourceMetrics::default()
    }
}

fn text(key: &str, value: String) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Any::StringValue(value)) }), ..KeyValue::default() }
}
