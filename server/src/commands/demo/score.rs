//! `fusebox demo --score MINUTES`: how well does the timeline of breakers tell what really happened?
//!
//! 1. A server over a fresh directory, on ports of its own.
//! 2. The shop lives so many minutes of the past, as fast as the server takes them: the clock is simulated.
//! 3. The timeline is asked over HTTP, as everybody asks it.
//! 4. `matching` compares its trips with those of the shop, `report` prints how often and by how much it was wrong.

mod found;
mod matching;
mod report;

use std::{fs, path::PathBuf};

use anyhow::Context;
use demo::Shop;
use schemas::UnixNanos;

use super::{ShopPlan, deliver, opening_hours::now, truth};
use crate::{
    api::Client,
    cli::{ApiArguments, DemoArguments},
    config::{Config, Loaded},
    failure::{Exit, Failure},
    node::{Addresses, Node},
    send::{Compression, Connection, Endpoint, Protocol},
    terminal::say,
};
use matching::{Breaker, Trip};

const SECOND_NS: i64 = 1_000_000_000;
/// The shop closes so long before now: what ends by silence has ended.
const QUIET_NS: i64 = 120 * SECOND_NS;
/// Lived in one go.
const SLICE_NS: i64 = 10 * SECOND_NS;

pub(super) fn run(arguments: &DemoArguments, config: Config, minutes: u32, plan: ShopPlan) -> Result<(), Failure> {
    let directory = Directory::new(arguments.serve.data_dir.clone())?;
    let node = Node::start(&Loaded::of(on_free_ports(Config { data_dir: directory.path.clone(), ..config })))?;
    let addresses = node.addresses();
    let ran = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the shop's runtime")?;
        runtime.block_on(compare(addresses, minutes, plan))
    };
    // Told before the server stops: a stop that takes too long ends the process.
    let told = ran.and_then(|(shop, score)| {
        if let Some(path) = &arguments.truth {
            truth::write(path, &shop)?;
        }
        report::tell(&score, plan, minutes)
    });
    node.stop(told)
}

async fn compare(addresses: Addresses, minutes: u32, plan: ShopPlan) -> Result<(Shop, matching::Score), Failure> {
    let end = now().0 - QUIET_NS;
    let start = end - i64::from(minutes) * 60 * SECOND_NS;
    let endpoint: Endpoint = addresses.otlp_http.to_string().parse().context("own address")?;
    let mut connection = Connection::new(Protocol::Http, endpoint, Compression::None);
    let mut shop = plan.open(0);
    let mut from = start;
    while from < end {
        let to = (from + SLICE_NS).min(end);
        for export in shop.advance(UnixNanos(from), UnixNanos(to)) {
            deliver(&mut connection, export).await;
        }
        from = to;
    }
    for export in shop.close() {
        deliver(&mut connection, export).await;
    }
    let totals = shop.truth().totals;
    say(format_args!("{} requests, {} spans, {} log records, {} data points", totals.requests, totals.spans, totals.logs, totals.points));
    let client = Client::new(&ApiArguments { api: format!("http://{}", addresses.api) })?;
    let found = found::trips(&client, (UnixNanos(start - 60 * SECOND_NS), UnixNanos(end + QUIET_NS))).await?;
    let happened: Vec<Trip> = shop.truth().governance.trips().map(of_truth).collect();
    let score = matching::score(&happened, &found, UnixNanos(end));
    Ok((shop, score))
}

fn of_truth(trip: &demo::TripTruth) -> Trip {
    Trip {
        breaker: Breaker { service: trip.breaker.service.to_owned(), name: trip.breaker.name.clone() },
        names: Vec::new(),
        instance: trip.instance.clone(),
        opened: trip.opened,
        closed: trip.closed,
        // Adaptive breakers say nothing of their state: it is concluded from refused calls.
        inferred: trip.breaker.mechanism == "adaptive",
        refused: trip.refused as f64,
    }
}

/// Nobody else is to find this server.
fn on_free_ports(mut config: Config) -> Config {
    for address in [&mut config.collector.otlp_grpc, &mut config.collector.otlp_http, &mut config.api.listen] {
        address.set_port(0);
    }
    config
}

/// A directory that did not exist. Without a name it is a temporary one, and goes afterwards.
struct Directory {
    path: PathBuf,
    temporary: bool,
}

impl Directory {
    fn new(asked: Option<PathBuf>) -> Result<Self, Failure> {
        let temporary = asked.is_none();
        let path = asked.unwrap_or_else(|| std::env::temp_dir().join(format!("fusebox-score-{}-{}", std::process::id(), now().0)));
        if path.exists() {
            let message = format!("{} exists: the comparison needs a directory without other data", path.display());
            return Err(Failure::message(Exit::Unavailable, message));
        }
        Ok(Self { path, temporary })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is left to whoever clears temporary files.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
