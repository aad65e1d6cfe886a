//! Words in the texts of a row: the question an index can answer, and patterns that none can.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray, RecordBatch},
    buffer::BooleanBuffer,
    datatypes::{DataType, Field, Schema},
};
use datafusion::{
    common::Result,
    logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use schemas::Table;
use storage::text::{RowTexts, TextFilter, TextQuery, indexed_columns};

use super::super::search::Matcher;

/// Whether a row answers a [`TextQuery`]. Its arguments are the [`indexed_columns`] of the table, in their order.
///
/// As one of the conditions that all must hold it tells a scan which words to look for in its indexes.
#[derive(Debug)]
pub(crate) struct TextMatch {
    table: Table,
    query: TextQuery,
    filter: TextFilter,
    signature: Signature,
}

impl TextMatch {
    pub(crate) fn new(table: Table, query: TextQuery) -> Self {
        let filter = TextFilter::new(&query);
        Self { table, filter, query, signature: signature(table) }
    }

    /// What scans ask the indexes of blocks.
    pub(crate) fn filter(&self) -> &TextFilter {
        &self.filter
    }
}

impl PartialEq for TextMatch {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table && self.query == other.query
    }
}

impl Eq for TextMatch {}

impl Hash for TextMatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{:?}", self.query).hash(state);
    }
}

impl ScalarUDFImpl for TextMatch {
    fn name(&self) -> &'static str {
        "text_match"
    }

    fn schema_name(&self, _: &[Expr]) -> Result<String> {
        Ok(format!("text_match({:?})", self.query))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let batch = batch(self.table, &arguments)?;
        Ok(ColumnarValue::Array(Arc::new(self.filter.matches_rows(&RowTexts::new(self.table, &batch)?))))
    }
}

/// Whether a pattern is in one of the texts of a row. Arguments as of [`TextMatch`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextPattern {
    table: Table,
    matcher: Matcher,
    signature: Signature,
}

impl TextPattern {
    pub(crate) fn new(table: Table, matcher: Matcher) -> Self {
        Self { table, matcher, signature: signature(table) }
    }
}

impl ScalarUDFImpl for TextPattern {
    fn name(&self) -> &'static str {
        "text_pattern"
    }

    fn schema_name(&self, _: &[Expr]) -> Result<String> {
        Ok(format!("text_pattern({:?})", self.matcher))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let batch = batch(self.table, &arguments)?;
        let rows = RowTexts::new(self.table, &batch)?;
        let mut texts = Vec::new();
        let matches = BooleanBuffer::collect_bool(batch.num_rows(), |row| {
            texts.clear();
            rows.of_row(row, &mut texts);
            texts.iter().any(|text| self.matcher.matches(text))
        });
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(matches, None))))
    }
}

fn signature(table: Table) -> Signature {
    Signature::any(indexed_columns(table).len(), Volatility::Immutable)
}

/// The arguments under the names of their columns.
fn batch(table: Table, arguments: &ScalarFunctionArgs) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = arguments.args.iter().map(|column| column.to_array(arguments.number_rows)).collect::<Result<_>>()?;
    let names = indexed_columns(table).iter().zip(&columns);
    let fields: Vec<Field> = names.map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
