//! The spans above calls that came in from nobody known: those of services that make no span for a call.
//!
//! They are found by the indexes of traces, a few pages for each; how many are looked for is limited, and those left out stay calls of
//! nobody.

use std::{collections::BTreeSet, sync::Arc};

use arrow::record_batch::RecordBatch;
use schemas::TraceId;

use crate::{
    block::{Block, BlockReader},
    rollup::EDGE_SPAN_COLUMNS,
};

/// Traces looked for at once. Those of a job come in order of their ids, which are random: a fair share of all.
const TRACES_MAX: usize = 2_000;
/// Rows read, of all blocks: traces may be large.
const ROWS_MAX: usize = 200_000;

/// Spans of `traces` in `blocks`, and others that lie between. A block that cannot be read has none: its reader says so.
pub(super) fn spans(reader: &BlockReader, blocks: &[Arc<Block>], traces: &BTreeSet<TraceId>) -> Vec<RecordBatch> {
    let traces: Vec<TraceId> = traces.iter().take(TRACES_MAX).copied().collect();
    let mut found = Vec::new();
    let mut rows = 0;
    for block in blocks.iter().filter(|_| !traces.is_empty()) {
        let mut ranges = reader.rows_of_traces(block, &traces).unwrap_or_default();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut end = 0;
        ranges.retain(|range| {
            let fits = range.start >= end && rows + range.len() <= ROWS_MAX;
            if fits {
                (end, rows) = (range.end, rows + range.len());
            }
            fits
        });
        if ranges.is_empty() {
            continue;
        }
        match reader.columns_in(block, &EDGE_SPAN_COLUMNS, ranges) {
            Ok(batches) => found.extend(batches),
            Err(error) => tracing::warn!(path = %block.path.display(), error = &error as &dyn std::error::Error, "callers not looked for"),
        }
    }
    found
}
