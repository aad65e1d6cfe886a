//! What one execution has still to read. Its partitions take the next piece whenever they are free, so one long block keeps
//! nobody waiting, and what was asked for first is read first.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    ops::Range,
    sync::{Arc, Mutex},
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::{
    common::{DataFusionError, Result},
    physical_expr::{PhysicalExpr, expressions::DynamicFilterTracking},
};
use schemas::{Table, TraceId};
use storage::{OpenBlock, Split, SplitId};

use super::{
    ask::{Ask, Left, both},
    context::OpenSnapshot,
    plan::Order,
    prune::{GroupStatistics, SplitStatistics, prune},
    traces,
};

/// Rows of a piece when a row group is read from its newest (or oldest) end.
const SLICE_ROWS: usize = 16 * 1024;
/// Pieces get twice as long after so many blocks: who was not satisfied by these will not be soon, and short pieces cost more.
const BLOCKS_PER_LENGTH: usize = 4;
const DOUBLINGS_MAX: usize = 5;

/// Rows to read without a pause.
pub(super) enum Piece {
    Memory(RecordBatch),
    Block {
        block: Arc<OpenBlock>,
        row_group: usize,
        /// Within the row group; `None` = all.
        rows: Option<Vec<Range<usize>>>,
        /// To be asked of each row.
        predicate: Option<Arc<dyn PhysicalExpr>>,
    },
}

enum Entry {
    Split(Split),
    Piece(Piece),
}

pub(super) struct Queue {
    table: Table,
    schema: SchemaRef,
    order: Order,
    ask: Option<Ask>,
    /// Predicates that others tighten while the scan runs.
    dynamic: Vec<Arc<dyn PhysicalExpr>>,
    state: Mutex<State>,
}

