//! `fusebox demo`: the server, and a shop that sends it live telemetry.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use demo::Shop;
use schemas::{TraceId, UnixNanos};
use tokio_util::sync::CancellationToken;

use super::serve;
use crate::{
    cli::DemoArguments,
    failure::Failure,
    node::{Addresses, Node},
    send::{Compression, Connection, Endpoint, Outcome, Protocol},
    terminal::print,
};

const DATA_DIR: &str = "./fusebox-demo-data";
/// The shop has been open for a while when the server starts, so that there is something to look at.
const PAST: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(250);

pub(crate) fn run(mut arguments: DemoArguments) -> Result<(), Failure> {
    arguments.serve.data_dir.get_or_insert_with(|| PathBuf::from(DATA_DIR));
    let loaded = serve::load(&arguments.serve)?;
    let mut node = Node::start(&loaded.config)?;
    let addresses = node.addresses();
    // Ids come from the seed: a shop that opens twice over the same data must not make the same traces again.
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let shop = Shop::new(demo::Config { seed, requests_per_second: arguments.requests_per_second, ..demo::Config::default() });
    let closing = CancellationToken::new();
    let shopping = std::thread::Builder::new()
        .name("demo-shop".to_owned())
        .spawn({
            let closing = closing.clone();
            move || keep_shop(shop, addresses, closing)
        })
        .context("start the shop")?;
    let waited = node.wait();
    closing.cancel();
    let shop_ended = shopping.join();
    node.stop()?;
    match shop_ended {
        Ok(Err(failure)) => Err(failure),
        Ok(Ok(())) | Err(_) => waited,
    }
}

fn keep_shop(shop: Shop, addresses: Addresses, closing: CancellationToken) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the shop's runtime")?;
    runtime.block_on(closing.run_until_cancelled(live(shop, addresses))).unwrap_or(Ok(()))
}

/// The past at once, then the present as it comes.
async fn live(mut shop: Shop, addresses: Addresses) -> Result<(), Failure> {
    let endpoint: Endpoint = addresses.otlp_http.to_string().parse().context("own address")?;
    let mut connection = Connection::new(Protocol::Http, endpoint, Compression::None);
    let mut lived_until = before(SystemTime::now(), PAST);
    let mut introduced = false;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let now = before(SystemTime::now(), Duration::ZERO);
        for export in shop.advance(lived_until, now) {
            deliver(&mut connection, export).await;
        }
        lived_until = now;
        if let Some((id, _)) = shop.truth().showpiece().filter(|_| !introduced) {
            introduce(addresses, id).context("print")?;
            introduced = true;
        }
    }
}

async fn deliver(connection: &mut Connection, export: demo::Export) {
    for _ in 0..10 {
        match connection.send_body(export.signal, export.body.clone().into()).await {
            Outcome::Stored { rejected: 0, .. } => return,
            Outcome::Stored { rejected, message } => {
                tracing::warn!(rejected, message, service = export.service, "demo records rejected");
                return;
            }
            Outcome::Refused { reason } => {
                tracing::warn!(reason, service = export.service, "demo request refused");
                return;
            }
            Outcome::Retry { after, .. } => tokio::time::sleep(after.unwrap_or(TICK)).await,
        }
    }
    tracing::warn!(service = export.service, records = export.records, "demo request given up");
}

fn before(time: SystemTime, by: Duration) -> UnixNanos {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(by);
    UnixNanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

fn introduce(addresses: Addresses, trace: TraceId) -> std::io::Result<()> {
    let Addresses { otlp_grpc, otlp_http, api } = addresses;
    print(format_args!(
        "
Fusebox runs, with a demo shop sending live traces, logs and metrics.

  status page   http://{api}/
  OTLP/gRPC     http://{otlp_grpc}
  OTLP/HTTP     http://{otlp_http}

Look up a trace of the shop:

  fusebox trace {trace} --api http://{api}
  curl http://{api}/api/v1/traces/{trace}

Send your own telemetry:

  OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp_grpc} OTEL_EXPORTER_OTLP_PROTOCOL=grpc your-service

Stop with Ctrl-C; the data stays in the data directory.
"
    ))
}
