//! Question: over a day of a shop whose breakers trip and whose codes change, how soon do the timeline and the statistics of codes answer?
//!
//! Data: 24 hours of the demo shop that end now, of one seed: about 13 M spans with their logs and metrics, and the facts that rules find in
//! them. Units: milliseconds per answer over HTTP (the first after a start, then p50 and longest), CPU milliseconds of the server per
//! answer, rows and MB decoded. No window is asked for twice, so that no answer is one that was kept.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench shop -- DIRECTORY [repeats] [hours]
//! ```
//! The first run over a DIRECTORY loads it, which takes minutes; later ones ask only. Server and sender share all cores.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its product")]

use std::{
    env, fs,
    path::PathBuf,
    thread::scope,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use benches::{Client, Cores, Server, Times};
use demo::{Config, Export, Shop};
use schemas::UnixNanos;
use serde_json::Value;

const SEED: u64 = 7;
const NS: i64 = 1_000_000_000;
/// Lived at once, and then sent by so many at a time.
const SLICE_SECONDS: i64 = 60;
const SENDERS: usize = 16;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
        return eprintln!("SKIPPED: FUSEBOX_BIN does not name a build of fusebox");
    };
    let Some(directory) = arguments.first().map(PathBuf::from) else {
        return eprintln!("SKIPPED: the first argument is the directory for the data, which is kept");
    };
    let number = |place: usize, default: i64| arguments.get(place).map_or(default, |text| text.parse().expect("a number"));
    let (repeats, hours) = (number(1, 20), number(2, 24));
    let (data_dir, loaded) = (directory.join("data"), directory.join("loaded"));
    fs::create_dir_all(&data_dir).expect("a directory");
    let server = Server::start(&binary, &data_dir, Cores::Shared);
    let end: i64 = match fs::read_to_string(&loaded) {
        Ok(end) => end.parse().expect("seconds"),
        Err(_) => {
            let end = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
            load(&server, (end - hours * 3600, end));
            fs::write(&loaded, end.to_string()).expect("a mark");
            end
        }
    };
    println!("{:<32} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}", "", "first ms", "p50 ms", "longest", "CPU ms", "rows", "MB");
    let mut client = Client::connect(&server.api);
    for (route, wanted) in [("breakers", 24), ("breakers", 1), ("errors/codes", 24), ("errors/codes", 1)] {
        let window = |nth: i64| format!("/api/v1/{route}?start={}&end={}", end - wanted * 3600 - nth, end - nth);
        measure(&server, &mut client, &format!("{route}, {wanted} h"), window, repeats);
    }
    println!("{:.0} MiB resident at most", server.status_mib("VmHWM"));
}

/// Times are in seconds.
fn load(server: &Server, (start, end): (i64, i64)) {
    let begin = Instant::now();
    let mut shop = Shop::new(Config { seed: SEED, remembered_traces_max: 0, ..Config::default() });
    let mut senders: Vec<Client> = (0..SENDERS).map(|_| server.otlp()).collect();
    let mut from = start;
    while from < end {
        let to = (from + SLICE_SECONDS).min(end);
        let exports = shop.advance(UnixNanos(from * NS), UnixNanos(to * NS));
        scope(|threads| {
            for (sender, exports) in senders.iter_mut().zip(exports.chunks(exports.len().div_ceil(SENDERS).max(1))) {
                threads.spawn(move || exports.iter().for_each(|export| send(sender, export)));
            }
        });
        if (from - start) % 3600 < SLICE_SECONDS {
            println!("hour {} of the shop, {:.0} s", (from - start) / 3600, begin.elapsed().as_secs_f64());
        }
        from = to;
    }
    let (totals, trips) = (shop.truth().totals, shop.truth().governance.trips().count());
    println!(
        "sent {} spans, {} logs, {} points; {trips} trips, {} refused calls",
        totals.spans, totals.logs, totals.points, totals.refused
    );
    server.wait_until_flushed(Duration::from_secs(600));
    for table in server.tables().iter().filter(|table| table["rows"] != 0) {
        println!("{}: {} rows, {} bytes in {} blocks", table["table"], table["rows"], table["block_bytes"], table["blocks"]);
    }
}

fn send(client: &mut Client, export: &Export) {
    let (status, body) = client.post_bytes(&format!("/v1/{}", export.signal.name()), "application/x-protobuf", &export.body);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
}

fn measure(server: &Server, client: &mut Client, name: &str, window: impl Fn(i64) -> String, repeats: i64) {
    let mut once = |nth: i64| {
        let (path, start) = (window(nth), Instant::now());
        let (status, body) = client.get(&path);
        let took = start.elapsed();
        assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        (took, answer)
    };
    let (first, _) = once(0);
    let cpu_before = server.cpu_seconds();
    let (times, answers): (Vec<Duration>, Vec<Value>) = (1..=repeats).map(&mut once).unzip();
    let cpu_ms = (server.cpu_seconds() - cpu_before) * 1e3 / repeats as f64;
    let Some(answer) = answers.last() else { return };
    let times = Times::new(times);
    let megabytes = answer["meta"]["scanned_bytes"].as_f64().unwrap_or_default() / 1e6;
    let (p50, longest) = (times.quantile_ms(0.5), times.quantile_ms(1.0));
    let (first, rows) = (first.as_secs_f64() * 1e3, answer["meta"]["scanned_rows"].to_string());
    println!("{name:<32} {first:>9.1} {p50:>9.1} {longest:>9.1} {cpu_ms:>9.1} {rows:>11} {megabytes:>9.1}   (goal 100 ms)");
    println!("  {}, {}", answer["summary"]["trips"], answer["meta"]["warnings"]);
}
