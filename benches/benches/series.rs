//! Question: how soon are 100 series over 24 h answered, and what do the lists for autocomplete read?
//!
//! Data: one counter and one histogram of 100 series each, and 40 gauges beside them of 10 series, a point every 15 s (5,760 a series) for
//! 24 hours that end now, sent as 1,440 requests of OTLP JSON. Units: milliseconds per answer over HTTP (p50, p99), CPU milliseconds of
//! the server per answer, rows and MB decoded.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench series -- DIRECTORY [repeats]
//! ```
//! The first run over a DIRECTORY loads it, which takes a while; later ones ask only. Server and sender share all cores.

#![expect(clippy::print_stdout, reason = "its figures are its product")]

use std::time::{Duration, Instant};

use benches::{Arguments, Client, Day, Server, Times};
use serde_json::{Value, json};

const SERIES: u64 = 100;
const GAUGES: u64 = 40;
const GAUGE_SERIES: u64 = 10;
const MINUTES: u64 = 1440;
/// Points of a series in one request.
const POINTS_A_MINUTE: u64 = 4;
const NS: u64 = 1_000_000_000;

fn main() {
    let arguments = Arguments::of_command_line();
    let repeats = arguments.number(0, 20) as usize;
    let Some(Day { server, end, .. }) = Day::open(&arguments, load) else { return };
    let day = format!("start={}&end={end}", end - MINUTES * 60);
    let questions = [
        ("rate of 100 series, 24 h, step 10m", 100.0, format!("query_range?selector=bench.requests&limit=1000&{day}")),
        ("rate of 100 series, 24 h, step 1m", 100.0, format!("query_range?selector=bench.requests&limit=1000&step=1m&{day}")),
        ("sum by 10 services, 24 h, step 10m", 100.0, format!("query_range?selector=bench.requests&by=service_name&{day}")),
        ("one series of 100, 24 h, step 10m", 100.0, format!("query_range?selector=bench.requests%7Broute=%22r7%22%7D&{day}")),
        ("p99 of 100 histograms, 24 h, step 10m", 100.0, format!("query_range?selector=bench.latency&quantile=0.99&by=service_name&{day}")),
        ("value of 10 gauges, 24 h, step 10m", 100.0, format!("query_range?selector=bench.gauge7&{day}")),
        ("names, 24 h", 100.0, format!("names?{day}")),
        ("labels of a metric, 24 h", 100.0, format!("labels?metric=bench.requests&{day}")),
        ("values of a label, 24 h", 100.0, format!("labels/route/values?metric=bench.requests&{day}")),
        ("labels of all metrics, 24 h", 100.0, format!("labels?{day}")),
    ];
    println!("{:<44} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}", "", "p50 ms", "p99 ms", "goal ms", "CPU ms", "rows", "MB");
    let mut client = Client::connect(&server.api);
    for (name, goal_ms, path) in questions {
        measure(&server, &mut client, name, goal_ms, &path, repeats);
    }
}

/// `end` is in seconds.
fn load(server: &Server, end: u64) {
    let (start, mut client) = (Instant::now(), server.otlp());
    for minute in 0..MINUTES {
        let first = end - (MINUTES - minute) * 60;
        let (status, body) = client.post("/v1/metrics", &request(first, minute).to_string());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }
    println!("loaded {} points in {:.1} s", server.stored().0, start.elapsed().as_secs_f64());
    server.wait_until_flushed(Duration::from_secs(600));
    let (rows, bytes) = server.stored();
    println!("{:.2} bytes a point in blocks", bytes as f64 / rows as f64);
}

/// Points of a minute that begins at `first` seconds.
fn request(first: u64, minute: u64) -> Value {
    let text = |key: &str, value: String| json!({ "key": key, "value": { "stringValue": value } });
    let points = |series: u64, of: &dyn Fn(u64) -> Value| -> Vec<Value> {
        (0..POINTS_A_MINUTE)
            .map(|point| {
                let mut value = of(minute * POINTS_A_MINUTE + point);
                value["timeUnixNano"] = json!(((first + point * 15) * NS).to_string());
                value["startTimeUnixNano"] = json!(((first - minute * 60) * NS).to_string());
                value["attributes"] = json!([text("route", format!("r{series}")), text("http.request.method", "GET".to_owned())]);
                value
            })
            .collect()
    };
    let of_service = |service: u64| {
        let mine = (0..SERIES).filter(|series| series % 10 == service);
        let requests: Vec<Value> = mine
            .clone()
            .flat_map(|series| points(series, &|nth| json!({ "asInt": (nth * (3 + series % 7) + nth % 5).to_string() })))
            .collect();
        let histogram = |series: u64, nth: u64| {
            let counts: Vec<String> = (0..12).map(|bucket| (nth * ((bucket * 7 + series) % 11)).to_string()).collect();
            let count: u64 = (0..12).map(|bucket| nth * ((bucket * 7 + series) % 11)).sum();
            let bounds: Vec<f64> = (0..11).map(|bound| 0.005 * f64::from(1 << bound)).collect();
            json!({ "count": count.to_string(), "sum": count as f64 * 0.1, "bucketCounts": counts, "explicitBounds": bounds })
        };
        let latency: Vec<Value> = mine.flat_map(|series| points(series, &|nth| histogram(series, nth))).collect();
        let gauges = (0..GAUGES).map(|gauge| {
            let level = |nth: u64| json!({ "asDouble": ((nth * (gauge + 3) + service) % 101) as f64 / 7.0 });
            json!({ "name": format!("bench.gauge{gauge}"), "gauge": { "dataPoints": points(service % GAUGE_SERIES, &level) } })
        });
        let mut metrics = vec![
            json!({ "name": "bench.requests", "sum": { "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": requests } }),
            json!({ "name": "bench.latency", "unit": "s", "histogram": { "aggregationTemporality": 2, "dataPoints": latency } }),
        ];
        metrics.extend(gauges);
        let resource = json!({ "attributes": [text("service.name", format!("service-{service}")), text("service.instance.id", format!("{service}-0"))] });
        json!({ "resource": resource, "scopeMetrics": [{ "metrics": metrics }] })
    };
    json!({ "resourceMetrics": (0..GAUGE_SERIES).map(of_service).collect::<Vec<_>>() })
}

fn measure(server: &Server, client: &mut Client, name: &str, goal_ms: f64, path: &str, repeats: usize) {
    let mut once = || {
        let start = Instant::now();
        let (status, body) = client.get(&format!("/api/v1/metrics/{path}"));
        let took = start.elapsed();
        assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        (took, answer["meta"].clone())
    };
    let (_, meta) = once();
    let cpu_before = server.cpu_seconds();
    let times = Times::new((0..repeats).map(|_| once().0).collect());
    let cpu_ms = (server.cpu_seconds() - cpu_before) * 1e3 / repeats as f64;
    let megabytes = meta["scanned_bytes"].as_f64().unwrap_or_default() / 1e6;
    let (p50, p99) = (times.quantile_ms(0.5), times.quantile_ms(0.99));
    println!("{name:<44} {p50:>9.1} {p99:>9.1} {goal_ms:>9} {cpu_ms:>9.1} {:>11} {megabytes:>9.1}", meta["scanned_rows"].to_string());
}
