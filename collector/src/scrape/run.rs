//! Every target in its interval, until the receivers stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::join_all;
use schemas::{
    Signal,
    otlp::{ContentEncoding, Format},
};
use tokio::time::MissedTickBehavior;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    fetch::fetch,
    page::{Before, Request, request},
    report::{TargetReport, TargetsBook, short},
    target::Target,
};
use crate::{
    receiver::{Arrived, Ingest, Refusal, Transport, now},
    self_metrics,
};

/// Scrapes `targets` until the receivers stop.
pub(crate) async fn run(targets: Vec<Target>, ingest: Arc<Ingest>, book: Arc<TargetsBook>) {
    let report = |target: &Target| TargetReport { url: target.url(), job: target.label("job").to_owned(), ..TargetReport::default() };
    book.start(targets.iter().map(report).collect());
    let loops = targets.into_iter().enumerate().map(|(place, target)| {
        let (ingest, book) = (Arc::clone(&ingest), Arc::clone(&book));
        tokio::spawn(scrape(place, target, ingest, book))
    });
    for ended in join_all(loops).await {
        if let Err(error) = ended {
            tracing::error!(%error, "a bug ended the scraping of a target");
        }
    }
}

async fn scrape(place: usize, target: Target, ingest: Arc<Ingest>, book: Arc<TargetsBook>) {
    let interval = Duration::from_millis(target.config.interval_ms);
    let target = Arc::new(target);
    let mut before = Before::default();
    // Targets of one interval are not all asked at once, and each at the same moment of it after every start.
    let share = (xxh3_64(target.url().as_bytes()) >> 32) as f64 / f64::from(u32::MAX);
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + interval.min(Duration::from_secs(5)).mul_f64(share), interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while ingest.stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let (started, time) = (Instant::now(), now());
        let Some(page) = ingest.stopping.run_until_cancelled(fetch(&target)).await else { return };
        let took = started.elapsed();
        let made = {
            let (target, time_ms) = (Arc::clone(&target), time.0 / 1_000_000);
            tokio::task::spawn_blocking(move || {
                let request = request(&target, page, &before, time_ms, took);
                (request, before)
            })
        };
        let made = match made.await {
            Ok(made) => made,
            Err(error) => return tracing::error!(%error, target = %target.url(), "a bug ended the scraping of a target"),
        };
        let Request { body, samples, rejected, error, now: present } = made.0;
        let body = Bytes::from(body);
        before = made.1;
        if let Some(reason) = &error {
            tracing::debug!(target = %target.url(), reason, "scrape failed");
        }
        self_metrics::scraped(error.is_none());
        book.change(place, |report| {
            (report.is_up, report.last_scrape) = (error.is_none(), Some(time));
            if let Some(reason) = error {
                report.last_error = Some((time, short(&reason)));
            }
        });
        let arrived = || Arrived {
            transport: Transport::Scrape,
            signal: Signal::Metrics,
            format: Format::Protobuf,
            encoding: ContentEncoding::Identity,
            body: body.clone(),
            rejected: rejected.clone(),
        };
        let until = tokio::time::Instant::now() + interval.saturating_sub(started.elapsed());
        match store(&ingest, arrived, until).await {
            Ok(()) => {
                before = present;
                book.change(place, |report| report.samples += samples);
            }
            Err(Refusal::Stopping) => return,
            Err(refusal) => {
                let reason = refusal.verdict().outcome;
                self_metrics::scrape_dropped(reason, samples);
                book.change(place, |report| {
                    *report.dropped.entry(reason).or_default() += samples;
                    report.last_error = Some((time, short(&refusal.to_string())));
                });
            }
        }
    }
}

/// Until it is stored, finally refused, or the next page is due.
async fn store(ingest: &Ingest, arrived: impl Fn() -> Arrived, until: tokio::time::Instant) -> Result<(), Refusal> {
    loop {
        let request = arrived();
        let work = async {
            let mut reservation = ingest.reservation();
            reservation.grow_to(request.body.len() as u64).await?;
            ingest.store(request, reservation).await
        };
        let refusal = match ingest.supervise(Signal::Metrics, Transport::Scrape, work).await {
            Ok(_) => return Ok(()),
            Err(refusal) => refusal,
        };
        let Some(after) = refusal.verdict().retry_after.filter(|_| refusal != Refusal::Stopping) else { return Err(refusal) };
        let again = tokio::time::Instant::now() + after;
        if again >= until {
            return Err(refusal);
        }
        if ingest.stopping.run_until_cancelled(tokio::time::sleep_until(again)).await.is_none() {
            return Err(Refusal::Stopping);
        }
    }
}
