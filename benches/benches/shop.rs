//! Question: over a day of a shop whose breakers trip and whose codes change, how soon do the timeline, the statistics of codes, and the pages
//! that tell of them beside spans answer?
//!
//! Data: 24 hours of the demo shop that end now, of one seed: about 13 M spans with their logs and metrics, and the facts that rules find in
//! them. Units: milliseconds per answer over HTTP (the first after a start, then p50 and longest), CPU milliseconds of the server per
//! answer, rows and MB decoded. No window is asked for twice, so that no answer is one that was kept.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench shop -- DIRECTORY [repeats] [hours] [minutes]
//! ```
//! In every so many `minutes` something breaks: two without a rest, sixty as in a house that is well. The first run over a DIRECTORY loads
//! it, which takes minutes; later ones ask only. Server and sender share all cores.

#![expect(clippy::print_stdout, reason = "its figures are its product")]

use std::{
    thread::scope,
    time::{Duration, Instant},
};

use benches::{Arguments, Client, Day, Server};
use demo::{Config, Export, Shop};
use schemas::UnixNanos;

const SEED: u64 = 7;
const NS: i64 = 1_000_000_000;
/// Lived at once, and then sent by so many at a time.
const SLICE_SECONDS: i64 = 60;
const SENDERS: usize = 16;

fn main() {
    let arguments = Arguments::of_command_line();
    let (repeats, hours, minutes) = (arguments.number(0, 20), arguments.number(1, 24), arguments.number(2, 2));
    let every = Duration::from_secs(minutes * 60);
    let load = |server: &Server, end: u64| load(server, ((end - hours * 3600) as i64, end as i64), every);
    let Some(day) = Day::open(&arguments, load) else { return };
    Day::print_head();
    let mut client = Client::connect(&day.server.api);
    let of_facts = [("breakers", 24, 100.0), ("breakers", 1, 100.0), ("errors/codes", 24, 100.0), ("errors/codes", 1, 100.0)];
    let of_pages = [("overview", 1, 50.0), ("services", 1, 50.0), ("services", 24, 50.0), ("services/order", 1, 50.0), ("graph", 1, 100.0)];
    for (route, hours, goal_ms) in of_facts.into_iter().chain(of_pages) {
        let answer = day.measure(&mut client, (route, hours, goal_ms), repeats);
        let found = match route {
            "breakers" => answer["summary"]["trips"].to_string(),
            "errors/codes" => answer["count"].to_string(),
            _ => ["changes", "services", "edges"].iter().find_map(|list| answer[list].as_array()).map_or(1, Vec::len).to_string(),
        };
        println!("  {found} found, {}", answer["meta"]["warnings"]);
    }
    println!("{:.0} MiB resident at most", day.server.status_mib("VmHWM"));
}

/// Times are in seconds.
fn load(server: &Server, (start, end): (i64, i64), scenario_every: Duration) {
    let begin = Instant::now();
    let mut shop = Shop::new(Config { seed: SEED, remembered_traces_max: 0, scenario_every, ..Config::default() });
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
    Day::print_stored(server);
}

fn send(client: &mut Client, export: &Export) {
    let (status, body) = client.post_bytes(&format!("/v1/{}", export.signal.name()), "application/x-protobuf", &export.body);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
}
