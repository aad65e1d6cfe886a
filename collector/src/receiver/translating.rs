//! The work on what was pushed in another system's format: body to OTLP, paying for each step before it is taken.
//!
//! 1. Decompress, no further than was paid for.
//! 2. Translate, to no more bytes than were paid for.

use std::{borrow::Cow, error::Error};

use bytes::Bytes;
use schemas::{
    interop::{
        Dialect, ForeignError, Translated,
        snappy::{self, SnappyError},
    },
    otlp::compression::{DecompressError, decompress},
};

use super::{
    Refusal,
    push::{Compression, Route},
};
use crate::admission::Reservation;

/// As that of OTLP.
const COMMON_RATIO: u64 = 16;
/// OTLP is rarely larger than this many times what it was translated from; what is larger is translated again with the whole limit paid.
const COMMON_GROWTH: u64 = 4;

/// A push on its way to OTLP.
#[derive(Debug)]
pub(crate) struct Translating {
    route: Route,
    body_bytes_max: u64,
    body: Bytes,
    /// The body without compression, once it is known.
    plain: Option<Bytes>,
    /// What the next attempt to decompress may produce.
    room: u64,
    /// What the next attempt to translate may produce; 0 before the first.
    otlp_room: u64,
}

#[derive(Debug)]
pub(crate) enum Step {
    Done(Translated),
    /// The reservation must grow to this before the next try, whose work may be more than the last one's.
    Needs(u64),
}

impl Translating {
    pub(crate) fn new(route: Route, body_bytes_max: u64, body: Bytes) -> Self {
        let room = body_bytes_max.min(body.len() as u64 * COMMON_RATIO);
        Self { route, body_bytes_max, body, plain: None, room, otlp_room: 0 }
    }

    /// Bytes the next step works on, roughly.
    pub(crate) fn work_bytes(&self) -> usize {
        self.otlp_room.max(self.plain.as_ref().map_or(self.room, |plain| plain.len() as u64)) as usize
    }

    /// Goes as far as the budget allows without waiting.
    ///
    /// # Errors
    /// When the request itself is at fault.
    pub(crate) fn advance(&mut self, reservation: &mut Reservation) -> Result<Step, Refusal> {
        let Some(plain) = self.plain.clone() else {
            let needed = self.body.len() as u64 + self.room;
            if !reservation.try_grow_to(needed) {
                return Ok(Step::Needs(needed));
            }
            match self.decompress()? {
                Some(plain) => self.plain = Some(plain),
                // The next try is far more work than this one was, so that it may not go on here: see `work_bytes`.
                None => self.room = self.body_bytes_max,
            }
            // As one step, so that a body that became large does not go on where small ones do.
            return Ok(Step::Needs(needed));
        };
        let whole = self.body_bytes_max;
        if self.otlp_room == 0 {
            self.otlp_room = whole.min(plain.len() as u64 * COMMON_GROWTH + (1 << 10));
        }
        let dialect: Dialect = self.route.dialect;
        let needed = (self.body.len() + plain.len()) as u64 + dialect.reading_bytes(&plain) + self.otlp_room;
        if !reservation.try_grow_to(needed) {
            return Ok(Step::Needs(needed));
        }
        match dialect.translate(&plain, self.otlp_room as usize) {
            Ok(translated) => Ok(Step::Done(translated)),
            Err(ForeignError::TooLarge { .. }) if self.otlp_room < whole => {
                let needed = needed + whole - self.otlp_room;
                self.otlp_room = whole;
                Ok(Step::Needs(needed))
            }
            Err(ForeignError::TooLarge { .. }) => Err(Refusal::TooLarge { limit: whole }),
            Err(error) => Err(Refusal::Undecodable(match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            })),
        }
    }

    /// The body without compression; `None` when it needs more room than it has.
    fn decompress(&self) -> Result<Option<Bytes>, Refusal> {
        let too_large = || if self.room < self.body_bytes_max { Ok(None) } else { Err(Refusal::TooLarge { limit: self.body_bytes_max }) };
        match self.route.compression {
            Compression::Snappy => match snappy::decompress(&self.body, self.room as usize) {
                Ok(plain) => Ok(Some(plain.into())),
                Err(SnappyError::TooLarge { .. }) => too_large(),
                Err(error @ SnappyError::Malformed { .. }) => Err(Refusal::Undecodable(error.to_string())),
            },
            Compression::Otlp(encoding) => match decompress(encoding, &self.body, self.room as usize) {
                Ok(Cow::Owned(plain)) => Ok(Some(plain.into())),
                Ok(Cow::Borrowed(_)) => Ok(Some(self.body.clone())),
                Err(DecompressError::TooLarge { .. }) => too_large(),
                Err(error @ DecompressError::Malformed { .. }) => Err(Refusal::Undecodable(error.to_string())),
            },
        }
    }
}
