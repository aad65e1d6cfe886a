//! Reads the attributes of records out of batches, under the names that searches have for them.

use std::collections::HashMap;

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type},
    error::ArrowError,
};
use schemas::{
    Table,
    column::Kind,
    columns as c,
    promoted::{self, Promoted},
};
use serde_json::Value;

use super::{Deltas, Side};
use crate::search::named_numbers;

/// Columns that tell records apart, or that are about how they are stored, or texts of their own kind: no two are alike.
const NOT_COMPARED: [&str; 14] = [
    c::RECEIVED_AT,
    c::RENAMED_KEYS,
    c::RESOURCE_RENAMED_KEYS,
    c::RESOURCE_ENTITY_REFS,
    c::TRACE_ID,
    c::SPAN_ID,
    c::PARENT_SPAN_ID,
    c::TRACE_STATE,
    c::FLAGS,
    c::TIME,
    c::START_TIME,
    c::OBSERVED_TIME,
    c::TIME_SOURCE,
    c::BODY,
];

#[derive(Debug, thiserror::Error)]
#[error("read column {column}")]
pub struct UnreadableBatch {
    column: String,
    source: ArrowError,
}

/// The columns of a table that [`Deltas::add`] reads.
pub fn columns(table: Table) -> Vec<&'static str> {
    let compared = |kind: &Kind| !matches!(kind, Kind::Id(_) | Kind::Time | Kind::List { .. } | Kind::Structs { .. });
    table.columns().filter(|column| compared(&column.kind) && !NOT_COMPARED.contains(&column.name)).map(|column| column.name).collect()
}

impl Deltas {
    /// Counts the records of a batch, which has some of the columns of `table`.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, side: Side, table: Table, batch: &RecordBatch) -> Result<(), UnreadableBatch> {
        self.add_records(side, batch.num_rows() as u64);
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let added = match attributes_prefix(field.name()) {
                Some(prefix) => self.add_objects(side, prefix, column),
                None => self.add_column(side, table, field.name(), column),
            };
            added.map_err(|source| UnreadableBatch { column: field.name().clone(), source })?;
        }
        Ok(())
    }

    /// A JSON object for each record. Many records share those of their resource: each is parsed once.
    fn add_objects(&mut self, side: Side, prefix: &str, column: &ArrayRef) -> Result<(), ArrowError> {
        for (text, records) in counted(column)? {
            // Damaged text has no attributes.
            let Ok(Value::Object(object)) = serde_json::from_str(&text) else { continue };
            for (key, value) in &object {
                self.add_value(side, &format!("{prefix}{key}"), value, records);
            }
        }
        Ok(())
    }

    fn add_value(&mut self, side: Side, attribute: &str, value: &Value, records: u64) {
        match value {
            Value::Null => {}
            Value::Bool(value) => self.add_text(side, attribute, if *value { "true" } else { "false" }, records),
            Value::Number(number) => self.add_number(side, attribute, number.as_f64().unwrap_or(f64::NAN), records),
            Value::String(text) => self.add_text(side, attribute, text, records),
            // Tagged: what JSON has no words for.
            Value::Object(object) if object.len() == 1 && object.contains_key("$empty") => {}
            Value::Object(object) if object.len() == 1 && object.keys().all(|key| key == "$bytes" || key == "$double") => {
                object.values().for_each(|value| self.add_value(side, attribute, value, records));
            }
            Value::Array(_) | Value::Object(_) => self.add_text(side, attribute, &value.to_string(), records),
        }
    }

    fn add_column(&mut self, side: Side, table: Table, name: &str, column: &ArrayRef) -> Result<(), ArrowError> {
        let attribute = attribute_of(table, name);
        let names = named_numbers(name);
        if !is_number(column.data_type()) {
            counted(column)?.into_iter().for_each(|(text, records)| self.add_text(side, &attribute, &text, records));
            return Ok(());
        }
        let numbers = cast(column, &DataType::Float64)?;
        for number in numbers.as_primitive::<Float64Type>().iter().flatten() {
            match names.iter().find(|named| f64::from(named.from) <= number && number <= f64::from(named.to)) {
                Some(named) => self.add_text(side, &attribute, named.name, 1),
                None => self.add_number(side, &attribute, number, 1),
            }
        }
        Ok(())
    }
}

/// Different texts of a column, and how often each is there. Nulls are not.
fn counted(column: &ArrayRef) -> Result<HashMap<String, u64>, ArrowError> {
    let column = cast(column, &DataType::Utf8)?;
    let mut counts: HashMap<&str, u64> = HashMap::new();
    column.as_string::<i32>().iter().flatten().for_each(|text| *counts.entry(text).or_default() += 1);
    Ok(counts.into_iter().map(|(text, records)| (text.to_owned(), records)).collect())
}

fn attributes_prefix(column: &str) -> Option<&'static str> {
    match column {
        c::ATTRIBUTES => Some(""),
        c::RESOURCE_ATTRIBUTES => Some("resource."),
        c::SCOPE_ATTRIBUTES => Some("scope."),
        _ => None,
    }
}

/// A promoted column is the attribute it holds, under its newest name.
fn attribute_of(table: Table, column: &str) -> String {
    let key = |promoted: &'static [Promoted]| promoted.iter().find(|promoted| promoted.column == column).map(|promoted| promoted.key);
    match (key(promoted::RESOURCE), key(table.promoted())) {
        (Some(key), _) => format!("resource.{key}"),
        (None, Some(key)) => key.to_owned(),
        (None, None) => column.to_owned(),
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}
