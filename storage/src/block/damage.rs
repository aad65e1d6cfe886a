//! Blocks that a read failed on, and what is known of those that cannot be read.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use schemas::UnixNanos;

use super::{Block, BlockError, BlockReader, OpenBlock, Read};

const BATCH_ROWS: usize = 8192;

/// Why a block cannot be read, and since when that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub since: UnixNanos,
    pub reason: String,
}

/// Ids of blocks that a read failed on, until somebody looks. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suspects(Arc<Mutex<BTreeSet<u64>>>);

impl Suspects {
    pub(crate) fn note(&self, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    pub(crate) fn take(&self) -> BTreeSet<u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BlockError {
    /// Whether it tells of the block's file, and not of this process, or of a file that another version wrote.
    pub(crate) fn is_of_the_file(&self) -> bool {
        // Too many open files, and the like: a missing file is damage.
        let is_ours = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::PermissionDenied) || {
                use rustix::io::Errno;
                let ours = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
                error.raw_os_error().is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
            }
        };
        match self {
            Self::Io(error) => !is_ours(error),
            Self::Parquet(_) | Self::Arrow(_) | Self::Rows { .. } | Self::Panicked => true,
            Self::NewerFormat { .. } | Self::NewerSchema { .. } | Self::Rollup(_) | Self::Derive(_) => false,
        }
    }
}

impl BlockReader {
    /// Reads every row, a few thousand at a time. Blocking; as long as the block is large.
    pub(crate) fn check(&self, block: &Arc<Block>) -> Result<(), BlockError> {
        super::reader::guarded(|| {
            let open = OpenBlock::new(self, Arc::clone(block))?;
            let columns: Vec<usize> = (0..block.table.schema().fields().len()).collect();
            let mut found = 0;
            for row_group in 0..open.row_groups().len() {
                let read = Read { row_group, rows: None, columns: columns.clone(), predicates: Vec::new(), batch_rows: BATCH_ROWS };
                for batch in open.read_pages(read)? {
                    found += batch?.num_rows() as u64;
                }
            }
            if found == block.rows { Ok(()) } else { Err(BlockError::Rows { found, expected: block.rows }) }
        })
    }
}