struct State {
    entries: VecDeque<Entry>,
    /// Of each dynamic predicate, whether it has changed.
    watched: Vec<DynamicFilterTracking>,
    /// When only some are wanted, by what the predicates say now.
    traces: Option<Vec<TraceId>>,
    /// Of each dynamic predicate, whether it says more than which traces are wanted: bounds of ids rule hardly anything out, and a long
    /// list of them takes its time.
    bounds: Vec<bool>,
    blocks_opened: usize,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Queue {
    /// `splits` in the order in which they are read. Predicates are over the whole table.
    ///
    /// # Errors
    /// When a split is not of this snapshot: a bug.
    pub(super) fn new(
        open: &OpenSnapshot,
        table: Table,
        splits: &[SplitId],
        predicate: Option<Arc<dyn PhysicalExpr>>,
        dynamic: Vec<Arc<dyn PhysicalExpr>>,
        order: Order,
    ) -> Result<Self> {
        let schema = table.schema();
        let mut known: HashMap<SplitId, Split> = open.snapshot.splits(table).into_iter().map(|split| (split.id, split)).collect();
        let entry = |id: &SplitId| known.remove(id).map(Entry::Split).ok_or(storage::ReadError::NoSuchSplit { table, split: *id });
        let entries = splits.iter().map(entry).collect::<Result<_, _>>().map_err(external)?;
        let watched = dynamic.iter().map(DynamicFilterTracking::classify).collect();
        let traces = predicate.iter().chain(&dynamic).find_map(traces::named);
        let bounds = bounds(&dynamic);
        let ask = predicate.map(|predicate| Ask::new(table, &schema, predicate));
        let state = State { entries, watched, traces, bounds, blocks_opened: 0 };
        Ok(Self { table, schema, order, ask, dynamic, state: Mutex::new(state) })
    }

    /// What is asked of rows in memory.
    pub(super) fn predicate(&self) -> Option<&Arc<dyn PhysicalExpr>> {
        self.ask.as_ref().map(Ask::whole)
    }

    pub(super) fn dynamic(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.dynamic
    }

    /// The next piece that may hold wanted rows. Blocking: opens blocks while it holds the queue, so that no partition leaves before
    /// the last block is cut into pieces.
    pub(super) fn next(&self, open: &OpenSnapshot) -> Result<Option<Piece>> {
        let mut state = self.state.lock().expect("no holder panics");
        self.notice_changes(&mut state);
        while let Some(entry) = state.entries.pop_front() {
            match entry {
                Entry::Piece(Piece::Block { block, row_group, .. }) if !self.may_match(&block, row_group, &state.bounds) => {}
                Entry::Piece(piece) => return Ok(Some(piece)),
                Entry::Split(Split { id: SplitId::Memory(index), .. }) => {
                    match open.snapshot.memory(self.table, index) {
                        Ok(rows) => return Ok(Some(Piece::Memory(rows))),
                        // Rows that are made of a block, which cannot be read.
                        Err(error @ storage::ReadError::Block { .. }) => open.usage.missing(error.to_string()),
                        Err(error) => return Err(external(error)),
                    }
                }
                Entry::Split(split) => match self.pieces(open, &split, &state) {
                    Ok(pieces) => {
                        state.blocks_opened += usize::from(!pieces.is_empty());
                        pieces.into_iter().rev().for_each(|piece| state.entries.push_front(Entry::Piece(piece)));
                    }
                    Err(error) => open.usage.missing(error.to_string()),
                },
            }
        }
        Ok(None)
    }

    /// Leaves out blocks that predicates have ruled out since the last look, and asks which traces they name by now.
    fn notice_changes(&self, state: &mut State) {
        let changed = |watched: &mut DynamicFilterTracking| watched.watcher().is_some_and(|watcher| watcher.changed());
        // Every one is asked: asking takes the change.
        if state.watched.iter_mut().map(changed).filter(|changed| *changed).count() == 0 {
            return;
        }
        state.traces = self.predicate().into_iter().chain(&self.dynamic).find_map(traces::named);
        state.bounds = bounds(&self.dynamic);
        let of_entry = |entry: &Entry| match entry {
            Entry::Split(split) => Some(split.clone()),
            Entry::Piece(_) => None,
        };
        let splits: Vec<Split> = state.entries.iter().filter_map(of_entry).collect();
        let statistics = SplitStatistics { table: self.table, splits: &splits };
        let mut wanted = vec![true; splits.len()];
        for predicate in with_bounds(&self.dynamic, &state.bounds) {
            let by_this = prune(predicate, &self.schema, &statistics);
            wanted.iter_mut().zip(by_this).for_each(|(wanted, by_this)| *wanted &= by_this);
        }
        let mut wanted = wanted.into_iter();
        state.entries.retain(|entry| matches!(entry, Entry::Piece(_)) || wanted.next().unwrap_or(true));
    }

    /// Cuts a block into the pieces worth reading, in reading order.
    fn pieces(&self, open: &OpenSnapshot, split: &Split, state: &State) -> Result<Vec<Piece>, storage::ReadError> {
        let SplitId::Block(id) = split.id else { return Ok(Vec::new()) };
        let of_traces = state.traces.as_ref().and_then(|traces| traces::rows_of(open, self.table, id, traces));
        let left = match &self.ask {
            _ if of_traces.as_ref().is_some_and(Vec::is_empty) => None,
            Some(ask) => ask.of_block(open, split),
            None => Some(Left { predicate: None, rows: None }),
        };
        let Some(Left { predicate, rows }) = left else { return Ok(Vec::new()) };
        let selected = both(of_traces, rows);
        if selected.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let block = Arc::new(open.snapshot.open(self.table, id)?);
        let groups: Vec<usize> = block.row_groups().collect();
        let wanted = match &predicate {
            Some(predicate) => {
                prune(predicate, &self.schema, &GroupStatistics { block: &block, schema: &self.schema, groups: 0..groups.len() })
            }
            None => vec![true; groups.len()],
        };
        let slice_rows = match self.order {
            Order::Any => usize::MAX,
            Order::NewestFirst | Order::OldestFirst => SLICE_ROWS << (state.blocks_opened / BLOCKS_PER_LENGTH).min(DOUBLINGS_MAX),
        };
        let mut pieces = Vec::new();
        let mut first_row = 0;
        for (row_group, rows) in groups.iter().copied().enumerate() {
            let range = first_row..first_row + rows;
            first_row = range.end;
            if !wanted[row_group] {
                continue;
            }
            let piece = |rows| Piece::Block { block: Arc::clone(&block), row_group, rows, predicate: predicate.clone() };
            match &selected {
                Some(selected) => pieces.extend(chunks(within(selected, &range), slice_rows).into_iter().map(|rows| piece(Some(rows)))),
                None if rows <= slice_rows => pieces.push(piece(None)),
                None => pieces.extend((0..rows).step_by(slice_rows).map(|start| {
                    let slice = start..(start + slice_rows).min(rows);
                    piece(Some(std::iter::once(slice).collect()))
                })),
            }
        }
        if self.order == Order::NewestFirst {
            pieces.reverse();
        }
        Ok(pieces)
    }

    fn may_match(&self, block: &OpenBlock, row_group: usize, bounds: &[bool]) -> bool {
        let statistics = GroupStatistics { block, schema: &self.schema, groups: row_group..row_group + 1 };
        with_bounds(&self.dynamic, bounds).all(|predicate| prune(predicate, &self.schema, &statistics) != [false])
    }
}

fn bounds(dynamic: &[Arc<dyn PhysicalExpr>]) -> Vec<bool> {
    dynamic.iter().map(|predicate| traces::named(predicate).is_none()).collect()
}

fn with_bounds<'a>(dynamic: &'a [Arc<dyn PhysicalExpr>], bounds: &[bool]) -> impl Iterator<Item = &'a Arc<dyn PhysicalExpr>> {
    dynamic.iter().zip(bounds).filter(|(_, bounds)| **bounds).map(|(predicate, _)| predicate)
}

