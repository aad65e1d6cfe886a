//! The derived columns of spans and logs, written by column from the facts of their rows.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    buffer::{NullBuffer, OffsetBuffer},
};
use schemas::{Table, TableBatch, columns as c};

use super::run::{Found, Place};
use crate::facts::{Rejection, RejectionKind};

/// Replaces the derived columns of batches whose rows say something; the others keep theirs, which are null.
pub(super) fn derived_columns(batches: &mut [TableBatch], found: &Found) {
    for (index, TableBatch { table, batch }) in batches.iter_mut().enumerate() {
        let rejected = of_batch(index, &found.rejected, &found.facts.rejections);
        let failed = of_batch(index, &found.failed, &found.facts.errors);
        if matches!(table, Table::Spans | Table::Logs) {
            replace(batch, c::ERROR_CODE, &merged(texts(&failed, |error| &error.code), texts(&rejected, |rejection| &rejection.code)));
            replace(
                batch,
                c::ERROR_REASON,
                &merged(texts(&failed, |error| &error.reason), texts(&rejected, |rejection| &rejection.reason)),
            );
        }
        if *table == Table::Spans {
            replace(batch, c::REJECTION_KIND, &texts(&rejected, |rejection| rejection.kind.word()));
            replace(batch, c::BREAKER_NAME, &texts(&rejected, breaker_name));
        }
    }
}

/// The facts of a batch, each with its row, by rising row.
fn of_batch<'a, T>(index: usize, places: &[(Place, usize)], facts: &'a [T]) -> Vec<(usize, &'a T)> {
    let of_it = places.iter().filter(|(place, _)| place.batch == index);
    of_it.filter_map(|(place, fact)| Some((place.row, facts.get(*fact)?))).collect()
}

fn texts<'a, T>(facts: &[(usize, &'a T)], value: impl Fn(&'a T) -> &'a str) -> Vec<(usize, &'a str)> {
    facts.iter().map(|(row, fact)| (*row, value(fact))).filter(|(_, text)| !text.is_empty()).collect()
}

/// Both by rising row. Where both have a text, that of `first` holds.
fn merged<'a>(mut first: Vec<(usize, &'a str)>, second: Vec<(usize, &'a str)>) -> Vec<(usize, &'a str)> {
    first.extend(second);
    // A stable sort: `first` stays in front, and the first text of a row is the one that is written.
    first.sort_by_key(|(row, _)| *row);
    first
}

/// Only breakers have one: the name of a limiter is in `rejections`.
fn breaker_name(rejection: &Rejection) -> &str {
    match rejection.kind {
        RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit => &rejection.name,
        _ => "",
    }
}

/// Puts `values`, by rising row, into the column `name`.
fn replace(batch: &mut RecordBatch, name: &str, values: &[(usize, &str)]) {
    let Ok(position) = batch.schema().index_of(name) else { return };
    if values.is_empty() {
        return;
    }
    let mut columns = batch.columns().to_vec();
    columns[position] = sparse(batch.num_rows(), values);
    // The column has its type and length: the batch stays one.
    if let Ok(replaced) = RecordBatch::try_new(batch.schema(), columns) {
        *batch = replaced;
    }
}

fn sparse(rows: usize, values: &[(usize, &str)]) -> ArrayRef {
    let mut lengths = vec![0usize; rows];
    let mut valid = vec![false; rows];
    let mut bytes = Vec::new();
    for (row, text) in values {
        if !valid[*row] {
            (lengths[*row], valid[*row]) = (text.len(), true);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    Arc::new(StringArray::new(OffsetBuffer::from_lengths(lengths), bytes.into(), Some(NullBuffer::from(valid))))
}
