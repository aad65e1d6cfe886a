//! Spans and rows in, rows out.

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, TimestampNanosecondType},
};
use schemas::columns as c;

use super::{
    columns::{RollupError, dictionary, numbers},
    groups::Groups,
    histogram::bucket_of,
    key::Key,
    known::{Change, Known},
    limit,
    measures::Measures,
    rows::MeasureColumns,
    spans::{Spans, Words},
    texts::{Numbered, Texts},
    write,
};

/// The rows of `operation_minutes` that spans and other such rows add up to.
///
/// ```
/// # use schemas::Table;
/// # let spans = arrow::array::RecordBatch::new_empty(Table::Spans.schema());
/// let mut sums = storage::rollup::OperationMinutes::default();
/// sums.add_spans(&spans)?;
/// let rows = sums.finish()?;
/// assert_eq!(rows.schema(), Table::OperationMinutes.schema());
/// # Ok::<(), storage::rollup::RollupError>(())
/// ```
#[derive(Debug)]
pub struct OperationMinutes {
    texts: Texts,
    words: Words,
    groups: Groups<Key>,
}

impl Default for OperationMinutes {
    fn default() -> Self {
        let mut texts = Texts::default();
        Self { words: Words::new(&mut texts), texts, groups: Groups::default() }
    }
}

impl OperationMinutes {
    /// Adds every row of a batch of spans, which has at least the columns that are added up or make the key. O(rows).
    ///
    /// # Errors
    /// When a column is missing or has another type; then nothing was added.
    pub fn add_spans(&mut self, batch: &RecordBatch) -> Result<(), RollupError> {
        let spans = Spans::of(batch, &mut self.texts, self.words)?;
        for row in 0..batch.num_rows() {
            let span = spans.span(row);
            let key = spans.key(row, &mut self.texts);
            let place = self.groups.add(key, &Measures::of(&span));
            if span.duration_ns > 0 {
                self.groups.add_bucket(place, bucket_of(span.duration_ns.unsigned_abs()), span.count());
            }
        }
        Ok(())
    }

    /// Adds rows of `operation_minutes`. O(rows and their buckets).
    ///
    /// # Errors
    /// As [`Self::add_spans`].
    pub fn add_rows(&mut self, batch: &RecordBatch) -> Result<(), RollupError> {
        let minutes = numbers::<TimestampNanosecondType>(batch, c::TIME)?;
        let span_kinds = numbers::<Int32Type>(batch, c::SPAN_KIND)?;
        let beyond_limit = numbers::<Int32Type>(batch, c::BEYOND_LIMIT)?;
        let columns = MeasureColumns::of(batch)?;
        let mut texts = Vec::with_capacity(Key::TEXTS.len());
        for name in Key::TEXTS {
            texts.push(Numbered::new(dictionary(batch, name)?, &mut self.texts));
        }
        for row in 0..batch.num_rows() {
            let key = Key {
                minute: minutes.value(row),
                span_kind: span_kinds.value(row),
                beyond_limit: beyond_limit.value(row),
                texts: std::array::from_fn(|column| texts[column].get(row)),
            };
            let place = self.groups.add(key, &columns.measures(row));
            columns.buckets(row).for_each(|(index, count)| self.groups.add_bucket(place, index, count));
        }
        Ok(())
    }

    /// Leaves operations, peers, error codes, versions and environments out of the keys that a service has too many of, and all of them
    /// where it has too many combinations: each of its `max` (ten times as many combinations) has rows of its own, first those that are
    /// `known`, and the others are added up, with a bit in `beyond_limit`. Returns what is to be remembered, so that
    /// the next sums agree. O(rows).
    pub fn limit(&mut self, known: &Known, max: usize) -> Vec<Change> {
        limit::limit(&mut self.groups, &self.texts, known, max)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One row for each key, by service, then time, then the rest of the key.
    ///
    /// # Errors
    /// When there are too many texts for a dictionary.
    pub fn finish(self) -> Result<RecordBatch, RollupError> {
        write::operation_minutes(&self.groups, &self.texts)
    }
}
