//! What spans add up to in half hours that are over, and spans of minutes that windows begin or end in, kept from question to question:
//! dashboards ask for the same day every few seconds.
//!
//! A half hour or a minute is kept as long as its rows are those of the same blocks, none of them in memory: what arrives late, is compacted, classified
//! again or let go makes another version of it, which is read anew.

use std::sync::Arc;

use super::{
    super::kept::Kept,
    cut_spans::{Cut, Of},
    minutes::MinutesFound,
};
use crate::analytics::minutes::{MINUTE_NS, MinuteRow};

pub(super) const STRETCH_NS: i64 = 30 * MINUTE_NS;
/// All half hours together.
const BYTES_MAX: usize = 64 << 20;
/// All minutes together; one of 10,000 spans is reckoned to take 1 MB.
const SPANS_BYTES_MAX: usize = 64 << 20;
/// A guess: a row with its histogram; texts are shared.
const BYTES_OF_ROW: usize = size_of::<MinuteRow>() + 40 * 24;

/// Of whose spans, and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct StretchKey {
    pub service: Option<String>,
    pub environment: Option<String>,
    pub operations: bool,
    pub start_ns: i64,
}

/// Stretches of all questions.
#[derive(Debug)]
pub(in super::super) struct Stretches {
    sums: Kept<StretchKey, MinutesFound>,
    /// By when the minute begins.
    spans: Kept<(Of, i64), Cut>,
}

impl Default for Stretches {
    fn default() -> Self {
        Self { sums: Kept::new(BYTES_MAX), spans: Kept::new(SPANS_BYTES_MAX) }
    }
}

impl Stretches {
    pub(super) fn get(&self, key: &StretchKey, version: u64) -> Option<Arc<MinutesFound>> {
        self.sums.get(key, version)
    }

    pub(super) fn put(&self, key: StretchKey, version: u64, found: Arc<MinutesFound>) {
        // Of what has rows left out nobody can say what it is missing.
        if found.1.left_out == 0 {
            let bytes = size_of::<StretchKey>() + found.0.len() * BYTES_OF_ROW;
            self.sums.put(key, version, found, bytes);
        }
    }

    pub(super) fn spans(&self, minute: (Of, i64), version: u64) -> Option<Arc<Cut>> {
        self.spans.get(&minute, version)
    }

    pub(super) fn put_spans(&self, minute: (Of, i64), version: u64, spans: Arc<Cut>) {
        let bytes = spans.bytes();
        self.spans.put(minute, version, spans, bytes);
    }
}
