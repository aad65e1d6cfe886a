//! The straight line both protocols share, from a body in memory to a receipt.
//!
//! 1. Decode to rows, beside the reactor unless the body is small.
//! 2. Append. From here storage finishes the work, whatever happens to the client or to this future.
//! 3. Wait for the receipt and say what was stored.
//!
//! A panic in any of them is caught here.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::FutureExt;
use schemas::{
    RequestHash, Signal, TenantId, UnixNanos,
    otlp::{ContentEncoding, Decoded, Format},
};
use storage::{RawRequest, Store};
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    body::Pace,
    decoding::{Decoding, Rules, Step},
    poison::PoisonList,
    pool::{Pool, Stopped},
    response::Stored,
};
use crate::{
    admission::{Budget, Reservation},
    config::{Config, millis},
    self_metrics,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Grpc,
    Http,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

/// A request, read to its end.
pub(crate) struct Arrived {
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub body: Bytes,
}

/// What every receiver takes its requests to.
pub(crate) struct Ingest {
    store: Arc<Store>,
    budget: Budget,
    pool: Pool,
    poison: PoisonList,
    rules: Rules,
    pub pace: Pace,
    ack_timeout: Duration,
    /// No request begins after this.
    pub stopping: CancellationToken,
    /// No request goes on after this.
    pub aborting: CancellationToken,
}

impl Ingest {
    pub(crate) fn new(config: &Config, store: Arc<Store>) -> Self {
        Self {
            store,
            budget: Budget::new(config.in_flight_bytes_max, millis(config.in_flight_wait_ms)),
            pool: Pool::new(),
            poison: PoisonList::default(),
            rules: Rules {
                body_bytes_max: config.body_bytes_max,
                limits: config.decode_limits(),
                decode: |request, received_at| request.decode(received_at),
            },
            pace: Pace::new(config),
            ack_timeout: millis(config.ack_timeout_ms),
            stopping: CancellationToken::new(),
            aborting: CancellationToken::new(),
        }
    }

    pub(crate) fn reservation(&self) -> Reservation {
        self.budget.reservation()
    }

    pub(crate) fn body_bytes_max(&self) -> u64 {
        self.rules.body_bytes_max
    }

    /// Runs `work`, one whole request, unless the server stops, and counts its outcome.
    pub(crate) async fn supervise(
        &self,
        signal: Signal,
        transport: Transport,
        work: impl Future<Output = Result<Stored, Refusal>>,
    ) -> Result<Stored, Refusal> {
        let outcome = if self.stopping.is_cancelled() {
            Err(Refusal::Stopping)
        } else {
            self.aborting.run_until_cancelled(work).await.unwrap_or(Err(Refusal::Stopping))
        };
        match &outcome {
            Ok(stored) => self_metrics::request(signal, transport, if stored.is_partial() { "partial" } else { "ok" }),
            Err(refusal) => self_metrics::refused(signal, transport, refusal),
        }
        outcome
    }

    /// Makes `request`, which `reservation` paid for, durable and visible.
    ///
    /// CANCEL-SAFE: dropped before the append nothing is stored, dropped after it everything is.
    pub(crate) async fn store(&self, request: Arrived, reservation: Reservation) -> Result<Stored, Refusal> {
        let body = request.body.clone();
        match AssertUnwindSafe(self.straight_line(request, reservation)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => {
                self_metrics::panic_caught();
                let refusal = self.poison.judge(&body);
                tracing::error!(body_bytes = body.len(), is_final = refusal == Refusal::Poison, "a request made the server panic");
                Err(refusal)
            }
        }
    }

    async fn straight_line(&self, request: Arrived, reservation: Reservation) -> Result<Stored, Refusal> {
        let (tenant, received_at) = (TenantId::DEFAULT, now());
        let decoding = Decoding::new(self.rules, tenant, &request, received_at);
        let (mut reservation, mut decoded, hash) = self.decode(decoding, reservation).await?;
        let Arrived { signal, format, encoding, body } = request;
        let stored = Stored::new(&decoded);
        let batches = std::mem::take(&mut decoded.batches);
        let mut duplicate = false;
        if !batches.is_empty() {
            let rows_bytes: usize = batches.iter().map(|table| table.batch.get_array_memory_size()).sum();
            reservation.shrink_to((body.len() + rows_bytes) as u64);
            let raw = RawRequest { tenant, signal, format, encoding, received_at, hash, body };
            let receipt = self.store.append(raw, batches, Box::new(reservation))?;
            duplicate = tokio::time::timeout(self.ack_timeout, receipt).await.map_err(|_| Refusal::AckTimeout)??.duplicate;
        }
        self_metrics::stored(signal, &decoded, duplicate);
        Ok(stored)
    }

    async fn decode(&self, mut decoding: Decoding, mut reservation: Reservation) -> Result<(Reservation, Decoded, RequestHash), Refusal> {
        loop {
            let work_bytes = decoding.work_bytes();
            let work = move || {
                let step = decoding.advance(&mut reservation);
                (decoding, reservation, step)
            };
            let step;
            (decoding, reservation, step) = self.pool.run(work_bytes, work).await?;
            match step? {
                Step::Done(decoded, hash) => return Ok((reservation, decoded, hash)),
                Step::Needs(bytes) => reservation.grow_to(bytes).await?,
            }
        }
    }
}

impl From<Stopped> for Refusal {
    fn from(_: Stopped) -> Self {
        Self::Stopping
    }
}

/// The clock; a time before 1970 or after 2262 becomes the nearest one that fits.
fn now() -> UnixNanos {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use storage::io::RealIo;

    use super::*;

    const BODY: &[u8] = b"{}";

    fn ingest(decode: super::super::decoding::Decode) -> (Ingest, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::open(storage::Config::new(dir.path()), Arc::new(RealIo), Arc::new(|_| Ok(vec![]))).expect("opens");
        let mut ingest = Ingest::new(&Config::default(), store);
        ingest.rules.decode = decode;
        (ingest, dir)
    }

    async fn send(ingest: &Ingest, body: &'static [u8]) -> Result<Stored, Refusal> {
        let (signal, format, encoding) = (Signal::Traces, Format::Json, ContentEncoding::Identity);
        ingest.store(Arrived { signal, format, encoding, body: Bytes::from_static(body) }, ingest.reservation()).await
    }

    #[tokio::test]
    async fn a_panic_is_retryable_once_and_final_for_the_same_body_again() {
        let large: &'static [u8] = [b"{".as_slice(), &[b' '; 100_000], b"}"].concat().leak();
        let (ingest, _dir) = ingest(|_, _| panic!("a bug in decoding"));
        for body in [BODY, large] {
            assert_eq!(send(&ingest, body).await, Err(Refusal::Panicked));
            assert_eq!(send(&ingest, body).await, Err(Refusal::Poison));
        }
        let mut all = ingest.reservation();
        all.grow_to(u64::MAX).await.expect("a panic gives the bytes back");
    }

    #[tokio::test]
    async fn requests_that_were_decoded_are_answered() {
        let (ingest, _dir) = ingest(|request, received_at| request.decode(received_at));
        assert_eq!(send(&ingest, BODY).await, Ok(Stored::default()));
    }
}
