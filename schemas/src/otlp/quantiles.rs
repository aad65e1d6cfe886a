//! Quantiles of summaries: the list column `quantiles`.

use arrow::datatypes::Float64Type;

use super::arrays::{BatchBuilder, ListColumn, structs};

#[derive(Debug, Default)]
pub(crate) struct QuantileColumns {
    lists: ListColumn,
    quantiles: Vec<f64>,
    values: Vec<f64>,
}

impl QuantileColumns {
    /// Adds (quantile, value) pairs.
    pub fn append(&mut self, row: usize, pairs: &[(f64, f64)]) {
        if !pairs.is_empty() {
            self.quantiles.extend(pairs.iter().map(|(quantile, _)| quantile));
            self.values.extend(pairs.iter().map(|(_, value)| value));
            self.lists.set(row, self.values.len());
        }
    }

    pub fn finish(self, batch: &mut BatchBuilder) {
        let items = self.values.len();
        batch.push_list(self.lists, |item| {
            structs(item, items, |batch| {
                batch.push_numbers::<Float64Type>(self.quantiles);
                batch.push_numbers::<Float64Type>(self.values);
            })
        });
    }
}
