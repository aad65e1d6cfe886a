//! What arrived lately, in the order of the log: for whoever follows.
//!
//! ```text
//! replay  --rows of the last run that are in no block--> replayed --+
//!                                                                   +--> read: the rows behind a follower's place
//! publish --rows of new requests----------------------> live -------+    (those of the last run first)
//! ```
//!
//! A block is sorted by time and does not tell in which order its rows came. So rows stay here too, whatever becomes of their memtable,
//! up to a number of bytes; until they are flushed they are the same memory. Whoever is further behind is told that rows are missing.
//! A restart brings back what no block has, at the same places; rows that were flushed before it are too far back.

use std::collections::{BTreeMap, VecDeque};

use arrow::record_batch::RecordBatch;
use schemas::{Table, TableBatch, TenantId};

use crate::wal::Lsn;

/// Behind it are the rows of record `lsn` from `row` on, and those of all later records. The same row is behind the same place after
/// a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub lsn: Lsn,
    pub row: u32,
}

impl Place {
    fn after(lsn: Lsn) -> Self {
        Self { lsn: lsn.next(), row: 0 }
    }
}

/// Reads the rows of a table as they arrive. It holds no memory: what it is too slow for is gone.
#[derive(Debug, Clone)]
pub struct Follower {
    of: (TenantId, Table),
    place: Place,
    /// New rows of this run that are not behind it; `None` before it has met any.
    seen: Option<u64>,
}

impl Follower {
    /// Goes on from `place`, for instance of a follower of an earlier run.
    pub fn from(tenant: TenantId, table: Table, place: Place) -> Self {
        Self { of: (tenant, table), place, seen: None }
    }

    pub fn place(&self) -> Place {
        self.place
    }
}

/// What a follower reads at a time.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Rows between its place and the first batch that it does not get.
    pub missing: Option<Missing>,
    /// In the order of the log.
    pub batches: Vec<ArrivedBatch>,
}

/// Rows of one request.
#[derive(Debug, Clone)]
pub struct ArrivedBatch {
    pub batch: RecordBatch,
    first: Place,
    end: Place,
}

