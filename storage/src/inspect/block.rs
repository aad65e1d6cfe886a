//! Parquet files of blocks, as their footers tell.

use std::{collections::BTreeMap, path::Path};

use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};
use schemas::{
    UnixNanos,
    columns::{START_TIME, TIME},
};

use super::{InspectError, List, Report, Value, places};
use crate::{
    block::{FORMAT_KEY, SCHEMA_KEY},
    io::Io,
};

const TAIL_BYTES: u64 = 8;

const FILE_COLUMNS: &[&str] = &["file", "rows", "row_groups", "bytes", "first_time", "last_time"];
const GROUP_COLUMNS: &[&str] = &["row_group", "rows", "bytes", "uncompressed_bytes", "first_time", "last_time"];
const COLUMN_COLUMNS: &[&str] = &["column", "type", "compression", "encodings", "bytes", "uncompressed_bytes", "nulls"];

/// `place`: one Parquet file, whose parts are listed then, or a directory of them, or a data directory.
///
/// # Errors
/// When a file cannot be read or is no Parquet file.
pub fn block(io: &dyn Io, place: &Path) -> Result<Report, InspectError> {
    if !place.is_dir() {
        return one(io, place);
    }
    let mut rows = Vec::new();
    let (mut all_rows, mut all_bytes) = (0, 0);
    for path in places::files(io, place, &["parquet"])? {
        let (footer, bytes) = footer(io, &path)?;
        let (count, (first, last)) = (count(footer.file_metadata().num_rows()), times(&footer, None));
        all_rows += count;
        all_bytes += bytes;
        let groups = footer.num_row_groups();
        rows.push(vec![places::shown(&path, place).into(), count.into(), groups.into(), bytes.into(), first.into(), last.into()]);
    }
    let facts = vec![("files", rows.len().into()), ("rows", all_rows.into()), ("bytes", all_bytes.into())];
    Ok(Report { facts, lists: vec![List { name: "blocks", columns: FILE_COLUMNS, rows }] })
}

fn one(io: &dyn Io, path: &Path) -> Result<Report, InspectError> {
    let (footer, bytes) = footer(io, path)?;
    let of_file = footer.file_metadata();
    let known = |key: &str| {
        let entry = of_file.key_value_metadata().into_iter().flatten().find(|entry| entry.key == key);
        entry.and_then(|entry| entry.value.clone())
    };
    let (first, last) = times(&footer, None);
    let facts = vec![
        ("rows", count(of_file.num_rows()).into()),
        ("row_groups", footer.num_row_groups().into()),
        ("columns", of_file.schema_descr().num_columns().into()),
        ("bytes", bytes.into()),
        ("first_time", first.into()),
        ("last_time", last.into()),
        ("format", known(FORMAT_KEY).into()),
        ("schema", known(SCHEMA_KEY).into()),
        ("created_by", of_file.created_by().into()),
    ];
    let groups = footer.row_groups().iter().enumerate().map(|(index, group)| {
        let (first, last) = times(&footer, Some(index));
        let (bytes, uncompressed) = (count(group.compressed_size()), count(group.total_byte_size()));
        vec![index.into(), count(group.num_rows()).into(), bytes.into(), uncompressed.into(), first.into(), last.into()]
    });
    let groups = List { name: "row_groups", columns: GROUP_COLUMNS, rows: groups.collect() };
    Ok(Report { facts, lists: vec![groups, columns(&footer)] })
}

/// Each leaf column over all row groups, the largest first.
fn columns(footer: &ParquetMetaData) -> List {
    struct Sum {
        kind: String,
        compression: String,
        encodings: Vec<String>,
        bytes: u64,
        uncompressed: u64,
        nulls: Option<u64>,
    }
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for column in footer.row_groups().iter().flat_map(|group| group.columns()) {
        let nulls = column.statistics().and_then(|statistics| statistics.null_count_opt());
        let sum = sums.entry(column.column_path().string()).or_insert_with(|| Sum {
            kind: column.column_type().to_string(),
            compression: column.compression().to_string(),
            encodings: Vec::new(),
            bytes: 0,
            uncompressed: 0,
            nulls: Some(0),
        });
        sum.bytes += count(column.compressed_size());
        sum.uncompressed += count(column.uncompressed_size());
        sum.nulls = sum.nulls.zip(nulls).map(|(sum, nulls)| sum + nulls);
        for encoding in column.encodings().map(|encoding| encoding.to_string()) {
            if !sum.encodings.contains(&encoding) {
                sum.encodings.push(encoding);
            }
        }
    }
    let mut rows: Vec<(String, Sum)> = sums.into_iter().collect();
    rows.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.bytes));
    let row = |(name, sum): (String, Sum)| -> Vec<Value> {
        let Sum { kind, compression, encodings, bytes, uncompressed, nulls } = sum;
        vec![name.into(), kind.into(), compression.into(), encodings.join(" ").into(), bytes.into(), uncompressed.into(), nulls.into()]
    };
    List { name: "columns", columns: COLUMN_COLUMNS, rows: rows.into_iter().map(row).collect() }
}

/// Event time of the rows of a row group, or of all.
fn times(footer: &ParquetMetaData, group: Option<usize>) -> (Option<UnixNanos>, Option<UnixNanos>) {
    let groups = footer.row_groups().iter().enumerate().filter(|(index, _)| group.is_none_or(|group| group == *index));
    let bounds = groups.filter_map(|(_, group)| {
        let column = group.columns().iter().find(|column| [START_TIME, TIME].contains(&column.column_path().string().as_str()))?;
        let parquet::file::statistics::Statistics::Int64(statistics) = column.statistics()? else { return None };
        Some((*statistics.min_opt()?, *statistics.max_opt()?))
    });
    let bounds: Vec<(i64, i64)> = bounds.collect();
    let first = bounds.iter().map(|(min, _)| UnixNanos(*min)).min();
    (first, bounds.iter().map(|(_, max)| UnixNanos(*max)).max())
}

fn footer(io: &dyn Io, path: &Path) -> Result<(ParquetMetaData, u64), InspectError> {
    let other = |reason: String| InspectError::Other { path: path.to_owned(), kind: "Parquet file", reason };
    let bytes = places::length(io, path)?;
    let tail = places::read_range(io, path, Some(TAIL_BYTES))?;
    let tail = <[u8; TAIL_BYTES as usize]>::try_from(tail).map_err(|_| other(format!("it has {bytes} bytes")))?;
    let tail = FooterTail::try_new(&tail).map_err(|error| other(error.to_string()))?;
    let footer_bytes = tail.metadata_length() as u64 + TAIL_BYTES;
    if footer_bytes > bytes {
        return Err(other(format!("its footer has {footer_bytes} bytes, it has {bytes}")));
    }
    let footer = places::read_range(io, path, Some(footer_bytes))?;
    let footer = &footer[..footer.len() - TAIL_BYTES as usize];
    Ok((ParquetMetaDataReader::decode_metadata(footer).map_err(|error| other(error.to_string()))?, bytes))
}

/// Parquet's numbers are signed.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
