//! Promoted columns back to attributes, each under the key it came with.

use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use schemas::promoted::{Promoted, ValueType};

use super::{
    columns::{NumberColumn, TextColumn, UnexpectedType},
    json::ObjectText,
};

/// The promoted columns of one level (span or resource) that a batch has.
pub(crate) struct PromotedColumns<'a> {
    columns: Vec<(&'static Promoted, Values<'a>)>,
    renamed_keys: NumberColumn<'a, Int64Type>,
}

enum Values<'a> {
    Text(TextColumn<'a>),
    Int(NumberColumn<'a, Int64Type>),
}

impl<'a> PromotedColumns<'a> {
    /// # Errors
    /// When a column has another type than its table says.
    pub(crate) fn of(batch: &'a RecordBatch, promoted: &'static [Promoted], renamed_keys: &str) -> Result<Self, UnexpectedType> {
        let mut columns = Vec::with_capacity(promoted.len());
        for one in promoted {
            let values = match one.value {
                ValueType::Text => Values::Text(TextColumn::of(batch, one.column)?),
                ValueType::Int => Values::Int(NumberColumn::of(batch, one.column)?),
            };
            columns.push((one, values));
        }
        Ok(Self { columns, renamed_keys: NumberColumn::of(batch, renamed_keys)? })
    }

    pub(crate) fn push_into(&self, object: &mut ObjectText, row: usize) {
        let renamed = self.renamed_keys.get(row).unwrap_or_default();
        for (promoted, values) in &self.columns {
            let key = key_as_sent(promoted, renamed);
            match values {
                Values::Text(texts) => texts.get(row).into_iter().for_each(|text| object.push(key, text)),
                Values::Int(numbers) => numbers.get(row).into_iter().for_each(|number| object.push(key, number)),
            }
        }
    }
}

fn key_as_sent(promoted: &Promoted, renamed: i64) -> &'static str {
    promoted.aliases.iter().find(|alias| renamed & (1 << alias.bit) != 0).map_or(promoted.key, |alias| alias.key)
}