/// The parts of `rows` (of the block) inside `group`, counted from its start.
fn within(rows: &[Range<usize>], group: &Range<usize>) -> Vec<Range<usize>> {
    let first = rows.partition_point(|range| range.end <= group.start);
    let inside = rows[first..].iter().take_while(|range| range.start < group.end);
    inside.map(|range| range.start.max(group.start) - group.start..range.end.min(group.end) - group.start).collect()
}

/// The same rows in lists of about `rows_max` each; a range is not cut. No list is empty.
fn chunks(rows: Vec<Range<usize>>, rows_max: usize) -> Vec<Vec<Range<usize>>> {
    let mut chunks: Vec<Vec<Range<usize>>> = Vec::new();
    let mut room = 0;
    for range in rows {
        match chunks.last_mut() {
            Some(chunk) if room > 0 => chunk.push(range.clone()),
            _ => {
                chunks.push(vec![range.clone()]);
                room = rows_max;
            }
        }
        room = room.saturating_sub(range.len());
    }
    chunks
}

pub(super) fn external(error: storage::ReadError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_group() {
        let check = |rows: &[Range<usize>], group: Range<usize>, expected: &[Range<usize>]| {
            assert_eq!(within(rows, &group), expected, "{rows:?} in {group:?}");
        };
        check(&[0..3, 5..20, 30..31], 0..10, &[0..3, 5..10]);
        check(&[0..3, 5..20, 30..31], 10..30, &[0..10; 1]);
        check(&[0..3, 5..20, 30..31], 30..40, &[0..1; 1]);
        check(&[0..3; 1], 3..9, &[]);
        check(&[], 0..9, &[]);
    }

    #[test]
    fn rows_in_chunks() {
        let check = |rows: &[Range<usize>], rows_max: usize, expected: &[&[Range<usize>]]| {
            assert_eq!(chunks(rows.to_vec(), rows_max), expected, "{rows:?} by {rows_max}");
        };
        check(&[], 4, &[]);
        check(&[0..1, 2..3, 4..5], usize::MAX, &[&[0..1, 2..3, 4..5]]);
        check(&[0..1, 2..3, 4..5], 2, &[&[0..1, 2..3], &[4..5; 1]]);
        check(&[0..9, 10..11], 2, &[&[0..9; 1], &[10..11; 1]]);
    }
}
