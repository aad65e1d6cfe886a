//! The straight line both protocols share, from a body in memory to a receipt.
//!
//! 1. Decode to rows, beside the reactor unless the body is small.
//! 2. Append. From here storage finishes the work, whatever happens to the client or to this future.
//! 3. Wait for the receipt and say what was stored.
//!
//! A panic in any of them is caught here. One in step 1 is held against the request: when it comes again, its body is kept
//! for a person to look at and its sender told to drop it.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::FutureExt;
use governance::classify::{SharedRules, with_facts};
use schemas::{
    RequestHash, Signal, TenantId, UnixNanos,
    interop::Translated,
    otlp::{ContentEncoding, DecodeError, Decoded, Format, Rejected, Request, request_hash},
};
use storage::{RawRequest, Store};
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    body::Pace,
    decoding::{Decoding, Rules, Step},
    poison::PoisonList,
    pool::{Pool, Stopped},
    push::Route,
    response::Stored,
    translating::{self, Translating},
};
use crate::{
    admission::{Budget, Reservation},
    config::{Config, millis},
    self_metrics,
    senders::{self, Senders},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Grpc,
    Http,
    Zipkin,
    Jaeger,
    Loki,
    RemoteWrite,
    /// Log files, which nobody pushes.
    Files,
    /// Pages of metrics, as above.
    Scrape,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Zipkin => "zipkin",
            Self::Jaeger => "jaeger",
            Self::Loki => "loki",
            Self::RemoteWrite => "remote_write",
            Self::Files => "files",
            Self::Scrape => "scrape",
        }
    }
}

/// A request, read to its end.
pub(crate) struct Arrived {
    pub transport: Transport,
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub body: Bytes,
    /// What was lost on the way to OTLP, for requests that came as something else.
    pub rejected: Rejected,
}

/// A request that was stored, as it arrived, or of another system's format as OTLP says it.
#[derive(Debug, Clone)]
pub struct Taken {
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub body: Bytes,
}

/// Who is told of every request that was stored, once. It must not block: the sender waits for it.
pub type Tee = Arc<dyn Fn(&Taken) + Send + Sync>;

/// What every receiver takes its requests to.
pub(crate) struct Ingest {
    store: Arc<Store>,
    budget: Budget,
    pool: Pool,
    poison: PoisonList,
    rules: Rules,
    pub pace: Pace,
    pub senders: Arc<Senders>,
    pub tee: OnceLock<Tee>,
    ack_timeout: Duration,
    /// No request begins after this.
    pub stopping: CancellationToken,
    /// No request goes on after this.
    pub aborting: CancellationToken,
}

