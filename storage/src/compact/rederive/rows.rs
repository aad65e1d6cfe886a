//! The rows of a block, and which of them are concerned.

use std::{iter, ops::Range, sync::Arc};

use arrow::{array::AsArray, compute::concat_batches, datatypes::TimestampNanosecondType, record_batch::RecordBatch};
use schemas::{UnixNanos, columns::RECEIVED_AT};

use crate::{
    block::{Block, BlockError, Bound},
    compact::{Compactor, compactor::CompactError, merge::InputError},
};

pub(super) const MINUTE_NS: i64 = 60 * 1_000_000_000;
/// Rows that are read at once where a block is not written anew.
const ROWS: usize = 64 * 1024;

/// The rows of a block, bit by bit, each piece one batch.
pub(super) fn chunks<'a>(compactor: &'a Compactor, block: &'a Block) -> impl Iterator<Item = Result<RecordBatch, CompactError>> + 'a {
    let rows = usize::try_from(block.rows).unwrap_or(usize::MAX);
    (0..rows).step_by(ROWS).map(move |first| {
        let batches = compactor.reader.rows(block, iter::once(first..rows.min(first + ROWS)).collect()).map_err(at(block))?;
        concat_batches(&block.table.schema(), &batches).map_err(|error| at(block)(error.into()))
    })
}

pub(super) fn at(block: &Block) -> impl Fn(BlockError) -> CompactError + '_ {
    |source| InputError::new(block, source).into()
}

pub(super) fn times<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64], BlockError> {
    let times = batch.column_by_name(name).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
    times.map(|times| &times.values()[..]).ok_or_else(|| BlockError::Derive(format!("a block without times in {name}")))
}

pub(super) fn minute(time: i64) -> i64 {
    time.div_euclid(MINUTE_NS) * MINUTE_NS
}

/// Whether any row of the block may have arrived in the time.
pub(super) fn may_have(block: &Block, arrived: &Range<UnixNanos>) -> bool {
    arrivals(block).is_none_or(|(first, last)| first < arrived.end && last >= arrived.start)
}

/// When the first and the last row of the block arrived, by its statistics.
fn arrivals(block: &Block) -> Option<(UnixNanos, UnixNanos)> {
    let id = block.table.columns().find(|column| column.name == RECEIVED_AT)?.id;
    match &block.statistics.iter().find(|column| column.field_id == id)?.range {
        Some((Bound::Time(first), Bound::Time(last))) => Some((*first, *last)),
        _ => None,
    }
}

/// When the first row arrived that may have arrived at `since` or later; `None` when there is none.
pub(crate) fn first_arrival(blocks: &[Arc<Block>], since: UnixNanos) -> Option<UnixNanos> {
    let of_block = |block: &Arc<Block>| match arrivals(block) {
        Some((_, last)) if last < since => None,
        Some((first, _)) => Some(first.max(since)),
        None => Some(since),
    };
    blocks.iter().filter(|block| block.table.is_sent()).filter_map(of_block).min()
}
