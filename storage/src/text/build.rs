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
    needs::{hash, neighbours},
    sidecar::{Kind, Owner, seal},
    tokens::{Run, fold, for_each_pair, runs},
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

/// Indexes the rows of one block as they are written.
pub(crate) struct TextBuilder<'a> {
    /// Relative to the data directory.
    path: &'a Path,
    indexes: Option<(Owner, Result<Indexer, BuildError>)>,
}

impl<'a> TextBuilder<'a> {
    /// Of a block with `rows` rows whose data pages have `page_rows` each.
    pub(crate) fn new(table: Table, path: &'a Path, rows: usize, page_rows: usize) -> Self {
        let owner = Owner::new(path, rows as u64).filter(|_| !indexed_columns(table).is_empty());
        let inverted = table == Table::Logs && rows >= INVERTED_ROWS_MIN;
        Self { path, indexes: owner.map(|owner| (owner, Ok(Indexer::new(table, page_rows, inverted)))) }
    }

    /// Adds the next row group.
    pub(crate) fn add(&mut self, rows: &RecordBatch) {
        if let Some((_, built)) = &mut self.indexes
            && let Ok(indexer) = built
            && let Err(error) = guarded(|| indexer.add(rows))
        {
            *built = Err(error);
        }
    }

    pub(crate) fn finish(self) -> TextFiles {
        let Some((owner, built)) = self.indexes else { return TextFiles::default() };
        let Some(Built { bloom, inverted }) = usable(self.path, built.map(Indexer::finish)) else { return TextFiles::default() };
        TextFiles {
            bloom: Some(seal(Kind::Bloom, owner, &bloom)),
            inverted: inverted.and_then(|built| usable(self.path, built)).map(|bytes| seal(Kind::Inverted, owner, &bytes)),
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

/// Builds the index bytes of a block, row group by row group.
pub(super) struct Indexer {
    table: Table,
    page_rows: usize,
    bloom: BloomWriter,
    /// The first failure ends it, the Bloom filters go on.
    inverted: Option<Result<InvertedWriter, BuildError>>,
    scratch: String,
}

impl Indexer {
    pub(super) fn new(table: Table, page_rows: usize, inverted: bool) -> Self {
        let inverted = inverted.then(|| guarded(|| Ok(InvertedWriter::new()?)));
        Self { table, page_rows, bloom: BloomWriter::default(), inverted, scratch: String::new() }
    }

    /// Pages of the Bloom filters end where those of the file do.
    pub(super) fn add(&mut self, row_group: &RecordBatch) -> Result<(), BuildError> {
        let texts = RowTexts::new(self.table, row_group)?;
        let mut of_row: Vec<Cow<'_, str>> = Vec::new();
        for start in (0..row_group.num_rows()).step_by(self.page_rows) {
            let end = row_group.num_rows().min(start + self.page_rows);
            for row in start..end {
                of_row.clear();
                texts.of_row(row, &mut of_row);
                self.add_row(&of_row);
            }
            self.bloom.end_page(end - start);
            self.advance(|words| words.check_memory());
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Built {
        let inverted = self.inverted.map(|built| built.and_then(|writer| guarded(|| Ok(writer.finish()?))));
        Built { bloom: self.bloom.encode(), inverted }
    }

    fn add_row(&mut self, texts: &[Cow<'_, str>]) {
        let Self { bloom, inverted, scratch, .. } = self;
        let mut words = inverted.as_mut().and_then(|built| built.as_mut().ok());
        let mut add = |token: &str, hash: u64, bloom: &mut BloomWriter| {
            bloom.add(hash);
            if let Some(words) = &mut words {
                words.add(token);
            }
        };
        for text in texts {
            let mut before: Option<u64> = None;
            for run in runs(text) {
                let first = before.take();
                match run {
                    Run::Word(word) => {
                        let token = fold(word, scratch);
                        let second = hash(token);
                        add(token, second, bloom);
                        if let Some(first) = first {
                            bloom.add(neighbours(first, second));
                        }
                        before = Some(second);
                    }
                    Run::Cjk(run) => for_each_pair(run, |pair| add(pair, hash(pair), bloom)),
                }
            }
        }
        self.advance(InvertedWriter::end_row);
    }

    fn advance(&mut self, step: impl FnOnce(&mut InvertedWriter) -> Result<(), InvertedError>) {
        if let Some(Ok(words)) = &mut self.inverted
            && let Err(error) = guarded(|| Ok(step(words)?))
        {
            self.inverted = Some(Err(error));
        }
    }
}
