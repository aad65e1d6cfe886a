//! What became of everything that was sent.

use std::{collections::BTreeMap, time::Duration};

use schemas::Signal;
use serde::Serialize;

/// Counts of one run. Every record ends in exactly one of `accepted`, `rejected` and `refused`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    /// Attempts beyond the first.
    pub(crate) retried: u64,
    /// Records that are durable now.
    pub(crate) accepted: u64,
    /// Records that the server refused alone (partial success).
    pub(crate) rejected: u64,
    /// Records of requests that finally failed.
    pub(crate) refused: u64,
    pub(crate) refused_requests: u64,
    /// Body bytes of acknowledged requests, as sent.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) accepted_by_signal: BTreeMap<&'static str, u64>,
    /// Why records were rejected or refused; the first few different texts.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Nobody answered at all in some request's last attempt.
    #[serde(skip)]
    pub(crate) unreachable: bool,
    #[serde(skip)]
    ack_times_us: Vec<u32>,
}

/// Different texts kept in `reasons`.
const REASONS_MAX: usize = 20;

impl Totals {
    pub(crate) fn acknowledged(&mut self, signal: Signal, records: u64, rejected: u64, bytes: usize, took: Duration) {
        let rejected = rejected.min(records);
        self.requests += 1;
        self.accepted += records - rejected;
        self.rejected += rejected;
        self.bytes += bytes as u64;
        *self.accepted_by_signal.entry(signal.name()).or_default() += records - rejected;
        self.ack_times_us.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn refused(&mut self, records: u64) {
        self.requests += 1;
        self.refused_requests += 1;
        self.refused += records;
    }

    pub(crate) fn because(&mut self, reason: &str) {
        self.because_times(reason, 1);
    }

    pub(crate) fn because_times(&mut self, reason: &str, times: u64) {
        if self.reasons.contains_key(reason) || self.reasons.len() < REASONS_MAX {
            *self.reasons.entry(reason.to_owned()).or_default() += times;
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.retried += other.retried;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.refused += other.refused;
        self.refused_requests += other.refused_requests;
        self.bytes += other.bytes;
        self.unreachable |= other.unreachable;
        for (signal, count) in other.accepted_by_signal {
            *self.accepted_by_signal.entry(signal).or_default() += count;
        }
        for (reason, times) in other.reasons {
            self.because_times(&reason, times);
        }
        self.ack_times_us.extend(other.ack_times_us);
    }

    /// Request to answer, in milliseconds, at the quantile `q` in 0..=1.
    pub(crate) fn ack_ms(&self, q: f64) -> Option<f64> {
        let mut times = self.ack_times_us.clone();
        let last = times.len().checked_sub(1)?;
        let (_, time_us, _) = times.select_nth_unstable((last as f64 * q).round() as usize);
        Some(f64::from(*time_us) / 1e3)
    }
}
