//! What one execution has still to read. Its partitions take the next piece whenever they are free, so one long block keeps
//! nobody waiting, and what was asked for first is read first.

use std::{
    collections::VecDeque,
    fmt,
    ops::Range,
    sync::{Arc, Mutex},
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::{
    common::{DataFusionError, Result, ScalarValue},
    physical_expr::{
        PhysicalExpr, ScalarFunctionExpr, split_conjunction,
        utils::{Guarantee, LiteralGuarantee},
    },
};
use schemas::{Table, TraceId, columns::TRACE_ID};
use storage::{
    OpenBlock, SplitId,
    text::{Candidates, TextFilter},
};

use super::{
    super::functions::TextMatch,
    context::OpenSnapshot,
    plan::Order,
    prune::{GroupStatistics, prune},
};

/// Rows of a piece when a row group is read from its newest (or oldest) end.
const SLICE_ROWS: usize = 16 * 1024;

/// Rows to read without a pause.
pub(super) enum Piece {
    Memory(RecordBatch),
    Block { block: Arc<OpenBlock>, row_group: usize, rows: Option<Vec<Range<usize>>> },
}

enum Entry {
    Split(SplitId),
    Piece(Piece),
}

pub(super) struct Queue {
    table: Table,
    schema: SchemaRef,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    order: Order,
    /// When only some traces are wanted.
    traces: Option<Vec<TraceId>>,
    /// What all wanted rows have in their texts.
    texts: Vec<TextFilter>,
    entries: Mutex<VecDeque<Entry>>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Queue {
    /// `splits` in the order in which they are read. `predicate` is over the whole table.
    pub(super) fn new(table: Table, splits: &[SplitId], predicate: Option<Arc<dyn PhysicalExpr>>, order: Order) -> Self {
        Self {
            table,
            schema: table.schema(),
            traces: predicate.as_ref().and_then(wanted_traces),
            texts: predicate.as_ref().map(wanted_texts).unwrap_or_default(),
            predicate,
            order,
            entries: Mutex::new(splits.iter().copied().map(Entry::Split).collect()),
        }
    }

    /// The next piece that may hold wanted rows. `dynamic` are predicates that others tighten while the scan runs. Blocking:
    /// opens blocks while it holds the queue, so that no partition leaves before the last block is cut into pieces.
    pub(super) fn next(&self, open: &OpenSnapshot, dynamic: &[Arc<dyn PhysicalExpr>]) -> Result<Option<Piece>> {
        let mut entries = self.entries.lock().expect("no holder panics");
        while let Some(entry) = entries.pop_front() {
            match entry {
                Entry::Piece(Piece::Block { block, row_group, .. }) if !self.may_match(&block, row_group, dynamic) => {}
                Entry::Piece(piece) => return Ok(Some(piece)),
                Entry::Split(SplitId::Memory(index)) => {
                    return Ok(Some(Piece::Memory(open.snapshot.memory(self.table, index).map_err(external)?)));
                }
                Entry::Split(SplitId::Block(id)) => {
                    let pieces = match self.pieces(open, id) {
                        Ok(pieces) => pieces,
                        Err(error) => {
                            open.usage.missing(error.to_string());
                            continue;
                        }
                    };
                    pieces.into_iter().rev().for_each(|piece| entries.push_front(Entry::Piece(piece)));
                }
            }
        }
        Ok(None)
    }

    /// Cuts a block into the pieces worth reading, in reading order.
    fn pieces(&self, open: &OpenSnapshot, id: u64) -> Result<Vec<Piece>, storage::ReadError> {
        let selected = self.selected_rows(open, id);
        if selected.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let block = Arc::new(open.snapshot.open(self.table, id)?);
        let groups: Vec<usize> = block.row_groups().collect();
        let wanted = match &self.predicate {
            Some(predicate) => {
                prune(predicate, &self.schema, &GroupStatistics { block: &block, schema: &self.schema, groups: 0..groups.len() })
            }
            None => vec![true; groups.len()],
        };
        let mut pieces = Vec::new();
        let mut first_row = 0;
        for (row_group, rows) in groups.iter().copied().enumerate() {
            let range = first_row..first_row + rows;
            first_row = range.end;
            if !wanted[row_group] {
                continue;
            }
            let piece = |rows| Piece::Block { block: Arc::clone(&block), row_group, rows };
            match (&selected, self.order) {
                (Some(selected), _) => {
                    let inside = within(selected, &range);
                    pieces.extend((!inside.is_empty()).then(|| piece(Some(inside))));
                }
                (None, Order::Any) => pieces.push(piece(None)),
                (None, Order::NewestFirst | Order::OldestFirst) => {
                    let slice = |start: usize| std::iter::once(start..(start + SLICE_ROWS).min(rows)).collect();
                    pieces.extend((0..rows).step_by(SLICE_ROWS).map(|start| piece(Some(slice(start)))));
                }
            }
        }
        if self.order == Order::NewestFirst {
            pieces.reverse();
        }
        Ok(pieces)
    }

    /// Rows of the block that the indexes leave, ascending and disjoint; `None` when they leave all.
    fn selected_rows(&self, open: &OpenSnapshot, id: u64) -> Option<Vec<Range<usize>>> {
        let mut selected = self.rows_of_traces(open, id);
        for text in &self.texts {
            if let Candidates::Rows(rows) = open.snapshot.rows_of_text(self.table, id, text) {
                selected = Some(selected.map_or_else(|| rows.clone(), |selected| common(&selected, &rows)));
            }
        }
        selected
    }

    fn rows_of_traces(&self, open: &OpenSnapshot, id: u64) -> Option<Vec<Range<usize>>> {
        let traces = self.traces.as_ref()?;
        let mut rows: Vec<Range<usize>> = Vec::new();
        for trace in traces {
            rows.extend(open.snapshot.rows_of_trace(self.table, id, *trace)?);
        }
        rows.sort_unstable_by_key(|range| range.start);
        rows.dedup();
        Some(rows)
    }

    fn may_match(&self, block: &OpenBlock, row_group: usize, dynamic: &[Arc<dyn PhysicalExpr>]) -> bool {
        let statistics = GroupStatistics { block, schema: &self.schema, groups: row_group..row_group + 1 };
        dynamic.iter().all(|predicate| prune(predicate, &self.schema, &statistics) != [false])
    }
}

/// The trace ids that `predicate` leaves, when it names them.
fn wanted_traces(predicate: &Arc<dyn PhysicalExpr>) -> Option<Vec<TraceId>> {
    let guarantees = LiteralGuarantee::analyze(predicate);
    let ids = guarantees.iter().find(|guarantee| guarantee.column.name() == TRACE_ID && guarantee.guarantee == Guarantee::In)?;
    let id = |literal: &ScalarValue| match literal {
        ScalarValue::FixedSizeBinary(_, Some(bytes)) => TraceId::from_slice(bytes),
        _ => None,
    };
    ids.literals.iter().map(id).collect()
}

/// The texts that every row `predicate` keeps must have.
fn wanted_texts(predicate: &Arc<dyn PhysicalExpr>) -> Vec<TextFilter> {
    let text = |part: &Arc<dyn PhysicalExpr>| {
        let function = part.downcast_ref::<ScalarFunctionExpr>()?.fun().inner().downcast_ref::<TextMatch>()?;
        Some(function.filter().clone())
    };
    split_conjunction(predicate).into_iter().filter_map(text).collect()
}

/// What is in both; each is ascending and disjoint.
fn common(one: &[Range<usize>], other: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut both = Vec::new();
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let range = a.start.max(b.start)..a.end.min(b.end);
        if range.start < range.end {
            both.push(range);
        }
        if a.end <= b.end {
            one.next().map(drop)
        } else {
            other.next().map(drop)
        };
    }
    both
}

/// The parts of `rows` (of the block) inside `group`, counted from its start.
fn within(rows: &[Range<usize>], group: &Range<usize>) -> Vec<Range<usize>> {
    let inside = rows.iter().map(|range| range.start.max(group.start)..range.end.min(group.end));
    inside.filter(|range| range.start < range.end).map(|range| range.start - group.start..range.end - group.start).collect()
}

pub(super) fn external(error: storage::ReadError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
