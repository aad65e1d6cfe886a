//! What the spans of a memtable add up to by minute, kept from question to question: each span is added up once, not once for each
//! question.
//!
//! ```text
//! rows     0 ............ 40,000 ...... 52,000 .. 53,100     in the order of the log, whatever chunks they are in
//! pieces   [ sums        ][ sums       ][ sums   ]
//! ```
//! A question that sees 52,700 rows takes the first two pieces and adds up the 700 rows behind them itself; one that sees 53,400 adds up
//! 300 rows, which are the next piece. The older ones of many pieces become one: who sees fewer rows than that came late.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;

use super::Chunk;
use crate::rollup::{Known, OperationMinutes, RollupError};

/// From so many pieces on the older ones become one,
const PIECES_MAX: usize = 8;
/// and so many of the newer ones stay.
const PIECES_KEPT: usize = 4;

/// The sums of one tenant in one memtable. At most as many rows as it has spans; gone with it.
#[derive(Debug, Default)]
pub(crate) struct MemtableMinutes(Mutex<Pieces>);

#[derive(Debug, Default)]
struct Pieces {
    /// From the first row on, without a gap.
    pieces: Vec<Piece>,
    /// What has rows of its own, by the first question and by the pieces since.
    known: Option<Arc<Known>>,
}

#[derive(Debug)]
struct Piece {
    /// The first row behind it.
    end: usize,
    sums: RecordBatch,
}

impl MemtableMinutes {
    /// Rows of `operation_minutes` that the spans of `chunks`, which are those of the memtable up to some moment, add up to. Keys may be
    /// in several batches. `known` and `max` as the next flush will have them. O(rows since the last question).
    ///
    /// # Errors
    /// When a column is missing or has another type.
    pub(crate) fn of(&self, chunks: &[Arc<Chunk>], known: &Arc<Known>, max: usize) -> Result<Vec<RecordBatch>, RollupError> {
        let rows: usize = chunks.iter().map(|chunk| chunk.batch.num_rows()).sum();
        // What is kept is whole after each step, also where one panicked.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = kept.pieces.partition_point(|piece| piece.end <= rows);
        let done = kept.pieces[..usable].last().map_or(0, |piece| piece.end);
        let mut sums: Vec<RecordBatch> = kept.pieces[..usable].iter().map(|piece| piece.sums.clone()).collect();
        if done < rows {
            let mut added = OperationMinutes::default();
            behind(chunks, done).try_for_each(|spans| added.add_spans(&spans))?;
            let changes = added.limit(kept.known.as_ref().unwrap_or(known), max);
            let added = added.finish()?;
            sums.push(added.clone());
            if usable == kept.pieces.len() {
                Arc::make_mut(kept.known.get_or_insert_with(|| Arc::clone(known))).apply(&changes);
                kept.pieces.push(Piece { end: rows, sums: added });
                kept.join()?;
            }
        }
        Ok(sums)
    }
}

impl Pieces {
    fn join(&mut self) -> Result<(), RollupError> {
        if self.pieces.len() < PIECES_MAX {
            return Ok(());
        }
        let older = self.pieces.len() - PIECES_KEPT;
        let end = self.pieces[older - 1].end;
        let mut joined = OperationMinutes::default();
        self.pieces[..older].iter().try_for_each(|piece| joined.add_rows(&piece.sums))?;
        let joined = Piece { end, sums: joined.finish()? };
        self.pieces.splice(..older, [joined]);
        Ok(())
    }
}

/// The rows of `chunks` without the first `skipped`.
fn behind(chunks: &[Arc<Chunk>], skipped: usize) -> impl Iterator<Item = RecordBatch> {
    let mut left = skipped;
    chunks.iter().filter_map(move |chunk| {
        let rows = chunk.batch.num_rows();
        let skip = left.min(rows);
        left -= skip;
        (skip < rows).then(|| chunk.batch.slice(skip, rows - skip))
    })
}

#[cfg(test)]
mod tests;
