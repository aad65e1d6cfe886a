//! Series of metrics as one question sees them, without their points: those of blocks, and every point in memory.

use std::{collections::HashSet, ops::Range, sync::Arc};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use schemas::{Table, columns::METRIC_NAME};

use super::{ReadError, Snapshot, overlaps};
use crate::{
    Bound, Split, SplitId,
    block::{Block, TimeRange, each_point, listed_schema, series_parts},
};

/// Where series are listed from: see [`Snapshot::series_places`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPlace {
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Block { id: u64, part: usize },
    Memory(usize),
}

impl Snapshot {
    /// Columns of [`Self::series`]: those of table `metrics` that name a series; `time` of its last point, and as `count` the number of
    /// its points.
    pub fn series_schema() -> SchemaRef {
        listed_schema()
    }

    /// Where there may be points of `metric`, or of any, in `time`. From memory and catalog alone.
    pub fn series_places(&self, metric: Option<&str>, time: TimeRange) -> Vec<SeriesPlace> {
        let blocks = self.blocks_of(Table::Metrics).filter(|block| overlaps(block, Some(time)));
        let blocks = blocks.filter(|block| metric.is_none_or(|metric| may_have(block, metric)));
        let parts = blocks.flat_map(|block| (0..series_parts(block)).map(|part| Of::Block { id: block.id, part }));
        let memory = (0..self.chunks(Table::Metrics).len()).map(Of::Memory);
        parts.chain(memory).map(|of| SeriesPlace { of }).collect()
    }

    /// The series of one place, of `metric` or of all, with points in `time`. One may be listed more than once, each time with other points. Blocking; reads the
    /// keys of all points of the place and the rest of one point of each series, once as long as they are kept.
    ///
    /// # Errors
    /// When the block cannot be read (counted and logged), or the place is of another snapshot.
    pub fn series(&self, place: SeriesPlace, metric: Option<&str>, time: TimeRange) -> Result<RecordBatch, ReadError> {
        let table = Table::Metrics;
        match place.of {
            Of::Memory(index) => Ok(each_point(&self.memory(table, index)?, metric, time)?),
            Of::Block { id, part } => {
                let block = self.block(table, id).ok_or(ReadError::NoSuchSplit { table, split: SplitId::Block(id) })?;
                self.reader.series_within(block, part, metric, time).map_err(|source| self.unreadable(block, source))
            }
        }
    }

    /// Exactly the rows of block `id` with points of these series, ascending and disjoint; `None` when that cannot be told. Blocking as
    /// above.
    pub fn rows_of_series(&self, table: Table, id: u64, series: &HashSet<u64>) -> Option<Vec<Range<usize>>> {
        let block = self.block(table, id).filter(|block| block.table == Table::Metrics)?;
        // Whoever reads the rows then finds what is damaged.
        self.reader.rows_of_series(block, series).ok()
    }
}

/// By the bounds of the catalog.
fn may_have(block: &Arc<Block>, metric: &str) -> bool {
    let split = Split::of_block(Arc::clone(block));
    match split.column(Table::Metrics, METRIC_NAME).and_then(|column| column.range) {
        Some((Bound::Text(first), Bound::Text(last))) => first.as_str() <= metric && metric <= last.as_str(),
        _ => true,
    }
}
