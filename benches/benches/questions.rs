//! Question: how soon is a question answered over a day of telemetry, and what does it read?
//!
//! Data: the otel-demo capture 2,150 times (10.2 M spans) and the train-ticket logs 105 times (5 M records), with fresh ids, spread over 24
//! hours each; one log record has a word that no other has. Units: milliseconds per answer over HTTP (p50, p99), CPU milliseconds of the
//! server per answer, rows and MB decoded.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench questions -- DIRECTORY [repeats] [part of a name]
//! ```
//! The first run over a DIRECTORY loads it, later ones ask only. Server and sender share all cores. The run fails when a question is not
//! answered, or an acknowledged record is not in the next answer.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its product")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use benches::{Client, Cores, Server, Times, sample_ids};
use schemas::TraceId;
use serde_json::{Value, json};

const SPAN_PASSES: &str = "2150";
const LOG_PASSES: &str = "105";
const DAY_SECONDS: &str = "86400";
/// Where the captures begin; the day after that holds all.
const SPANS_DAY: [&str; 2] = ["2025-07-11T14:08:00Z", "2025-07-12T14:10:00Z"];
const SPANS_HOUR: [&str; 2] = ["2025-07-12T10:00:00Z", "2025-07-12T11:00:00Z"];
const LOGS_DAY: [&str; 2] = ["2023-01-30T11:50:00Z", "2023-01-31T11:50:00Z"];
const NEEDLE: &str = "zyzzyva";
const NEEDLE_TIME_NS: u64 = 1_675_122_653_000_000_000;
const LOOKUPS: usize = 1000;
const FRESH_RECORDS: usize = 100;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
        return eprintln!("SKIPPED: FUSEBOX_BIN does not name a release build of fusebox");
    };
    let Some(directory) = arguments.first().map(PathBuf::from) else {
        return eprintln!("SKIPPED: the first argument is the directory for the data, which is kept");
    };
    let repeats: usize = arguments.get(1).map_or(20, |number| number.parse().expect("a number of repeats"));
    let wanted = |name: &str| arguments.get(2).is_none_or(|part| name.contains(part.as_str()));
    let data_dir = directory.join("data");
    let loaded = directory.join("loaded");
    fs::create_dir_all(&data_dir).expect("a directory");
    let server = Server::start(&binary, &data_dir, Cores::Shared);
    if !loaded.exists() {
        if !load(&server) {
            return;
        }
        fs::write(&loaded, "").expect("a mark");
    }
    println!("{:<44} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}", "", "p50 ms", "p99 ms", "goal ms", "CPU ms", "rows", "MB");
    let mut client = Client::connect(&server.api);
    for Question { name, goal_ms, ask } in questions().into_iter().chain(dashboards()).filter(|question| wanted(question.name)) {
        measure(&server, &mut client, name, goal_ms, &ask, repeats);
    }
    if wanted("trace by id") {
        look_up(&server, &mut client, &data_dir);
    }
    if wanted("fresh") {
        check_freshness(&server, &mut client);
    }
    if wanted("death") {
        acknowledge_meanwhile(&server);
    }
}

/// False when there are no captures.
fn load(server: &Server) -> bool {
    let captures = ["otel-demo/traces.otlp.zst", "train-ticket/logs.otlp.zst"].map(testkit::captures::path);
    let [Some(spans), Some(logs)] = captures else { return false };
    let cpu_before = server.cpu_seconds();
    let record = json!({ "timeUnixNano": NEEDLE_TIME_NS.to_string(), "body": { "stringValue": format!("one {NEEDLE} only") } });
    send_json(server, "logs", &json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [record] }] }] }));
    for (capture, passes) in [(spans, SPAN_PASSES), (logs, LOG_PASSES)] {
        let sent = server.send(Cores::Shared, &capture, &["--loop", passes, "--over", DAY_SECONDS]);
        println!("loaded {} records in {} s", sent["accepted"], sent["seconds"]);
    }
    server.wait_until_flushed(Duration::from_secs(300));
    settle(server);
    println!("server CPU {:.1} s, peak {:.1} MiB resident", server.cpu_seconds() - cpu_before, server.status_mib("VmHWM"));
    for table in server.tables() {
        println!("{table}");
    }
    true
}

