//! The derived columns of spans and logs, written by column from the facts of their rows.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    buffer::{NullBuffer, OffsetBuffer},
};
use schemas::{Table, TableBatch, columns as c};

use super::run::Found;
use crate::facts::{Rejection, RejectionKind};

/// Replaces the derived columns of batches whose rows say something; the others keep theirs, which are null.
pub(super) fn derived_columns(batches: &mut [TableBatch], found: &Found) {
    for (index, TableBatch { table, batch }) in batches.iter_mut().enumerate() {
        let rejected: Vec<(usize, &Rejection)> = found
            .rejected
            .iter()
            .filter(|(place, _)| place.batch == index)
            .filter_map(|(place, rejection)| Some((place.row, found.facts.rejections.get(*rejection)?)))
            .collect();
        if rejected.is_empty() {
            continue;
        }
        let of = |value: fn(&Rejection) -> &str| -> Vec<(usize, &str)> {
            rejected.iter().map(|(row, rejection)| (*row, value(rejection))).filter(|(_, text)| !text.is_empty()).collect()
        };
        let columns: &[(&str, fn(&Rejection) -> &str)] = match table {
            Table::Spans => &[
                (c::ERROR_CODE, |rejection| &rejection.code),
                (c::ERROR_REASON, |rejection| &rejection.reason),
                (c::REJECTION_KIND, |rejection| rejection.kind.word()),
                (c::BREAKER_NAME, breaker_name),
            ],
            Table::Logs => &[(c::ERROR_CODE, |rejection| &rejection.code), (c::ERROR_REASON, |rejection| &rejection.reason)],
            _ => &[],
        };
        for (name, value) in columns {
            replace(batch, name, &of(*value));
        }
    }
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