impl Ingest {
    /// `meaning`: what turns rows into facts.
    pub(crate) fn new(config: &Config, store: Arc<Store>, meaning: SharedRules) -> Self {
        let decode = Arc::new(move |request: &Request<'_>, received_at| rows_and_facts(&meaning, request, received_at));
        Self {
            store,
            budget: Budget::new(config.in_flight_bytes_max, millis(config.in_flight_wait_ms)),
            pool: Pool::new(),
            poison: PoisonList::default(),
            rules: Rules { body_bytes_max: config.body_bytes_max, limits: config.decode_limits(), decode },
            pace: Pace::new(config),
            senders: Arc::default(),
            tee: OnceLock::new(),
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
            Ok(stored) => {
                self_metrics::request(signal, transport, if stored.is_partial() { "partial" } else { "ok" });
                self.senders.taken((transport, signal), now(), stored.rejected(), stored.message());
            }
            Err(refusal) => {
                self_metrics::refused(signal, transport, refusal);
                self.senders.refused(transport, Some(signal), now(), refusal);
            }
        }
        outcome
    }

    /// A request that is not OTLP by its path, method or content type.
    pub(crate) fn unroutable(&self, transport: Transport, refusal: &Refusal) {
        self_metrics::unroutable(transport, refusal);
        self.senders.refused(transport, None, now(), refusal);
    }

    /// Makes `request`, which `reservation` paid for, durable and visible.
    ///
    /// CANCEL-SAFE: dropped before the append nothing is stored, dropped after it everything is.
    pub(crate) async fn store(&self, request: Arrived, reservation: Reservation) -> Result<Stored, Refusal> {
        let (tenant, received_at) = (TenantId::DEFAULT, now());
        let decoding = Decoding::new(self.rules.clone(), tenant, &request, received_at);
        let decoded = AssertUnwindSafe(self.decode(decoding, reservation)).catch_unwind().await;
        let Arrived { transport, signal, format, encoding, body, rejected } = request;
        let raw = |body, hash| RawRequest { tenant, signal, format, encoding, received_at, hash, body };
        let Ok(decoded) = decoded else {
            let hash = request_hash(tenant, signal, &body);
            return Err(self.decoding_panicked(raw(body, hash)).await);
        };
        let (reservation, mut decoded, hash) = decoded?;
        decoded.rejected.merge(rejected);
        let appended = AssertUnwindSafe(self.append(transport, raw(body, hash), decoded, reservation)).catch_unwind().await;
        appended.unwrap_or_else(|_| {
            self_metrics::panic_caught();
            tracing::error!(%signal, "storing a request made the server panic");
            Err(Refusal::Panicked)
        })
    }

    /// As [`Self::store`], of what was pushed in another system's format. What is kept and recognised as a retry is what it says in OTLP.
    ///
    /// CANCEL-SAFE: as [`Self::store`].
    pub(crate) async fn push(&self, transport: Transport, route: Route, body: Bytes, reservation: Reservation) -> Result<Stored, Refusal> {
        let (tenant, received_at, signal) = (TenantId::DEFAULT, now(), route.dialect.signal());
        let translating = Translating::new(route, self.body_bytes_max(), body.clone());
        let translated = AssertUnwindSafe(self.translate(translating, reservation)).catch_unwind().await;
        let Ok(translated) = translated else {
            let hash = request_hash(tenant, signal, &body);
            let (format, encoding) = (Format::Protobuf, ContentEncoding::Identity);
            return Err(self.decoding_panicked(RawRequest { tenant, signal, format, encoding, received_at, hash, body }).await);
        };
        drop(body);
        let (mut reservation, Translated { protobuf, rejected, samples, histograms, exemplars }) = translated?;
        reservation.shrink_to(protobuf.len() as u64);
        let (format, encoding) = (Format::Protobuf, ContentEncoding::Identity);
        let stored = self.store(Arrived { transport, signal, format, encoding, body: protobuf.into(), rejected }, reservation).await?;
        Ok(stored.with_written([samples, histograms, exemplars]))
    }

    async fn translate(&self, mut translating: Translating, mut reservation: Reservation) -> Result<(Reservation, Translated), Refusal> {
        loop {
            let work_bytes = translating.work_bytes();
            let work = move || {
                let step = translating.advance(&mut reservation);
                (translating, reservation, step)
            };
            let step;
            (translating, reservation, step) = self.pool.run(work_bytes, work).await?;
            match step? {
                translating::Step::Done(translated) => return Ok((reservation, translated)),
                translating::Step::Needs(bytes) => reservation.grow_to(bytes).await?,
            }
        }
    }

    async fn append(
        &self,
        transport: Transport,
        request: RawRequest,
        mut decoded: Decoded,
        reservation: Reservation,
    ) -> Result<Stored, Refusal> {
        let (signal, received_at, body_bytes) = (request.signal, request.received_at, request.body.len() as u64);
        let stored = Stored::new(&decoded);
        let tee = self.tee.get().map(|tee| {
            let RawRequest { format, encoding, ref body, .. } = request;
            (tee, Taken { signal, format, encoding, body: body.clone() })
        });
        let batches = std::mem::take(&mut decoded.batches);
        let tallies = senders::tally(&batches, received_at);
        let has_rows = !batches.is_empty();
        let duplicate = has_rows
            && self.make_durable(request, batches, reservation).await.inspect_err(|refusal| {
                self.senders.refused_of(transport, now(), &tallies, refusal);
            })?;
        self_metrics::stored(signal, &decoded, duplicate);
        if !duplicate {
            self.senders.stored((transport, signal), received_at, body_bytes, &tallies);
            self.senders.rejected_of(received_at, &tallies, stored.rejected(), stored.message());
            if let Some((tee, taken)) = tee.filter(|_| has_rows) {
                tee(&taken);
            }
        }
        Ok(stored)
    }

    /// Whether it was stored before.
    async fn make_durable(
        &self,
        request: RawRequest,
        batches: Vec<schemas::TableBatch>,
        mut reservation: Reservation,
    ) -> Result<bool, Refusal> {
        let rows_bytes: usize = batches.iter().map(|table| table.batch.get_array_memory_size()).sum();
        let kept = (request.body.len() + rows_bytes) as u64;
        reservation.shrink_to(kept);
        reservation.grow_to(kept).await?;
        let receipt = self.store.append(request, batches, Box::new(reservation))?;
        Ok(tokio::time::timeout(self.ack_timeout, receipt).await.map_err(|_| Refusal::AckTimeout)??.duplicate)
    }

    /// The answer to `request`, whose decoding panicked. It is final only once the body is kept, or so many are that more say nothing new.
    async fn decoding_panicked(&self, request: RawRequest) -> Refusal {
        self_metrics::panic_caught();
        let (signal, body_bytes) = (request.signal, request.body.len());
        let refusal = self.poison.judge(&request.body);
        tracing::error!(%signal, body_bytes, is_final = refusal == Refusal::Poison, "decoding a request made the server panic");
        if refusal != Refusal::Poison {
            return refusal;
        }
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || store.quarantine(&request)).await {
            Ok(Ok(Some(path))) => tracing::error!(path = %path.display(), "the body of the request is kept"),
            Ok(Ok(None)) => tracing::error!("the body of the request is not kept, there are many already"),
            Ok(Err(error)) => {
                tracing::error!(%error, "the body of the request cannot be kept, its sender has to");
                return Refusal::Panicked;
            }
            Err(_) => return Refusal::Panicked,
        }
        refusal
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

/// The rows of a request with all that they say. Replay makes the same, by the same function.
fn rows_and_facts(meaning: &SharedRules, request: &Request<'_>, received_at: UnixNanos) -> Result<Decoded, DecodeError> {
    let mut decoded = request.decode(received_at)?;
    decoded.batches = with_facts(&meaning.get(), decoded.batches, received_at);
    Ok(decoded)
}

/// The clock; a time before 1970 or after 2262 becomes the nearest one that fits.
pub(crate) fn now() -> UnixNanos {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
