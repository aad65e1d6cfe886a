//! Rows as JSON objects, with attributes as objects inside of them.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::DataType,
    error::ArrowError,
};
use schemas::columns::ATTRIBUTES;

use super::cell::write_value;

/// Appends an object for each row, commas between them; `first` says whether none stands before. Null members are left out.
///
/// # Errors
/// When a column's type cannot be shown.
pub(crate) fn object_rows(out: &mut Vec<u8>, batch: &RecordBatch, mut first: bool) -> Result<(), ArrowError> {
    let members = Members::of(batch)?;
    for row in 0..batch.num_rows() {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        members.write(out, row)?;
    }
    Ok(())
}

/// As [`object_rows`], each object on a line of its own.
///
/// # Errors
/// When a column's type cannot be shown.
pub(crate) fn object_lines(out: &mut Vec<u8>, batch: &RecordBatch) -> Result<(), ArrowError> {
    let members = Members::of(batch)?;
    for row in 0..batch.num_rows() {
        members.write(out, row)?;
        out.push(b'\n');
    }
    Ok(())
}

/// Names as JSON, values, and whether these are JSON already.
struct Members(Vec<(Vec<u8>, ArrayRef, bool)>);

impl Members {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let schema = batch.schema();
        let mut members = Vec::new();
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let json = field.name().ends_with(ATTRIBUTES);
            let column = if json { cast(column, &DataType::Utf8)? } else { column.clone() };
            members.push((serde_json::to_vec(field.name()).unwrap_or_default(), column, json));
        }
        Ok(Self(members))
    }

    fn write(&self, out: &mut Vec<u8>, row: usize) -> Result<(), ArrowError> {
        let mut begins = true;
        out.push(b'{');
        for (name, column, json) in self.0.iter().filter(|(_, column, _)| column.is_valid(row)) {
            if !std::mem::take(&mut begins) {
                out.push(b',');
            }
            out.extend_from_slice(name);
            out.push(b':');
            match json {
                true if is_json(column.as_string::<i32>().value(row)) => {
                    out.extend_from_slice(column.as_string::<i32>().value(row).as_bytes())
                }
                _ => write_value(out, column.as_ref(), row)?,
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// What is damaged is shown as the text it is.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int64Array, StringArray};

    use super::*;

    #[test]
    fn attributes_are_objects() {
        let attributes: ArrayRef = Arc::new(StringArray::from(vec![Some(r#"{"a":1,"b":"x"}"#), None, Some("{damaged")]));
        let resource: DictionaryArray<arrow::datatypes::Int32Type> = vec![Some("{}"), Some("{}"), None].into_iter().collect();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let columns = [("n", numbers), ("attributes", attributes), ("resource_attributes", Arc::new(resource) as ArrayRef)];
        let batch = RecordBatch::try_from_iter(columns).expect("three columns");
        let mut out = Vec::new();
        object_rows(&mut out, &batch, true).expect("plain types");
        let expected =
            r#"{"n":1,"attributes":{"a":1,"b":"x"},"resource_attributes":{}},{"resource_attributes":{}},{"n":3,"attributes":"{damaged"}"#;
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }
}
