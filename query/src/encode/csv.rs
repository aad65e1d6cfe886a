//! Rows as CSV (RFC 4180). Spreadsheets run texts that begin like formulas, and telemetry is strangers' text: such a text gets
//! an apostrophe in front.

use arrow::{array::RecordBatch, datatypes::Schema, error::ArrowError};

use super::cell::{is_null, write_value};

pub(crate) fn csv_header(out: &mut Vec<u8>, schema: &Schema) {
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_text(out, field.name());
    }
    out.extend_from_slice(b"\r\n");
}

/// # Errors
/// When a column's type cannot be shown.
pub(crate) fn csv_rows(out: &mut Vec<u8>, batch: &RecordBatch) -> Result<(), ArrowError> {
    let mut json = Vec::new();
    for row in 0..batch.num_rows() {
        for (index, column) in batch.columns().iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if is_null(column.as_ref(), row) {
                continue;
            }
            json.clear();
            write_value(&mut json, column.as_ref(), row)?;
            match json.first() {
                Some(b'"') => push_text(out, &serde_json::from_slice::<String>(&json).unwrap_or_default()),
                Some(b'{' | b'[') => push_quoted(out, &String::from_utf8_lossy(&json)),
                _ => out.extend_from_slice(&json),
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula {
        push_quoted(out, &format!("'{text}"));
    } else if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        push_quoted(out, text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn push_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    #[test]
    fn values_are_quoted_when_they_must_be() {
        let check = |text: Option<&str>, expected: &str| {
            let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
            let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1]));
            let batch = RecordBatch::try_from_iter([("a", texts), ("n", numbers)]).expect("two columns");
            let mut out = Vec::new();
            csv_header(&mut out, &batch.schema());
            csv_rows(&mut out, &batch).expect("plain types");
            assert_eq!(String::from_utf8(out).expect("text"), format!("a,n\r\n{expected},-1\r\n"));
        };
        check(Some("plain"), "plain");
        check(Some("库存不足"), "库存不足");
        check(None, "");
        check(Some(""), "\"\"");
        check(Some("a,b"), "\"a,b\"");
        check(Some("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
        check(Some("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        check(Some("@cmd"), "\"'@cmd\"");
    }
}
