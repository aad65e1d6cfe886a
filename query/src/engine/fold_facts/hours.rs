//! What is left of the facts of hours, kept from question to question: the timeline of a day is asked for again every few seconds.
//!
//! An hour is kept as long as its rows are those of the same blocks, none of them in memory: what arrives late, is compacted, classified
//! again or let go makes another version of it, which is read anew.

use std::sync::Arc;

use governance::gather::Settled;
use schemas::{Table, UnixNanos};
use storage::Snapshot;

use super::{super::kept::Kept, HOUR_NS, TABLES};

/// All of them together: a day of a thousand breakers whose gauges are read each 15 s is reckoned to take 80 MB
/// (500 bytes a series and hour), one of 400,000 refusals 60.
const BYTES_MAX: usize = 192 << 20;

/// An extension of sessions, too: SQL asks for the same hours.
#[derive(Debug)]
pub(crate) struct Hours(Kept<i64, Settled>);

impl Default for Hours {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// An hour, or as much of it as is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hour {
    pub start: i64,
    pub end: i64,
    /// When it is over: what its rows are.
    version: Option<u64>,
    /// A guess; zero: there are none.
    pub rows: u64,
}

impl Hour {
    /// The hours of a time, the last one first.
    pub(super) fn of(snapshot: &Snapshot, (start, end): (UnixNanos, UnixNanos)) -> Vec<Self> {
        if start >= end {
            return Vec::new();
        }
        let hours = start.0.div_euclid(HOUR_NS)..=(end.0 - 1).div_euclid(HOUR_NS);
        let starts: Vec<i64> = hours.rev().map(|hour| hour.saturating_mul(HOUR_NS)).collect();
        let known = TABLES.map(|table: Table| snapshot.stretches(table, &starts, HOUR_NS, 0));
        let of = |(place, &begin): (usize, &i64)| {
            let is_whole = start.0 <= begin && begin.saturating_add(HOUR_NS) <= end.0;
            let of_tables = known.iter().map(|of_table| of_table[place]);
            let version = of_tables.clone().try_fold(0_u64, |hash, table| Some(hash.rotate_left(21) ^ table.version?));
            Self {
                start: begin.max(start.0),
                end: begin.saturating_add(HOUR_NS).min(end.0),
                version: version.filter(|_| is_whole),
                rows: of_tables.fold(0, |sum, table| sum.saturating_add(table.rows)),
            }
        };
        starts.iter().enumerate().map(of).collect()
    }
}

impl Hours {
    pub(super) fn get(&self, hour: Hour) -> Option<Arc<Settled>> {
        self.0.get(&hour.start, hour.version?)
    }

    /// Keeps it if it is over.
    pub(super) fn put(&self, hour: Hour, settled: &Arc<Settled>) {
        if let Some(version) = hour.version {
            self.0.put(hour.start, version, Arc::clone(settled), settled.bytes());
        }
    }
}
