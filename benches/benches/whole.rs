//! Question: what does the whole server cost and answer, from real request bytes on a socket to a trace by its id?
//!
//! Data: a capture, replayed with fresh ids. Units: spans per second of server CPU (receive, WAL, fsync and flush together),
//! bytes on disk per span (indexes included), milliseconds per ack and per lookup through the HTTP API, MiB resident.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench whole -- [capture] [passes] [lookups]
//! ```
//! The server is pinned to core 0, sender and lookups to core 1. The run fails when not every record is acknowledged and stored.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its product")]

use std::{
    env,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use benches::{Client, Cores, Server, quantiles, sample_ids};
use schemas::TraceId;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let argument = |place: usize, default: &str| arguments.get(place).cloned().unwrap_or_else(|| default.to_owned());
    let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
        return eprintln!("SKIPPED: FUSEBOX_BIN does not name a release build of fusebox");
    };
    let Some(capture) = testkit::captures::path(&argument(0, "otel-demo/traces.otlp.zst")) else { return };
    let passes = argument(1, "20");
    let lookups: usize = argument(2, "1000").parse().expect("a number of lookups");

    let data_dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&binary, data_dir.path(), Cores::Apart);
    sleep(Duration::from_secs(2));
    println!("idle              {:.1} MiB resident", server.status_mib("VmRSS"));
    let cpu_before = server.cpu_seconds();
    let sent = server.send(Cores::Apart, &capture, &["--loop", &passes, "--concurrency", "8"]);
    let records = sent["accepted"].as_u64().expect("send reports its totals");
    server.wait_until_flushed(Duration::from_secs(180));
    let cpu_seconds = server.cpu_seconds() - cpu_before;
    let (rows, bytes) = server.stored();
    assert_eq!(rows, records, "everything acknowledged is stored");
    println!("records           {records}, {:.0} per second of wall time", records as f64 / sent["seconds"].as_f64().expect("a time"));
    println!("ack               p50 {} ms, p99 {} ms", sent["ack_ms_p50"], sent["ack_ms_p99"]);
    println!("server CPU        {cpu_seconds:.2} s, {:.0} records per CPU second", records as f64 / cpu_seconds);
    let threads = server.cpu_seconds_by_thread().into_iter().filter(|(_, seconds)| *seconds > 0.0);
    let per_record = |(name, seconds): (String, f64)| format!("{name} {:.2}", seconds * 1e6 / records as f64);
    println!("µs per record     {}", threads.map(per_record).collect::<Vec<_>>().join(", "));
    println!("disk              {:.1} bytes per record", bytes as f64 / records as f64);
    println!("written           {:.2} bytes per byte flushed", server.write_amplification().unwrap_or(1.0));
    println!("peak              {:.1} MiB resident", server.status_mib("VmHWM"));

    let ids = sample_ids(&data_dir.path().join("data"), lookups);
    if !ids.is_empty() {
        let mut client = Client::connect(&server.api);
        let (warm_up, _) = ids.split_at(ids.len().min(50));
        for id in warm_up {
            timed(&mut client, *id, 200);
        }
        report("trace by id, hit ", ids.iter().map(|id| timed(&mut client, *id, 200)).collect());
        let misses = ids.iter().map(|id| TraceId(id.0.map(|byte| byte ^ 0x5a)));
        report("trace by id, miss", misses.map(|id| timed(&mut client, id, 404)).collect());
    }
}

fn report(name: &str, times: Vec<Duration>) {
    println!("{name} {}, {} lookups", quantiles(&times), times.len());
}

fn timed(client: &mut Client, id: TraceId, expected: u16) -> Duration {
    let start = Instant::now();
    let (status, _) = client.get(&format!("/api/v1/traces/{id}"));
    assert_eq!(status, expected, "trace {id}");
    start.elapsed()
}
