//! The straight line both protocols share, from a body in memory to a receipt.
//!
//! 1. Decompress, never past the limit.
//! 2. Scan: what will the rows cost? Refuse too many or too deep elements, reserve the cost of the rest.
//! 3. Decode to rows and hash the body.
//! 4. Append. From here storage finishes the work, whatever happens to the client or to this future.
//! 5. Wait for the receipt and say what was stored.
//!
//! Steps 1 to 3 run beside the reactor unless the body is small. A panic in any of them is caught here.

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
    otlp::{ContentEncoding, DecodeError, DecodeLimits, Decoded, Format},
};
use storage::{RawRequest, Store};
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    body::Pace,
    poison::PoisonList,
    pool::{Pool, Stopped},
    response::Stored,
    stand_in::{decompress, hash, scan},
};
use crate::{
    admission::{Budget, Reservation},
    config::{Config, millis},
    self_metrics,
};

/// Compressed OTLP is rarely smaller than a sixteenth; what is smaller is decompressed again with the whole limit reserved.
const COMMON_RATIO: u64 = 16;

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

/// A request that has been read and paid for.
pub(crate) struct Request {
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub body: Bytes,
    pub reservation: Reservation,
}

type Decode = fn(Signal, Format, &[u8], UnixNanos, &DecodeLimits) -> Result<Decoded, DecodeError>;

/// What every receiver takes its requests to.
pub(crate) struct Ingest {
    store: Arc<Store>,
    budget: Budget,
    pool: Pool,
    poison: PoisonList,
    decode: Decode,
    decode_limits: DecodeLimits,
    pub body_bytes_max: u64,
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
            decode: schemas::otlp::decode,
            decode_limits: config.decode_limits(),
            body_bytes_max: config.body_bytes_max,
            pace: Pace::new(config),
            ack_timeout: millis(config.ack_timeout_ms),
            stopping: CancellationToken::new(),
            aborting: CancellationToken::new(),
        }
    }

    pub(crate) fn reservation(&self) -> Reservation {
        self.budget.reservation()
    }

    /// Runs `work`, one whole request, unless the server stops, and counts its outcome.
    pub(crate) async fn supervise(
        &self,
        signal: Signal,
        transport: Transport,
        work: impl Future<Output = Result<Stored, Refusal>>,
    ) -> Result<Stored, Refusal> {
        let supervised = async {
            if self.stopping.is_cancelled() {
                return Err(Refusal::Stopping);
            }
            self.aborting.run_until_cancelled(work).await.unwrap_or(Err(Refusal::Stopping))
        };
        let outcome = supervised.await;
        match &outcome {
            Ok(stored) => self_metrics::request(signal, transport, if stored.is_partial() { "partial" } else { "ok" }),
            Err(refusal) => self_metrics::refused(signal, transport, refusal),
        }
        outcome
    }

    /// Makes `request` durable and visible.
    ///
    /// CANCEL-SAFE: dropped before the append nothing is stored, dropped after it everything is.
    pub(crate) async fn store(&self, request: Request) -> Result<Stored, Refusal> {
        let body = request.body.clone();
        match AssertUnwindSafe(self.straight_line(request)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => {
                self_metrics::panic_caught();
                let refusal = self.poison.judge(&body);
                tracing::error!(body_bytes = body.len(), final_answer = refusal == Refusal::Poison, "request made the server panic");
                Err(refusal)
            }
        }
    }

    async fn straight_line(&self, request: Request) -> Result<Stored, Refusal> {
        let Request { signal, format, encoding, body, reservation } = request;
        let tenant = TenantId::DEFAULT;
        let received_at = now();
        let (reservation, plain) = self.decompress(encoding, &body, reservation).await?;
        let (mut reservation, mut decoded, hash) = self.decode(tenant, signal, format, &body, plain, received_at, reservation).await?;
        let stored = Stored::new(signal, &decoded);
        let batches = std::mem::take(&mut decoded.batches);
        let duplicate = if batches.is_empty() {
            false
        } else {
            let rows_bytes: usize = batches.iter().map(|batch| batch.batch.get_array_memory_size()).sum();
            reservation.shrink_to((body.len() + rows_bytes) as u64);
            let raw = RawRequest { tenant, signal, format, encoding, received_at, hash, body };
            let receipt = self.store.append(raw, batches, Box::new(reservation))?;
            tokio::time::timeout(self.ack_timeout, receipt).await.map_err(|_| Refusal::AckTimeout)??.duplicate
        };
        self_metrics::stored(signal, &decoded, duplicate);
        Ok(stored)
    }

    async fn decompress(
        &self,
        encoding: ContentEncoding,
        body: &Bytes,
        mut reservation: Reservation,
    ) -> Result<(Reservation, Bytes), Refusal> {
        if encoding == ContentEncoding::Identity {
            return Ok((reservation, body.clone()));
        }
        let limit = self.body_bytes_max;
        let mut room = limit.min(body.len() as u64 * COMMON_RATIO);
        loop {
            reservation.grow_to(body.len() as u64 + room).await?;
            let compressed = body.clone();
            let work = move || decompress(encoding, &compressed, room);
            let (held, plain) = self.pool.run(room as usize, reservation, work).await?;
            reservation = held;
            match plain {
                Err(Refusal::TooLarge { .. }) if room < limit => room = limit,
                plain => return Ok((reservation, plain?)),
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one step of a straight line, called once")]
    async fn decode(
        &self,
        tenant: TenantId,
        signal: Signal,
        format: Format,
        body: &Bytes,
        plain: Bytes,
        received_at: UnixNanos,
        reservation: Reservation,
    ) -> Result<(Reservation, Decoded, RequestHash), Refusal> {
        let (limits, decode) = (self.decode_limits, self.decode);
        let plain_bytes = plain.len();
        let scanned = plain.clone();
        let (mut reservation, cost) = self.pool.run(plain.len(), reservation, move || scan(signal, format, &scanned, &limits)).await?;
        reservation.grow_to((body.len() + plain.len()) as u64 + cost?).await?;
        let work = move || {
            let decoded = decode(signal, format, &plain, received_at, &limits)?;
            Ok::<_, DecodeError>((decoded, hash(tenant, signal, &plain)))
        };
        let (reservation, decoded) = self.pool.run(plain_bytes, reservation, work).await?;
        let (decoded, hash) = decoded?;
        Ok((reservation, decoded, hash))
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Undecodable(error.to_string())
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
