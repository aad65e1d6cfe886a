//! Batches to what clients asked for: JSON, NDJSON, CSV, an Arrow stream, Parquet.
//!
//! In the formats that people read, ids are lowercase hex, times RFC 3339 with nine digits, nested values JSON. Arrow and
//! Parquet keep the columns as they are.

mod cell;
mod columns;
mod csv;
mod format;
mod json;
mod objects;

pub(crate) use columns::{Column, columns};
pub(crate) use csv::{csv_header, csv_rows};
pub(crate) use format::Format;
pub(crate) use json::{json_rows, ndjson_rows};
pub(crate) use objects::{Objects, object_lines, object_rows};
