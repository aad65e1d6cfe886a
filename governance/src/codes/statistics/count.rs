//! Counts by code.

use std::collections::BTreeSet;

use schemas::TraceId;

use super::{
    sums::{Stretch, Sums},
    totals::Totals,
    traced::Traced,
};
use crate::arrived::Arrived;

/// What is counted, and from when to when.
#[derive(Debug, Clone, Copy)]
pub struct Count<'f> {
    pub every_hop: bool,
    /// Only errors that this service reports; empty: any.
    pub service: &'f str,
    /// Only errors from this environment; empty: any.
    pub environment: &'f str,
    /// Nanoseconds, the end excluded.
    pub start: i64,
    pub end: i64,
    /// Equal stretches of the window for the trend.
    pub buckets: usize,
    /// In the trend a time counts as the multiple of this at or before it; 1: as it is.
    pub grain_ns: i64,
}

/// Counts by code.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// The most frequent first.
    pub codes: Vec<CodeCount>,
    /// Errors of further codes: no more than [`CODES_MAX`] are told apart.
    pub left_out: f64,
}

/// Codes that are told apart in one window.
pub const CODES_MAX: usize = 20_000;

/// One code in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodeCount {
    pub code: String,
    pub reason: String,
    pub count: f64,
    /// Records behind the count.
    pub records: u64,
    /// Records of the code, whether they count or not; 0 when only those that count were given.
    pub rows: u64,
    /// Services where it was born, most first.
    pub born: Vec<(String, f64)>,
    /// Services that carried the errors that are counted here, or what became of these.
    pub reaches: BTreeSet<String>,
    pub traces: u64,
    pub rejections: f64,
    pub first_ns: i64,
    pub last_ns: i64,
    pub trend: Vec<f64>,
    /// Of the newest record that has one.
    pub message: String,
    pub solution: String,
    /// Status that came with it most often.
    pub http_status: Option<i64>,
    pub grpc_status: String,
    pub oldest_trace: Option<TraceId>,
    pub newest_trace: Option<TraceId>,
    pub slowest_trace: Option<TraceId>,
    /// Of the records behind the count.
    pub arrived: Arrived,
}

impl Traced<'_> {
    /// Of errors that are all at hand.
    pub fn by_code(&self, count: Count<'_>) -> Counts {
        let sums = Sums::of(self, Stretch { start: count.start, end: count.end, grain_ns: count.grain_ns });
        let mut totals = Totals::new(count);
        totals.add(&sums, false);
        totals.finish()
    }
}

impl Count<'_> {
    /// Where in the trend a time is that is within the window, or was rounded down from one that is.
    pub(super) fn bucket(&self, time: i64) -> Option<usize> {
        let length = i128::from(self.end) - i128::from(self.start);
        let into = (i128::from(time) - i128::from(self.start)).max(0);
        (into < length).then(|| (into * self.buckets as i128 / length) as usize)
    }
}
