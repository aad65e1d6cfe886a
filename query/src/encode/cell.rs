//! One value of an Arrow array as JSON.

use std::io::Write;

use arrow::{
    array::{Array, AsArray},
    datatypes::{
        DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

const TIMES: DateTimePrinter = DateTimePrinter::new().precision(Some(9));

/// Whether a row has no value. A column of nothing but nulls (`SELECT NULL`) keeps no bits that say so.
pub(crate) fn is_null(array: &dyn Array, row: usize) -> bool {
    array.is_null(row) || *array.data_type() == DataType::Null
}

/// Appends row `row` of `array` to `out`.
///
/// # Errors
/// When the type cannot be shown.
pub(crate) fn write_value(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ArrowError> {
    if is_null(array, row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match array.data_type() {
        DataType::Boolean => out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" }),
        DataType::Int8 => integer(out, array.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => integer(out, array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => integer(out, array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => integer(out, array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => integer(out, array.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => integer(out, array.as_primitive::<UInt16Type>().value(row)),
        DataType::UInt32 => integer(out, array.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => integer(out, array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float32 => float(out, array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(out, array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => text(out, array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(out, array.as_string::<i64>().value(row)),
        DataType::Utf8View => text(out, array.as_string_view().value(row)),
        DataType::FixedSizeBinary(_) => hex(out, array.as_fixed_size_binary().value(row)),
        DataType::Binary => hex(out, array.as_binary::<i32>().value(row)),
        DataType::Timestamp(unit, _) => time(out, nanoseconds(array, *unit, row)),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or_default();
            write_value(out, dictionary.values().as_ref(), key)?;
        }
        DataType::List(_) => list(out, array.as_list::<i32>().value(row).as_ref())?,
        DataType::LargeList(_) => list(out, array.as_list::<i64>().value(row).as_ref())?,
        DataType::FixedSizeList(..) => list(out, array.as_fixed_size_list().value(row).as_ref())?,
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            out.push(b'{');
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                text(out, field.name());
                out.push(b':');
                write_value(out, columns.column(index).as_ref(), row)?;
            }
            out.push(b'}');
        }
        _ => text(out, &ArrayFormatter::try_new(array, &FormatOptions::default())?.value(row).try_to_string()?),
    }
    Ok(())
}

fn integer(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("writing to memory cannot fail");
}

/// JSON has no words for what is not finite: those are texts.
fn float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        serde_json::to_writer(out, &value).expect("finite numbers always serialize");
    } else {
        text(
            out,
            if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            },
        );
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(out, value).expect("texts always serialize");
}

fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")).expect("writing to memory cannot fail");
    out.push(b'"');
}

fn nanoseconds(array: &dyn Array, unit: TimeUnit, row: usize) -> i128 {
    match unit {
        TimeUnit::Second => i128::from(array.as_primitive::<TimestampSecondType>().value(row)) * 1_000_000_000,
        TimeUnit::Millisecond => i128::from(array.as_primitive::<TimestampMillisecondType>().value(row)) * 1_000_000,
        TimeUnit::Microsecond => i128::from(array.as_primitive::<TimestampMicrosecondType>().value(row)) * 1000,
        TimeUnit::Nanosecond => i128::from(array.as_primitive::<TimestampNanosecondType>().value(row)),
    }
}

fn time(out: &mut Vec<u8>, nanoseconds: i128) {
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) => text(out, &TIMES.timestamp_to_string(&time)),
        Err(_) => integer(out, nanoseconds),
    }
}

fn list(out: &mut Vec<u8>, values: &dyn Array) -> Result<(), ArrowError> {
    out.push(b'[');
    for index in 0..values.len() {
        if index > 0 {
            out.push(b',');
        }
        write_value(out, values, index)?;
    }
    out.push(b']');
    Ok(())
}
