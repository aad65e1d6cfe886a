//! Where the rows of each trace begin, all of it in memory. They end where the next trace begins.

use std::ops::Range;

use schemas::TraceId;

use super::format::hash;

/// Where neighbouring rows of one trace begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceRun {
    pub hash: u64,
    pub first_row: u32,
}

impl TraceRun {
    pub(crate) fn new(id: &[u8], first_row: u32) -> Self {
        Self { hash: hash(id), first_row }
    }

    fn key(self) -> u32 {
        key(self.hash)
    }
}

/// Half of a hash tells the few traces of a batch apart.
fn key(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The runs of a batch, ordered by key and row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TraceRuns {
    keys: Box<[u32]>,
    first_rows: Box<[u32]>,
    /// The same first rows, ascending.
    borders: Box<[u32]>,
    rows: u32,
}

impl TraceRuns {
    /// `runs` cover all of `rows`.
    pub(crate) fn new(mut runs: Vec<TraceRun>, rows: u32) -> Self {
        runs.sort_unstable_by_key(|run| (run.key(), run.first_row));
        Self::of_parts(runs.iter().map(|run| run.key()).collect(), runs.iter().map(|run| run.first_row).collect(), rows)
    }

    pub(super) fn of_parts(keys: Box<[u32]>, first_rows: Box<[u32]>, rows: u32) -> Self {
        let mut borders = first_rows.clone();
        borders.sort_unstable();
        Self { keys, first_rows, borders, rows }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.keys) + size_of_val(&*self.first_rows) + size_of_val(&*self.borders)
    }

    /// The rows that may belong to `id`: half-open ranges, ascending. O(log runs).
    pub(crate) fn find(&self, id: TraceId) -> Vec<Range<usize>> {
        let key = key(hash(id.as_bytes()));
        let from = self.keys.partition_point(|k| *k < key);
        let equal = self.keys.iter().skip(from).take_while(|k| **k == key).count();
        let first_rows = self.first_rows.iter().skip(from).take(equal);
        first_rows.map(|first| *first as usize..self.end_of(*first) as usize).collect()
    }

    fn end_of(&self, first_row: u32) -> u32 {
        let next = self.borders.partition_point(|border| *border <= first_row);
        self.borders.get(next).copied().unwrap_or(self.rows).max(first_row)
    }
}
