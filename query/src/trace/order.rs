//! The order of a trace's rows: by start time, then by span id.
//!
//! It depends on nothing else, so a trace looks the same before and after a flush or a compaction moved its rows.
//! Identical copies have the same start and id, so they are neighbours here.

use arrow::{datatypes::TimestampNanosecondType, record_batch::RecordBatch};
use schemas::{SpanId, columns as c};

use super::{
    columns::{BytesColumn, NumberColumn, UnexpectedType},
    tree::Link,
};

/// The columns that say where a span belongs, of one batch.
pub(crate) struct LinkColumns<'a> {
    rows: usize,
    span_id: BytesColumn<'a>,
    parent_span_id: BytesColumn<'a>,
    start_time: NumberColumn<'a, TimestampNanosecondType>,
}

/// A row, by what orders it: row `row` of batch `batch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) start_ns: i64,
    pub(crate) span_id: SpanId,
    pub(crate) batch: u32,
    pub(crate) row: u32,
}

impl Position {
    /// Equal for identical copies, and for few other rows.
    pub(crate) fn key(&self) -> (i64, SpanId) {
        (self.start_ns, self.span_id)
    }
}

impl<'a> LinkColumns<'a> {
    /// # Errors
    /// When a column has another type than the spans table says.
    pub(crate) fn bind(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        Ok(Self {
            rows: batch.num_rows(),
            span_id: BytesColumn::of(batch, c::SPAN_ID)?,
            parent_span_id: BytesColumn::of(batch, c::PARENT_SPAN_ID)?,
            start_time: NumberColumn::of(batch, c::START_TIME)?,
        })
    }

    pub(crate) fn bind_all(batches: &'a [RecordBatch]) -> Result<Vec<Self>, UnexpectedType> {
        batches.iter().map(Self::bind).collect()
    }

    pub(crate) fn parent_span_id(&self, row: u32) -> Option<SpanId> {
        self.parent_span_id.get(row as usize).and_then(SpanId::from_slice)
    }
}

/// Every row that has an id (the table forbids others), in order.
pub(crate) fn order(batches: &[LinkColumns<'_>]) -> Vec<Position> {
    let mut positions = Vec::with_capacity(batches.iter().map(|batch| batch.rows).sum());
    for (number, batch) in (0..).zip(batches) {
        positions.extend((0..batch.rows).filter_map(|row| {
            let span_id = batch.span_id.get(row).and_then(SpanId::from_slice)?;
            let start_ns = batch.start_time.get(row).unwrap_or_default();
            Some(Position { start_ns, span_id, batch: number, row: u32::try_from(row).expect("a batch has fewer than 2^32 rows") })
        }));
    }
    positions.sort_unstable();
    positions
}

/// Who names whom, in the order of `positions`.
pub(crate) fn links(batches: &[LinkColumns<'_>], positions: &[Position]) -> Vec<Link> {
    let link = |at: &Position| Link { span_id: at.span_id, parent_span_id: batches[at.batch as usize].parent_span_id(at.row) };
    positions.iter().map(link).collect()
}
