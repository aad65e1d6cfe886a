//! `fusebox demo`: the server, and a shop that sends it live telemetry. With `--score` the shop lives at once, and is compared with.

mod introduction;
mod opening_hours;
mod score;
mod truth;

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use demo::Shop;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::serve;
use crate::{
    cli::{DEMO_DATA_DIR, DemoArguments},
    failure::{Exit, Failure},
    node::{Addresses, Node},
    send::{Compression, Connection, Endpoint, Outcome, Protocol},
};
use opening_hours::OpeningHours;

const TICK: Duration = Duration::from_millis(250);
/// How old the file of the truth may be.
const TRUTH_EVERY: Duration = Duration::from_secs(5);

pub(crate) fn run(arguments: DemoArguments) -> Result<(), Failure> {
    let loaded = serve::load(&arguments.serve, DEMO_DATA_DIR)?;
    // Ids come from the seed: a shop that opens twice over the same data must not make the same traces again.
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let plan = ShopPlan { seed, requests_per_second: arguments.requests_per_second };
    if let Some(minutes) = arguments.score {
        return score::run(&arguments, loaded.config, minutes, plan);
    }
    let mut node = Node::start(&loaded)?;
    let addresses = node.addresses();
    let closing = CancellationToken::new();
    let shop_fails = on_own_thread({
        let closing = closing.clone();
        move || keep_shop(plan, addresses, arguments.truth, closing)
    })?;
    let waited = node.wait(shop_fails);
    // The shop is told and not waited for: it may be busy living, and a stop has a time limit.
    closing.cancel();
    node.stop(waited)
}

#[derive(Debug, Clone, Copy)]
struct ShopPlan {
    seed: u64,
    requests_per_second: f64,
}

impl ShopPlan {
    /// The shop of the `ordinal`th opening: with the same seed the same every time, but never with the ids of another opening.
    fn open(self, ordinal: u64) -> Shop {
        let seed = self.seed.wrapping_add(ordinal.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Shop::new(demo::Config { seed, requests_per_second: self.requests_per_second, ..demo::Config::default() })
    }
}

/// Runs `keep` beside everything else. The future resolves when it fails or panics, and never when it ends well.
fn on_own_thread(keep: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<impl Future<Output = Failure> + 'static, Failure> {
    let (say, ended) = oneshot::channel();
    let run = move || drop(say.send(keep()));
    let thread = thread::Builder::new().name("demo-shop".to_owned()).spawn(run).context("start the shop")?;
    Ok(async move {
        match ended.await {
            Ok(Ok(())) => std::future::pending().await,
            Ok(Err(failure)) => failure,
            // Unwinding drops the sender, so the thread is about to end.
            Err(_) => {
                let reason = thread.join().err().map(|panic| panic_text(panic.as_ref())).unwrap_or_default();
                Failure::message(Exit::Failed, format_args!("the shop ended by a panic: {reason}"))
            }
        }
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn keep_shop(plan: ShopPlan, addresses: Addresses, truth: Option<PathBuf>, closing: CancellationToken) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the shop's runtime")?;
    match runtime.block_on(closing.run_until_cancelled(live(plan, addresses, truth.as_deref()))) {
        Some(Err(failure)) => Err(failure),
        None => Ok(()),
    }
}

/// The past first, then the present as it comes.
async fn live(plan: ShopPlan, addresses: Addresses, truth: Option<&Path>) -> Result<Infallible, Failure> {
    let endpoint: Endpoint = addresses.otlp_http.to_string().parse().context("own address")?;
    let mut connection = Connection::new(Protocol::Http, endpoint, Compression::None);
    let mut hours = OpeningHours::new(plan.requests_per_second);
    let mut shop = plan.open(0);
    let mut introduced = false;
    let mut told_at: Option<Instant> = None;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let now = opening_hours::now();
        while let Some(slice) = hours.next_slice(now) {
            if let Some(ordinal) = slice.opening {
                shop = plan.open(ordinal);
            }
            for export in shop.advance(slice.from, slice.to) {
                deliver(&mut connection, export).await;
            }
            // A slice without exports never waits for anything else, and a stop must get through.
            tokio::task::yield_now().await;
        }
        if let Some(path) = truth.filter(|_| told_at.is_none_or(|told| told.elapsed() >= TRUTH_EVERY)) {
            truth::write(path, &shop)?;
            told_at = Some(Instant::now());
        }
        if let Some((id, _)) = shop.truth().showpiece().filter(|_| !introduced) {
            introduction::print(addresses, id).context("print")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(keep: impl FnOnce() -> Result<(), Failure> + Send + 'static, patience: Duration) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let fails = on_own_thread(keep).expect("a thread");
        let failure = runtime.block_on(async { tokio::time::timeout(patience, fails).await.ok() });
        failure.map(|failure| failure.to_string())
    }

    #[test]
    fn a_shop_that_fails_or_panics_ends_the_demo_and_says_why() {
        const LONG: Duration = Duration::from_secs(60);
        let shelf = std::hint::black_box("stock");
        assert_eq!(ended(|| Err(Failure::message(Exit::Failed, "no paper")), LONG).as_deref(), Some("no paper"));
        assert_eq!(ended(move || panic!("out of {shelf}"), LONG).as_deref(), Some("the shop ended by a panic: out of stock"));
        assert_eq!(ended(|| Ok(()), Duration::from_millis(100)), None);
    }

    #[test]
    fn every_opening_has_its_own_ids() {
        let plan = ShopPlan { seed: 7, requests_per_second: 50.0 };
        let ids = |ordinal| {
            let mut shop = plan.open(ordinal);
            shop.advance(schemas::UnixNanos(1_000_000_000), schemas::UnixNanos(3_000_000_000));
            shop.truth().traces().map(|(id, _)| id).collect::<std::collections::BTreeSet<_>>()
        };
        assert!(!ids(0).is_empty());
        assert_eq!(ids(0), ids(0));
        assert!(ids(0).is_disjoint(&ids(1)));
    }
}