/// Waits until no more blocks are brought together.
fn settle(server: &Server) {
    const QUIET: Duration = Duration::from_secs(60);
    let deadline = Instant::now() + Duration::from_secs(3600);
    let blocks = || server.tables().iter().map(|table| table["blocks"].clone()).collect::<Vec<_>>();
    let (mut last, mut since) = (blocks(), Instant::now());
    while since.elapsed() < QUIET && Instant::now() < deadline {
        sleep(Duration::from_secs(2));
        let now = blocks();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

struct Question {
    name: &'static str,
    goal_ms: f64,
    ask: Ask,
}

enum Ask {
    Get(String),
    Sql(String),
}

fn questions() -> Vec<Question> {
    let search = |table: &str, q: &str, [start, end]: [&str; 2], rest: &str| {
        Ask::Get(format!("/api/v1/{table}?q={}&start={start}&end={end}{rest}", encoded(q)))
    };
    let question = |name, goal_ms, ask| Question { name, goal_ms, ask };
    let [from, to] = SPANS_HOUR;
    let in_hour = format!("start_time >= '{from}' AND start_time < '{to}'");
    vec![
        question("attribute with a column: 0.02 % of spans", 300.0, search("spans", "http.response.status_code:504", SPANS_DAY, "")),
        question("attribute with a column: no span", 300.0, search("spans", "rpc.method:NoSuchMethod", SPANS_DAY, "")),
        question("attribute without: 0.08 % of spans", 300.0, search("spans", "http.error_name:Error", SPANS_DAY, "")),
        question("attribute without: no span", 300.0, search("spans", "http.error_name:NoSuchError", SPANS_DAY, "")),
        question("attribute that nobody sends", 300.0, search("spans", "order.nobody:1", SPANS_DAY, "")),
        question("newest 20 error spans of a service", 30.0, search("spans", "service:payment status:error", SPANS_DAY, "&limit=20")),
        question(
            "group by a promoted key, 1 h",
            100.0,
            Ask::Sql(format!("SELECT http_response_status_code, count(*) FROM spans WHERE {in_hour} GROUP BY 1")),
        ),
        question(
            "the same as attrs->>",
            100.0,
            Ask::Sql(format!("SELECT attrs->>'http.response.status_code', count(*) FROM spans WHERE {in_hour} GROUP BY 1")),
        ),
        question("rare word in 5 M logs", 20.0, search("logs", NEEDLE, LOGS_DAY, "")),
        question("common word, newest 100", 100.0, search("logs", "order", LOGS_DAY, "&limit=100")),
        question("phrase, newest 100", 200.0, search("logs", "\"Get left ticket\"", LOGS_DAY, "&limit=100")),
        question("phrase of common words: no record", 200.0, search("logs", "\"ticket left get\"", LOGS_DAY, "&limit=100")),
        question("histogram of a common word, 24 h", 200.0, search("logs/histogram", "order", LOGS_DAY, "")),
        question("histogram of a rare word, 24 h", 200.0, search("logs/histogram", NEEDLE, LOGS_DAY, "")),
        question("newest 10 spans, all columns", 100.0, Ask::Sql("SELECT * FROM spans ORDER BY start_time DESC LIMIT 10".to_owned())),
        question("traces with an error, newest 20", 300.0, search("traces", "service:payment status:error", SPANS_DAY, "&limit=20")),
        question("slowest 20 traces of a service, 1 h", 300.0, search("traces", "service:payment", SPANS_HOUR, "&sort=slowest&limit=20")),
        question("spans of traces above 1 s, 1 h", 300.0, search("spans", "service:payment trace.duration>1s", SPANS_HOUR, "")),
        question(
            "payment somewhere below frontend, 1 h",
            300.0,
            search("spans", "{service:frontend} >> {service:payment}", SPANS_HOUR, ""),
        ),
    ]
}

/// What a dashboard asks again and again.
fn dashboards() -> Vec<Question> {
    let get = |name, goal_ms, path: &str, [start, end]: [&str; 2]| {
        let more = if path.contains('?') { '&' } else { '?' };
        Question { name, goal_ms, ask: Ask::Get(format!("/api/v1/{path}{more}start={start}&end={end}")) }
    };
    vec![
        get("services, 24 h", 50.0, "services", SPANS_DAY),
        get("services, 1 h", 50.0, "services", SPANS_HOUR),
        get("rate, errors, durations of one, 24 h", 50.0, "services/payment", SPANS_DAY),
        get("operations of one, 24 h", 50.0, "services/frontend/operations", SPANS_DAY),
        get("heatmap of one, 24 h", 50.0, "heatmap?service=frontend&kind=server", SPANS_DAY),
        get("heatmap of one, 1 h", 50.0, "heatmap?service=frontend&kind=server", SPANS_HOUR),
        get("service graph, 1 h", 100.0, "graph", SPANS_HOUR),
        get("service graph, 24 h", 100.0, "graph", SPANS_DAY),
        get("overview, 24 h", 50.0, "overview", SPANS_DAY),
        get("overview, 1 h", 50.0, "overview", SPANS_HOUR),
        get("error codes, 24 h", 100.0, "errors/codes", SPANS_DAY),
        get("breakers, 24 h", 100.0, "breakers", SPANS_DAY),
    ]
}

fn measure(server: &Server, client: &mut Client, name: &str, goal_ms: f64, ask: &Ask, repeats: usize) {
    let mut once = || {
        let start = Instant::now();
        let (status, body) = match ask {
            Ask::Get(path) => client.get(path),
            Ask::Sql(query) => client.post("/api/v1/sql", &json!({ "query": query }).to_string()),
        };
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

fn look_up(server: &Server, client: &mut Client, data_dir: &Path) {
    let ids = sample_ids(&data_dir.join("data"), LOOKUPS);
    let mut timed = |id: TraceId, expected: u16| {
        let start = Instant::now();
        assert_eq!(client.get(&format!("/api/v1/traces/{id}")).0, expected, "trace {id}");
        start.elapsed()
    };
    for id in ids.iter().take(50) {
        timed(*id, 200);
    }
    let mut report = |name: &str, ids: Vec<TraceId>, expected: u16| {
        let cpu_before = server.cpu_seconds();
        let times = Times::new(ids.into_iter().map(|id| timed(id, expected)).collect());
        let cpu_ms = (server.cpu_seconds() - cpu_before) * 1e3 / times.count() as f64;
        println!("{name:<44} {:>9.1} {:>9.1} {:>9} {cpu_ms:>9.1}", times.quantile_ms(0.5), times.quantile_ms(0.99), "5 / 25");
    };
    report("trace by id, hits", ids.clone(), 200);
    report("trace by id, misses", ids.into_iter().map(|id| TraceId(id.0.map(|byte| byte ^ 0x5a))).collect(), 404);
}

/// Every record that is acknowledged must be in the answer to a question that is asked then.
fn check_freshness(server: &Server, client: &mut Client) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let times = (0..FRESH_RECORDS).map(|number| {
        let word = format!("fresh{now}x{number}");
        let record = json!({ "timeUnixNano": now.to_string(), "body": { "stringValue": word } });
        send_json(server, "logs", &json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [record] }] }] }));
        let start = Instant::now();
        let (status, body) = client.get(&format!("/api/v1/logs?q={word}&range=1h"));
        let took = start.elapsed();
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((status, answer["logs"].as_array().map(Vec::len)), (200, Some(1)), "{word} is found: {answer}");
        took
    });
    let times = Times::new(times.collect());
    println!(
        "{:<44} {:>9.1} {:>9.1}   each of {FRESH_RECORDS} found by its word",
        "fresh: acknowledged, then asked",
        times.quantile_ms(0.5),
        times.quantile_ms(0.99)
    );
}

