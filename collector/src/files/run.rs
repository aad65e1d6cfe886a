//! Rounds and sends until the receivers stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use schemas::{
    Signal,
    otlp::{ContentEncoding, Format, Rejected},
};

use super::{
    report::FilesBook,
    round::{Batch, Files},
};
use crate::{
    receiver::{Arrived, Ingest, Refusal, Transport, now},
    self_metrics,
};

/// Requests under way at the same time.
const SENDS_MAX: usize = 8;
/// Until positions are tried to be written again.
const POSITIONS_WAIT: Duration = Duration::from_secs(1);

/// Follows `files` until the receivers stop.
pub(crate) async fn run(mut files: Files, ingest: Arc<Ingest>, book: Arc<FilesBook>) {
    let poll_interval = files.poll_interval();
    while !ingest.stopping.is_cancelled() {
        let round = tokio::task::spawn_blocking(move || {
            let outcome = files.round(Instant::now(), now());
            (files, outcome)
        });
        let outcome;
        (files, outcome) = match round.await {
            Ok(round) => round,
            Err(error) => return tracing::error!(%error, "a bug ended the following of log files"),
        };
        let wait = match outcome {
            Ok(batches) if batches.is_empty() => poll_interval,
            Ok(batches) => {
                let sends = batches.into_iter().map(|batch| send(batch, Arc::clone(&ingest), Arc::clone(&book)));
                let settled: Vec<Option<Batch>> = stream::iter(sends).buffer_unordered(SENDS_MAX).collect().await;
                settled.iter().flatten().for_each(|batch| files.settle(batch));
                continue;
            }
            Err(error) => {
                let message = format!("positions in log files cannot be written: {error}");
                tracing::warn!(%error, "positions in log files cannot be written, nothing is read");
                book.failed(now(), &message);
                POSITIONS_WAIT
            }
        };
        ingest.stopping.run_until_cancelled(tokio::time::sleep(wait)).await;
    }
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || files.save()).await {
        tracing::warn!(%error, "positions in log files cannot be written; what was sent last is recognised when it is sent again");
    }
}

/// Until the batch is stored or finally refused; `None` when the receivers stop before.
async fn send(batch: Batch, ingest: Arc<Ingest>, book: Arc<FilesBook>) -> Option<Batch> {
    if batch.body.is_empty() {
        return Some(batch);
    }
    loop {
        let work = async {
            let mut reservation = ingest.reservation();
            reservation.grow_to(batch.body.len() as u64).await?;
            let (format, encoding, rejected) = (Format::Protobuf, ContentEncoding::Identity, Rejected::default());
            let (transport, signal, body) = (Transport::Files, Signal::Logs, batch.body.clone());
            ingest.store(Arrived { transport, signal, format, encoding, body, rejected }, reservation).await
        };
        let refusal = match ingest.supervise(Signal::Logs, Transport::Files, work).await {
            Ok(_) => return Some(batch),
            Err(Refusal::Stopping) => return None,
            Err(refusal) => refusal,
        };
        let verdict = refusal.verdict();
        let Some(after) = verdict.retry_after else {
            tracing::warn!(%refusal, records = batch.records, "log lines are refused for good");
            book.dropped(verdict.outcome, batch.records);
            self_metrics::files_dropped(verdict.outcome, batch.records);
            return Some(batch);
        };
        ingest.stopping.run_until_cancelled(tokio::time::sleep(after)).await?;
    }
}
