//! Builds the text indexes of a block while it is written. A block is written with or without them: what goes wrong here is
//! counted and costs scans.

use std::{
    any::Any,
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow::{error::ArrowError, record_batch::RecordBatch};
use schemas::Table;

use super::{
    RowTexts,
    bloom::BloomWriter,
    indexed_columns,
    inverted::{InvertedError, InvertedWriter},
    needs::hash,
    sidecar::{Kind, Owner, seal},
    tokens::for_each_token,
};
use crate::self_metrics::TEXT_INDEX_BUILD_FAILURES_TOTAL;

/// Smaller blocks of logs get no inverted index: their few pages are read sooner than it is, and they are many.
const INVERTED_ROWS_MIN: usize = 100_000;

/// The files to write beside a block.
#[derive(Debug, Default)]
pub(crate) struct TextFiles {
    pub bloom: Option<Vec<u8>>,
    pub inverted: Option<Vec<u8>>,
}

/// The rows of a block, in its order.
#[derive(Clone, Copy)]
pub(crate) struct BlockRows<'a> {
    pub batches: &'a [&'a RecordBatch],
    /// Batch and row of each.
    pub places: &'a [(usize, usize)],
    /// Ends (exclusive) of the row groups within `places`.
    pub row_group_ends: &'a [usize],
    pub page_rows: usize,
}

/// Indexes the rows of the block at `path`, which is relative to the data directory.
pub(crate) fn build(table: Table, path: &Path, rows: BlockRows<'_>) -> TextFiles {
    let Some(owner) = Owner::new(path, rows.places.len() as u64).filter(|_| !indexed_columns(table).is_empty()) else {
        return TextFiles::default();
    };
    let inverted = table == Table::Logs && rows.places.len() >= INVERTED_ROWS_MIN;
    match guarded(|| index(table, rows, inverted)) {
        Ok(Built { bloom, inverted }) => TextFiles {
            bloom: Some(seal(Kind::Bloom, owner, &bloom)),
            inverted: inverted.and_then(|built| usable(path, built)).map(|bytes| seal(Kind::Inverted, owner, &bytes)),
        },
        Err(error) => {
            usable::<()>(path, Err(error));
            TextFiles::default()
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Inverted(#[from] InvertedError),
    #[error("a panic: {0}")]
    Panicked(String),
}

/// Index bytes without their header.
pub(super) struct Built {
    pub bloom: Vec<u8>,
    /// `None` when it was not asked for.
    pub inverted: Option<Result<Vec<u8>, BuildError>>,
}

fn guarded<T>(build: impl FnOnce() -> Result<T, BuildError>) -> Result<T, BuildError> {
    let panicked = |panic: Box<dyn Any + Send>| Err(BuildError::Panicked(crate::flush::panic_text(panic.as_ref())));
    catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(panicked)
}

fn usable<T>(path: &Path, built: Result<T, BuildError>) -> Option<T> {
    built
        .inspect_err(|error| {
            metrics::counter!(TEXT_INDEX_BUILD_FAILURES_TOTAL).increment(1);
            tracing::error!(path = %path.display(), error = error as &dyn std::error::Error, "a block is written without a text index");
        })
        .ok()
}

/// Pages of the Bloom filters end where those of the file do.
pub(super) fn index(table: Table, rows: BlockRows<'_>, inverted: bool) -> Result<Built, BuildError> {
    let texts: Vec<RowTexts<'_>> = rows.batches.iter().map(|batch| RowTexts::new(table, batch)).collect::<Result<_, _>>()?;
    let mut writers = Writers {
        bloom: BloomWriter::default(),
        inverted: inverted.then(|| guarded(|| Ok(InvertedWriter::new()?))),
        scratch: String::new(),
    };
    let mut of_row: Vec<Cow<'_, str>> = Vec::new();
    let mut start = 0;
    for end in rows.row_group_ends {
        for page in rows.places[start..*end].chunks(rows.page_rows) {
            for (batch, row) in page {
                of_row.clear();
                texts[*batch].of_row(*row, &mut of_row);
                writers.add_row(&of_row);
            }
            writers.bloom.end_page(page.len());
            writers.check_memory();
        }
        start = *end;
    }
    let inverted = writers.inverted.map(|built| built.and_then(|writer| guarded(|| Ok(writer.finish()?))));
    Ok(Built { bloom: writers.bloom.encode(), inverted })
}

struct Writers {
    bloom: BloomWriter,
    /// The first failure ends it, the Bloom filters go on.
    inverted: Option<Result<InvertedWriter, BuildError>>,
    scratch: String,
}

impl Writers {
    fn add_row(&mut self, texts: &[Cow<'_, str>]) {
        let Self { bloom, inverted, scratch } = self;
        let mut words = inverted.as_mut().and_then(|built| built.as_mut().ok());
        for text in texts {
            for_each_token(text, scratch, |token| {
                bloom.add(hash(token));
                if let Some(words) = &mut words {
                    words.add(token);
                }
            });
        }
        self.advance(InvertedWriter::end_row);
    }

    fn check_memory(&mut self) {
        self.advance(|words| words.check_memory());
    }

    fn advance(&mut self, step: impl FnOnce(&mut InvertedWriter) -> Result<(), InvertedError>) {
        if let Some(Ok(words)) = &mut self.inverted
            && let Err(error) = guarded(|| Ok(step(words)?))
        {
            self.inverted = Some(Err(error));
        }
    }
}