fn send_json(server: &Server, signal: &str, request: &Value) {
    let (status, body) = server.otlp().post(&format!("/v1/{signal}"), &request.to_string());
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
}

/// Times of acknowledgements alone, and while questions of death are answered two at a time.
fn acknowledge_meanwhile(server: &Server) {
    let Some(capture) = testkit::captures::path("otel-demo/traces.otlp.zst") else { return };
    let send = || server.send(Cores::Shared, &capture, &["--loop", "10", "--rate", "50req", "--shift-to-now"]);
    let report =
        |name: &str, sent: &Value| println!("{name:<44} {:>9} {:>9}", sent["ack_ms_p50"].to_string(), sent["ack_ms_p99"].to_string());
    report("ack, nothing asked", &send());
    let over = AtomicBool::new(false);
    let asked = scope(|scope| {
        let askers: Vec<_> = (0..2)
            .map(|first| {
                scope.spawn({
                    let over = &over;
                    move || ask_to_death(server, first, over)
                })
            })
            .collect();
        report("ack, during queries of death", &send());
        over.store(true, Ordering::Relaxed);
        askers.into_iter().map(|asker| asker.join().expect("each ends by itself")).sum::<usize>()
    });
    println!("{asked} queries of death were asked meanwhile, and ended by themselves");
}

/// Asks one after the other until it is over; the number asked.
fn ask_to_death(server: &Server, first: usize, over: &AtomicBool) -> usize {
    const DEADLINE: Duration = Duration::from_secs(35);
    let queries = [
        "SELECT count(*) FROM spans a, spans b, spans c",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT count(*) FROM spans WHERE attributes ~ '(a*)*(a*)*(a*)*b'",
        "SELECT s.*, t.name FROM spans s, (SELECT name FROM spans LIMIT 100) t ORDER BY s.attributes, s.resource_attributes, s.trace_id",
        "SELECT s.span_id, t.span_id, count(*) FROM spans s, spans t GROUP BY 1, 2",
        "SELECT count(*) FROM spans a JOIN spans b ON a.duration_ns < b.duration_ns JOIN spans c ON b.name <> c.name",
        "SELECT array_agg(a.attributes || b.attributes) FROM spans a, spans b",
        "SELECT * FROM spans ORDER BY span_id LIMIT 9223372036854775807 OFFSET 4611686018427387904",
    ];
    let mut client = Client::connect(&server.api);
    let mut asked = 0;
    for query in queries.into_iter().cycle().skip(first).step_by(2) {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        let (status, body) = client.post("/api/v1/sql", &json!({ "query": query }).to_string());
        let ended = matches!(status, 200 | 400 | 422 | 503) && start.elapsed() < DEADLINE;
        assert!(ended, "{query}: {status} after {:?}: {}", start.elapsed(), String::from_utf8_lossy(&body[..body.len().min(500)]));
        asked += 1;
    }
    asked
}

/// What a query string may hold.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(byte).collect()
}