impl ArrivedBatch {
    /// The place that `row` of the batch is before and the next row behind.
    pub fn after(&self, row: usize) -> Place {
        let next = row + 1;
        if next < self.batch.num_rows() { Place { row: self.first.row + next as u32, ..self.first } } else { self.end }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// So many rows arrived and were let go while the follower did not read.
    Behind { rows: u64 },
    /// Rows behind the place it began at may have been let go; nobody knows how many.
    TooFarBack,
    /// Nothing was ever written before that place: it is of another store. The follower goes on with what arrives next.
    Unknown,
}

/// INVARIANT: rows of a table that arrived after its floor are here, in the order of the log.
#[derive(Debug)]
pub(crate) struct Arrivals {
    replayed: VecDeque<Request>,
    live: VecDeque<Request>,
    bytes: u64,
    bytes_max: u64,
    /// The last record that is visible, of this run or the one before.
    last: Lsn,
    /// The last record of the run before.
    last_run: Lsn,
    /// Records of the last run are still being read; new ones wait behind them.
    replaying: bool,
    /// Everything up to here was in blocks at the start.
    committed: Lsn,
    floors: BTreeMap<(TenantId, Table), Floor>,
    live_rows: BTreeMap<(TenantId, Table), u64>,
}

/// What was let go of a table.
#[derive(Debug, Clone, Copy, Default)]
struct Floor {
    lsn: Lsn,
    /// Of this run.
    rows: u64,
}

#[derive(Debug)]
struct Request {
    lsn: Lsn,
    tenant: TenantId,
    bytes: u64,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    table: Table,
    /// New rows of this run before it.
    before: u64,
    batch: RecordBatch,
}

impl Arrivals {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            replayed: VecDeque::new(),
            live: VecDeque::new(),
            bytes: 0,
            bytes_max,
            last: Lsn::ZERO,
            last_run: Lsn::ZERO,
            replaying: false,
            committed: Lsn::ZERO,
            floors: BTreeMap::new(),
            live_rows: BTreeMap::new(),
        }
    }

    /// Says what the last run left: blocks up to `committed`, and a log up to `end`, which is read if `replaying`.
    pub(crate) fn begin(&mut self, committed: Lsn, end: Lsn, replaying: bool) {
        let end = end.max(committed);
        (self.committed, self.last, self.last_run, self.replaying) = (committed, end, end, replaying);
    }

    /// Rows of a record of the last run.
    pub(crate) fn replay(&mut self, tenant: TenantId, lsn: Lsn, batches: &[TableBatch]) {
        let followed = || batches.iter().filter(|batch| is_followed(batch));
        let bytes = followed().map(|batch| batch.batch.get_array_memory_size() as u64).sum();
        let parts: Vec<Part> =
            followed().map(|TableBatch { table, batch }| Part { table: *table, before: 0, batch: batch.clone() }).collect();
        if !parts.is_empty() {
            self.bytes += bytes;
            self.replayed.push_back(Request { lsn, tenant, bytes, parts });
            self.shrink();
        }
    }

    /// All records of the last run are visible.
    pub(crate) fn end_replay(&mut self) {
        self.replaying = false;
    }

    /// Rows of a new request, which take `bytes`.
    pub(crate) fn publish(&mut self, tenant: TenantId, lsn: Lsn, batches: &[TableBatch], bytes: u64) {
        self.last = self.last.max(lsn);
        let mut parts = Vec::new();
        for TableBatch { table, batch } in batches.iter().filter(|batch| is_followed(batch)) {
            let rows = self.live_rows.entry((tenant, *table)).or_default();
            parts.push(Part { table: *table, before: *rows, batch: batch.clone() });
            *rows += batch.num_rows() as u64;
        }
        if !parts.is_empty() {
            self.bytes += bytes;
            self.live.push_back(Request { lsn, tenant, bytes, parts });
            self.shrink();
        }
    }

    /// A follower of what arrives from now on.
    pub(crate) fn follow(&self, tenant: TenantId, table: Table) -> Follower {
        let of = (tenant, table);
        Follower { of, place: Place::after(self.last), seen: Some(self.rows(of)) }
    }

    /// At most `rows_max` rows behind the follower's place, which moves on. Cheap: batches are shared.
    pub(crate) fn read(&self, follower: &mut Follower, rows_max: usize) -> Arrived {
        let mut arrived = Arrived { missing: self.catch_up(follower), batches: Vec::new() };
        let waits = self.replaying && follower.place.lsn <= self.last_run;
        let from = follower.place.lsn;
        let live = (!waits).then(|| behind(&self.live, from));
        let mut rows_left = rows_max;
        for request in behind(&self.replayed, from).chain(live.into_iter().flatten()) {
            let is_live = request.lsn > self.last_run;
            for part in request.parts.iter().filter(|part| (request.tenant, part.table) == follower.of) {
                let first = if request.lsn == follower.place.lsn { follower.place.row } else { 0 };
                let rows = part.batch.num_rows().saturating_sub(first as usize).min(rows_left);
                if rows == 0 {
                    continue;
                }
                let next = first as usize + rows;
                let first = Place { lsn: request.lsn, row: first };
                let is_whole = next == part.batch.num_rows();
                let end = if is_whole { Place::after(request.lsn) } else { Place { row: next as u32, ..first } };
                arrived.batches.push(ArrivedBatch { batch: part.batch.slice(first.row as usize, rows), first, end });
                follower.place = end;
                follower.seen = is_live.then_some(part.before + next as u64);
                rows_left -= rows;
            }
            if rows_left == 0 {
                return arrived;
            }
        }
        if !waits {
            follower.place = Place::after(self.last);
            follower.seen = Some(self.rows(follower.of));
        }
        arrived
    }

    /// Moves a follower that asks for what is gone to the first row that is not.
    fn catch_up(&self, follower: &mut Follower) -> Option<Missing> {
        if follower.place.lsn > self.last.next() {
            *follower = self.follow(follower.of.0, follower.of.1);
            return Some(Missing::Unknown);
        }
        let floor = self.floors.get(&follower.of).copied().unwrap_or(Floor { lsn: self.committed, rows: 0 });
        if follower.place.lsn > floor.lsn {
            return None;
        }
        let missing = match follower.seen {
            Some(seen) => Missing::Behind { rows: floor.rows.saturating_sub(seen) },
            None => Missing::TooFarBack,
        };
        follower.place = Place::after(floor.lsn);
        follower.seen = follower.seen.map(|seen| seen.max(floor.rows));
        (missing != Missing::Behind { rows: 0 }).then_some(missing)
    }

    fn rows(&self, of: (TenantId, Table)) -> u64 {
        self.live_rows.get(&of).copied().unwrap_or_default()
    }

    /// Lets go of the oldest.
    fn shrink(&mut self) {
        while self.bytes > self.bytes_max {
            let Some(request) = self.replayed.pop_front().or_else(|| self.live.pop_front()) else { return };
            self.bytes -= request.bytes;
            for part in request.parts {
                let is_live = request.lsn > self.last_run;
                let rows = if is_live { part.before + part.batch.num_rows() as u64 } else { 0 };
                self.floors.insert((request.tenant, part.table), Floor { lsn: request.lsn, rows });
            }
        }
    }
}

/// Metrics are looked at as series, and derived rows by the record they are from, not one by one.
fn is_followed(TableBatch { table, batch }: &TableBatch) -> bool {
    matches!(table, Table::Spans | Table::Logs) && batch.num_rows() > 0
}

/// Requests from `lsn` on.
fn behind(requests: &VecDeque<Request>, lsn: Lsn) -> impl Iterator<Item = &Request> {
    requests.range(requests.partition_point(|request| request.lsn < lsn)..)
}
