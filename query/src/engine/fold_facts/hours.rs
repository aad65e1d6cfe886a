//! What is left of the facts of hours, kept from question to question: the timeline of a day is asked for again every few seconds.
//!
//! An hour is kept as long as its rows are those of the same blocks, none of them in memory: what arrives late, is compacted, classified
//! again or let go makes another version of it, which is read anew.

use std::sync::Arc;

use governance::gather::Settled;
use schemas::{Table, UnixNanos};
use storage::{Snapshot, Stretch, stretches_within};

use super::{super::kept::Kept, HOUR_NS, TABLES};

/// What an hour is read by while it is not over, so that not all of it is read for each question.
const QUARTER_NS: i64 = HOUR_NS / 4;
/// All of them together: a day of a thousand breakers whose gauges are read each 15 s is reckoned to take 80 MB
/// (500 bytes a series and hour), one of 400,000 refusals 60.
const BYTES_MAX: usize = 192 << 20;

/// An extension of sessions, too: SQL asks for the same hours.
#[derive(Debug)]
pub(crate) struct Hours(Kept<(i64, i64), Settled>);

impl Default for Hours {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// An hour; of one that is not over, or not asked for as a whole, its quarters, or as much of them as is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hour {
    pub start: i64,
    pub end: i64,
    /// Its length as a whole, and when it begins as a whole.
    pub width: i64,
    begin: i64,
    /// When it is over: what its rows are.
    version: Option<u64>,
    /// A guess; zero: there are none.
    pub rows: u64,
}

impl Hour {
    /// The hours of a time, the last one first.
    pub(super) fn of(snapshot: &Snapshot, time: (UnixNanos, UnixNanos)) -> Vec<Self> {
        let hours = Self::of_width(snapshot, time, HOUR_NS);
        let finer = |hour: Self| match hour.rows > 0 && hour.version.is_none() {
            true => Self::of_width(snapshot, (UnixNanos(hour.start), UnixNanos(hour.end)), QUARTER_NS),
            false => vec![hour],
        };
        hours.into_iter().flat_map(finer).collect()
    }

    fn of_width(snapshot: &Snapshot, (start, end): (UnixNanos, UnixNanos), width: i64) -> Vec<Self> {
        let starts: Vec<i64> = stretches_within(start.0, end.0, width).rev().collect();
        let of = |(begin, stretch): (i64, Stretch)| {
            let is_whole = start.0 <= begin && begin.saturating_add(width) <= end.0;
            Self {
                start: begin.max(start.0),
                end: begin.saturating_add(width).min(end.0),
                width,
                begin,
                version: stretch.version.filter(|_| is_whole),
                rows: stretch.rows,
            }
        };
        starts.iter().copied().zip(stretches_of_facts(snapshot, &starts, width)).map(of).collect()
    }

    /// Which of all stretches of its length it is.
    pub(super) fn number(&self) -> i64 {
        self.begin.div_euclid(self.width)
    }
}

/// As [`Snapshot::stretches`], of all tables that a fold reads.
pub(crate) fn stretches_of_facts(snapshot: &Snapshot, starts: &[i64], width: i64) -> Vec<Stretch> {
    let known = TABLES.map(|table: Table| snapshot.stretches(table, starts, width, 0));
    let of = |place: usize| {
        let of_tables = known.iter().map(|of_table| of_table[place]);
        Stretch {
            version: of_tables.clone().try_fold(0_u64, |hash, table| Some(hash.rotate_left(21) ^ table.version?)),
            rows: of_tables.fold(0, |sum, table| sum.saturating_add(table.rows)),
        }
    };
    (0..starts.len()).map(of).collect()
}

impl Hours {
    pub(super) fn get(&self, hour: Hour) -> Option<Arc<Settled>> {
        self.0.get(&(hour.begin, hour.width), hour.version?)
    }

    /// Keeps it if it is over.
    pub(super) fn put(&self, hour: Hour, settled: &Arc<Settled>) {
        if let Some(version) = hour.version {
            self.0.put((hour.begin, hour.width), version, Arc::clone(settled), settled.bytes());
        }
    }
}
