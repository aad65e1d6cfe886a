//! The work on one request that needs a processor and no socket: body to rows, paying for each step before it is taken.
//!
//! 1. Decompress, no further than was paid for.
//! 2. Read: is it well-formed and within limits, and what will its rows cost?
//! 3. Decode to rows, hash the body.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use schemas::{
    RequestHash, Signal, TenantId, UnixNanos,
    otlp::{
        ContentEncoding, DecodeError, DecodeLimits, Decoded, Format, Request,
        compression::{DecompressError, decompress},
        request_hash,
    },
};

use super::{Arrived, Refusal};
use crate::admission::Reservation;

/// Compressed OTLP is rarely smaller than a sixteenth; what is smaller is decompressed again with the whole limit paid.
const COMMON_RATIO: u64 = 16;

/// What turns a well-formed request into rows, those of governance last; tests have others.
pub(crate) type Decode = dyn Fn(&Request<'_>, UnixNanos) -> Result<Decoded, DecodeError> + Send + Sync;

/// How requests are decoded. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rules {
    pub body_bytes_max: u64,
    pub limits: DecodeLimits,
    pub decode: Arc<Decode>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("body_bytes_max", &self.body_bytes_max).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A request on its way to rows.
#[derive(Debug)]
pub(crate) struct Decoding {
    rules: Rules,
    tenant: TenantId,
    signal: Signal,
    format: Format,
    encoding: ContentEncoding,
    body: Bytes,
    received_at: UnixNanos,
    /// The body without compression, once it is known.
    plain: Option<Bytes>,
    /// What the next attempt to decompress may produce.
    room: u64,
}

#[derive(Debug)]
pub(crate) enum Step {
    Done(Decoded, RequestHash),
    /// The reservation must grow to this before the next try, whose work may be more than the last one's.
    Needs(u64),
}

impl Decoding {
    pub(crate) fn new(rules: Rules, tenant: TenantId, request: &Arrived, received_at: UnixNanos) -> Self {
        let Arrived { signal, format, encoding, ref body, .. } = *request;
        let plain = (encoding == ContentEncoding::Identity).then(|| body.clone());
        let room = rules.body_bytes_max.min(body.len() as u64 * COMMON_RATIO);
        Self { rules, tenant, signal, format, encoding, body: body.clone(), received_at, plain, room }
    }

    /// Bytes the next step works on, roughly.
    pub(crate) fn work_bytes(&self) -> usize {
        self.plain.as_ref().map_or(self.room as usize, Bytes::len)
    }

    /// Goes as far as the budget allows without waiting.
    ///
    /// # Errors
    /// When the request itself is at fault.
    pub(crate) fn advance(&mut self, reservation: &mut Reservation) -> Result<Step, Refusal> {
        let body_bytes = self.body.len() as u64;
        let plain = loop {
            if let Some(plain) = &self.plain {
                break plain;
            }
            let needed = body_bytes + self.room;
            if !reservation.try_grow_to(needed) {
                return Ok(Step::Needs(needed));
            }
            match decompress(self.encoding, &self.body, self.room as usize) {
                Ok(Cow::Owned(plain)) => self.plain = Some(plain.into()),
                Ok(Cow::Borrowed(_)) => self.plain = Some(self.body.clone()),
                Err(DecompressError::TooLarge { .. }) if self.room < self.rules.body_bytes_max => {
                    // The next try is far more work than this one was, so that it may not go on here: see `work_bytes`.
                    self.room = self.rules.body_bytes_max;
                    return Ok(Step::Needs(body_bytes + self.room));
                }
                Err(DecompressError::TooLarge { .. }) => return Err(Refusal::TooLarge { limit: self.rules.body_bytes_max }),
                Err(error @ DecompressError::Malformed { .. }) => return Err(Refusal::Undecodable(error.to_string())),
            }
        };
        let plain_bytes = plain.len() as u64;
        let mut needed = body_bytes + if self.encoding == ContentEncoding::Identity { 0 } else { plain_bytes };
        if self.format == Format::Json {
            needed += plain_bytes;
        }
        if !reservation.try_grow_to(needed) {
            return Ok(Step::Needs(needed));
        }
        let request = Request::read(self.signal, self.format, plain, &self.rules.limits)?;
        needed += request.scan().decoded_bytes_estimate;
        if !reservation.try_grow_to(needed) {
            return Ok(Step::Needs(needed));
        }
        let decoded = (self.rules.decode)(&request, self.received_at)?;
        // The estimate is of the rows that were sent; what they say comes after them and is known only now.
        needed += decoded.batches.iter().skip(1).map(|facts| facts.batch.get_array_memory_size() as u64).sum::<u64>();
        if !reservation.try_grow_to(needed) {
            return Ok(Step::Needs(needed));
        }
        Ok(Step::Done(decoded, request_hash(self.tenant, self.signal, plain)))
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Undecodable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use schemas::otlp::Rejected;

    use super::*;
    use crate::{
        admission::Budget,
        receiver::{Transport, pool::INLINE_BYTES_MAX},
    };

    #[test]
    fn what_becomes_large_when_it_is_decompressed_asks_again_where_to_go_on() {
        const LIMIT: u64 = 1 << 20;
        let decode = Arc::new(|request: &Request<'_>, received_at| request.decode(received_at));
        let rules = Rules { body_bytes_max: LIMIT, limits: DecodeLimits::default(), decode };
        // Spaces around an empty JSON object: below 4 KiB in zstd, so that the first step is small enough for the reactor.
        let plain = [b"{".as_slice(), &[b' '; 900_000], b"}"].concat();
        let body = Bytes::from(zstd::encode_all(plain.as_slice(), 3).expect("in memory"));
        let compressed_bytes = body.len();
        let (transport, signal, rejected) = (Transport::Http, Signal::Logs, Rejected::default());
        let request = Arrived { transport, signal, format: Format::Json, encoding: ContentEncoding::Zstd, body, rejected };
        let mut decoding = Decoding::new(rules, TenantId::DEFAULT, &request, UnixNanos(0));
        let mut reservation = Budget::new(16 << 20, std::time::Duration::ZERO).reservation();
        assert!(decoding.work_bytes() <= INLINE_BYTES_MAX, "{compressed_bytes}");
        let step = decoding.advance(&mut reservation).expect("well-formed");
        assert!(matches!(step, Step::Needs(bytes) if bytes == compressed_bytes as u64 + LIMIT), "{step:?}");
        assert!(decoding.work_bytes() > INLINE_BYTES_MAX);
        assert!(matches!(decoding.advance(&mut reservation), Ok(Step::Done(..))));
    }
}
