//! The rows of a trace without its attributes: what a large trace costs depends on how many spans it has, not on what they carry.
//!
//! Block by block, through the trace index where there is one; of memory, the rows with this id. Of events and links only whether
//! there are any is kept. Blocking.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, new_empty_array},
    buffer::OffsetBuffer,
    compute::filter_record_batch,
    datatypes::{DataType, Field},
    error::ArrowError,
    record_batch::RecordBatch,
};
use schemas::{Table, TraceId, columns as c};
use storage::{Predicate, Read, ReadError, Rows, Snapshot, SplitId};

use crate::trace::TraceShape;

const BATCH_ROWS: usize = 8192;

/// The rows of a trace with [`TraceShape::COLUMNS`], in no particular order, identical copies included.
///
/// # Errors
/// When rows in memory cannot be selected. A block that cannot be read is named in [`Rows::partial`].
pub(super) fn narrow_rows(snapshot: &Snapshot, id: TraceId) -> Result<Rows, ReadError> {
    let columns = positions(TraceShape::COLUMNS);
    let mut rows = Rows { batches: Vec::new(), partial: snapshot.partial().to_vec() };
    for split in snapshot.splits(Table::Spans) {
        match split.id {
            SplitId::Memory(index) => rows.batches.extend(of_memory(&snapshot.memory(Table::Spans, index)?, id, &columns)?),
            SplitId::Block(block) => match of_block(snapshot, block, id, &columns) {
                Ok(batches) => rows.batches.extend(batches),
                Err(error) => rows.partial.push(error.to_string()),
            },
        }
    }
    Ok(rows)
}

/// Where columns are in the spans table.
fn positions(names: &[&str]) -> Vec<usize> {
    let schema = Table::Spans.schema();
    names.iter().map(|name| schema.index_of(name).expect("a column of the spans table")).collect()
}

fn of_memory(batch: &RecordBatch, id: TraceId, columns: &[usize]) -> Result<Option<RecordBatch>, ArrowError> {
    let keep = has_id(batch, id);
    if keep.true_count() == 0 {
        return Ok(None);
    }
    without_content(&filter_record_batch(&batch.project(columns)?, &keep)?).map(Some)
}

fn of_block(snapshot: &Snapshot, block: u64, id: TraceId, columns: &[usize]) -> Result<Vec<RecordBatch>, ReadError> {
    let candidates = snapshot.rows_of_trace(Table::Spans, block, id);
    if candidates.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let open = snapshot.open(Table::Spans, block)?;
    let mut batches = Vec::new();
    for (row_group, rows) in by_row_group(open.row_groups(), candidates.as_deref()) {
        let predicate = Predicate { columns: positions(&[c::TRACE_ID]), keep: Box::new(move |batch| Ok(has_id(batch, id))) };
        let read = Read { row_group, rows: Some(rows), columns: columns.to_vec(), predicates: vec![predicate], batch_rows: BATCH_ROWS };
        for batch in snapshot.read(&open, read)? {
            batches.push(without_content(&batch?)?);
        }
    }
    Ok(batches)
}

/// Of row groups with so many `rows` each: those that have candidates, and which of their rows those are. Candidates are rows of
/// the block, ascending; without any known, all rows are.
fn by_row_group(rows: impl Iterator<Item = usize>, candidates: Option<&[Range<usize>]>) -> Vec<(usize, Vec<Range<usize>>)> {
    let mut groups = Vec::new();
    let mut start = 0;
    for (row_group, rows) in rows.enumerate() {
        let all = start..start + rows;
        let within = |range: &Range<usize>| {
            let (from, to) = (range.start.max(all.start), range.end.min(all.end));
            (from < to).then(|| from - all.start..to - all.start)
        };
        let selected: Vec<_> = candidates.unwrap_or(std::slice::from_ref(&all)).iter().filter_map(within).collect();
        if !selected.is_empty() {
            groups.push((row_group, selected));
        }
        start = all.end;
    }
    groups
}

fn has_id(batch: &RecordBatch, id: TraceId) -> BooleanArray {
    let ids = batch.column_by_name(c::TRACE_ID).expect("spans have a trace id").as_fixed_size_binary();
    ids.iter().map(|one| Some(one == Some(id.as_bytes().as_slice()))).collect()
}

/// Lists keep whether they are null, which they are when the span has none, and lose what is in them.
fn without_content(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let emptied = |column: &ArrayRef| match column.data_type() {
        DataType::List(item) => empty_lists(item, column),
        _ => Arc::clone(column),
    };
    RecordBatch::try_new(batch.schema(), batch.columns().iter().map(emptied).collect())
}

fn empty_lists(item: &Arc<Field>, lists: &ArrayRef) -> ArrayRef {
    let offsets = OffsetBuffer::new_zeroed(lists.len());
    Arc::new(ListArray::new(Arc::clone(item), offsets, new_empty_array(item.data_type()), lists.nulls().cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row groups of 10, 5 and 10 rows. `expected` is `group: ranges` for each that is read.
    fn check(candidates: Option<&[(usize, usize)]>, expected: &str) {
        let ranges = candidates.map(|pairs| pairs.iter().map(|(from, to)| *from..*to).collect::<Vec<_>>());
        let groups = by_row_group([10, 5, 10].into_iter(), ranges.as_deref());
        let words: Vec<String> = groups.iter().map(|(group, rows)| format!("{group}: {rows:?}")).collect();
        assert_eq!(words.join(" "), expected, "{candidates:?}");
    }

    #[test]
    fn candidates_are_parted_among_row_groups() {
        check(Some(&[]), "");
        check(Some(&[(2, 4), (7, 9)]), "0: [2..4, 7..9]");
        check(Some(&[(8, 12), (15, 16)]), "0: [8..10] 1: [0..2] 2: [0..1]");
        check(Some(&[(9, 25)]), "0: [9..10] 1: [0..5] 2: [0..10]");
        check(Some(&[(10, 15)]), "1: [0..5]");
        check(None, "0: [0..10] 1: [0..5] 2: [0..10]");
    }
}
