//! What is known of stretches of time before any row is read.

use std::collections::HashMap;

use arrow::{array::AsArray, datatypes::TimestampNanosecondType};
use schemas::{Table, UnixNanos};

use super::Snapshot;
use crate::block::{Block, TimeRange};

/// A stretch of time in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// As [`Snapshot::version`], of the stretch and what is around it.
    pub version: Option<u64>,
    /// Zero: there are none. Else a guess: of a block that reaches into it those that it has of so long a time.
    pub rows: u64,
}

/// When the stretches begin, each `width_ns` long and a multiple of it after 1970, that `[start, end)` touches. In order; none of an empty
/// time.
///
/// ```
/// # use storage::stretches_within;
/// assert_eq!(stretches_within(7, 21, 10).collect::<Vec<_>>(), [0, 10, 20]);
/// assert_eq!(stretches_within(-1, 10, 10).collect::<Vec<_>>(), [-10, 0]);
/// assert_eq!(stretches_within(5, 5, 10).count(), 0);
/// ```
pub fn stretches_within(start: i64, end: i64, width_ns: i64) -> impl DoubleEndedIterator<Item = i64> + Clone {
    let numbers = start.div_euclid(width_ns)..end.saturating_sub(1).div_euclid(width_ns).saturating_add(1);
    let numbers = if start < end { numbers } else { 0..0 };
    numbers.map(move |number| number.saturating_mul(width_ns))
}

impl Snapshot {
    /// Of each stretch of `width_ns` (a multiple of it after 1970) that begins at one of `starts`. Versions are also of the rows that are
    /// no more than `around_ns` before or after the stretch; it divides `width_ns`, or is 0. Looks at the times of rows in memory once. Not
    /// for tables of sums.
    pub fn stretches(&self, table: Table, starts: &[i64], width_ns: i64, around_ns: i64) -> Vec<Stretch> {
        let step = if around_ns == 0 { width_ns } else { around_ns };
        let in_memory = self.rows_in_memory(table, step);
        let of_stretch = |start: &i64| {
            let within = |around: i64| (start.saturating_sub(around), start.saturating_add(width_ns).saturating_add(around));
            let unflushed = |around: i64| {
                let (from, to) = within(around);
                let steps = (0..(to - from) / step).map(|nth| from + nth * step);
                in_memory.as_ref().map(|rows| steps.filter_map(|start| rows.get(&start)).sum::<u64>())
            };
            let range = |around: i64| TimeRange { first: UnixNanos(within(around).0), last: UnixNanos(within(around).1 - 1) };
            let of_blocks = self.blocks_of(table).map(|block| rows_within(block, range(0))).sum::<u64>();
            let is_settled = unflushed(around_ns) == Some(0) && self.partial().is_empty();
            Stretch {
                version: is_settled.then(|| self.version_of_blocks(table, Some(range(around_ns)))),
                rows: of_blocks.saturating_add(unflushed(0).unwrap_or(1)),
            }
        };
        starts.iter().map(of_stretch).collect()
    }

    /// How many rows in memory there are in each stretch that has any; `None` when that is not known.
    pub(super) fn rows_in_memory(&self, table: Table, width_ns: i64) -> Option<HashMap<i64, u64>> {
        let mut rows: HashMap<i64, u64> = HashMap::new();
        for chunk in self.chunks(table) {
            let times = chunk.batch.column_by_name(table.time_column())?.as_primitive_opt::<TimestampNanosecondType>()?;
            for of_stretch in times.values().chunk_by(|a, b| a.div_euclid(width_ns) == b.div_euclid(width_ns)) {
                let start = of_stretch.first().map_or(0, |first| first.div_euclid(width_ns).saturating_mul(width_ns));
                *rows.entry(start).or_default() += of_stretch.len() as u64;
            }
        }
        Some(rows)
    }
}

fn rows_within(block: &Block, time: TimeRange) -> u64 {
    let (first, last) = (block.time.first.max(time.first), block.time.last.min(time.last));
    if last < first {
        return 0;
    }
    let long = |first: UnixNanos, last: UnixNanos| last.0.saturating_sub(first.0).saturating_add(1) as f64;
    (block.rows as f64 * long(first, last) / long(block.time.first, block.time.last)).ceil() as u64
}
