//! Writes the rows of some blocks as new blocks, in the order of a block.
//!
//! 1. Only the key columns of all inputs are read, and the places of all rows planned from them: about 60 bytes a row.
//! 2. For each new row group its rows are read from the inputs and brought together. Inputs have the same order, so that these are few
//!    runs of neighbours in each, and a page is decoded once, or twice where a row group ends in it.
//!
//! Memory: the keys, and one row group twice.
//!
//! Sums by minute are added up instead: rows of the same key become one. They are small, and all in memory.

use std::{path::PathBuf, sync::Arc};

use arrow::{compute::concat_batches, record_batch::RecordBatch};

use crate::{
    block::{self, Block, BlockError, BlockPlan, BlockReader, OwnHours, RowPlace},
    rollup::OperationMinutes,
};

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read block {}", .path.display())]
pub(crate) struct InputError {
    pub id: u64,
    pub path: PathBuf,
    pub source: BlockError,
}

impl InputError {
    pub(super) fn new(block: &Block, source: BlockError) -> Self {
        Self { id: block.id, path: block.path.clone(), source }
    }
}

/// The new blocks. Places are (input, row).
pub(super) fn plan_outputs(reader: &BlockReader, inputs: &[Arc<Block>]) -> Result<Vec<BlockPlan>, InputError> {
    let Some(table) = inputs.first().map(|block| block.table) else { return Ok(Vec::new()) };
    let mut keys = Vec::with_capacity(inputs.len());
    for block in inputs {
        let at_input = |source| InputError::new(block, source);
        let batches = reader.columns(block, block::key_columns(table)).map_err(at_input)?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows as u64 != block.rows {
            return Err(at_input(BlockError::Rows { found: rows as u64, expected: block.rows }));
        }
        let Some(schema) = batches.first().map(RecordBatch::schema) else { continue };
        keys.push(concat_batches(&schema, &batches).map_err(|error| at_input(error.into()))?);
    }
    Ok(block::plan(table, &keys.iter().collect::<Vec<_>>(), own_hours(inputs)))
}

fn own_hours(inputs: &[Arc<Block>]) -> OwnHours {
    OwnHours::of_rewrite(inputs.iter().map(|block| block.last_received).max().unwrap_or_default())
}

/// What the rows of `inputs`, sums by minute, add up to, and the new blocks. Places are (0, row).
pub(super) fn add_up(reader: &BlockReader, inputs: &[Arc<Block>]) -> Result<(RecordBatch, Vec<BlockPlan>), InputError> {
    let mut sums = OperationMinutes::default();
    let mut add = |block: &Block| -> Result<(), BlockError> {
        let batches = reader.scan(block)?;
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        if rows != block.rows {
            return Err(BlockError::Rows { found: rows, expected: block.rows });
        }
        Ok(batches.iter().try_for_each(|batch| sums.add_rows(batch))?)
    };
    for block in inputs {
        add(block).map_err(|source| InputError::new(block, source))?;
    }
    let rows = sums.finish().map_err(|error| InputError::new(&inputs[0], error.into()))?;
    let plans = block::plan(inputs[0].table, &[&rows], own_hours(inputs));
    Ok((rows, plans))
}

/// The rows at `places`, in their order.
pub(super) fn gather(reader: &BlockReader, inputs: &[Arc<Block>], places: &[RowPlace]) -> Result<RecordBatch, InputError> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|index| places[*index]);
    let mut batches: Vec<RecordBatch> = Vec::new();
    // Where in `batches` each place is.
    let mut found: Vec<RowPlace> = vec![(0, 0); places.len()];
    for of_input in order.chunk_by(|a, b| places[*a].0 == places[*b].0) {
        let block = &inputs[places[of_input[0]].0];
        let runs = of_input.chunk_by(|a, b| places[*a].1 + 1 == places[*b].1);
        let ranges = runs.map(|run| places[run[0]].1..places[run[0]].1 + run.len()).collect();
        let mut wanted = of_input.iter();
        for batch in reader.rows(block, ranges).map_err(|source| InputError::new(block, source))? {
            for (row, index) in (0..batch.num_rows()).zip(wanted.by_ref()) {
                found[*index] = (batches.len(), row);
            }
            batches.push(batch);
        }
        let missing = wanted.len() as u64;
        if missing > 0 {
            return Err(InputError::new(block, BlockError::Rows { found: block.rows - missing, expected: block.rows }));
        }
    }
    let schema = inputs[0].table.schema();
    let shared = block::share_dictionaries(&batches.iter().collect::<Vec<_>>());
    let gathered = shared.and_then(|batches| block::gather(&schema, &batches.iter().collect::<Vec<_>>(), &found));
    gathered.map_err(|error| InputError::new(&inputs[0], error.into()))
}
