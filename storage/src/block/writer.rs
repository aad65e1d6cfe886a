//! Writes a block: sidecars first, then the Parquet file, each under a temporary name, durable before it gets its own.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, new_null_array},
    compute::interleave,
    datatypes::SchemaRef,
    error::ArrowError,
    record_batch::RecordBatch,
};
use parquet::{
    arrow::{ArrowSchemaConverter, ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::{Compression, Encoding, LogicalType, Type as PhysicalType, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::{KeyValue, ParquetMetaData},
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnDescriptor,
};
use schemas::{
    SCHEMA_VERSION, Table, TenantId,
    columns::{ATTRIBUTES, BODY, DURATION_NS, METRIC_METADATA, RECEIVED_AT, RESOURCE_ENTITY_REFS, START_TIME},
};

use super::{
    BlockError, BlockKeys, BlockPlan, ColumnStatistics, FORMAT_KEY, FORMAT_VERSION, Hour, SCHEMA_KEY, Sidecar, Sums, TextSidecars,
    TimeRange, dictionaries::gather_shared, file::FileWriter, layout::RowPlace, statistics, tix,
};
use crate::{
    attributes::AttributesBuilder,
    io::Io,
    text::{TextBuilder, TextFiles},
    wal::Lsn,
};

/// A block on disk that the catalog does not know yet. Paths are relative to the data directory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewBlock {
    pub tenant: TenantId,
    pub table: Table,
    pub path: PathBuf,
    pub rows: u64,
    pub bytes: u64,
    pub footer_bytes: u64,
    pub time: TimeRange,
    pub hour: Hour,
    /// The last record of the log whose rows may be in it.
    pub lsn: Lsn,
    pub traces: u64,
    pub trace_index: Option<Sidecar>,
    pub text: TextSidecars,
    pub attribute_index: Option<Sidecar>,
    pub sums: Option<Sidecar>,
    pub statistics: Vec<ColumnStatistics>,
    pub keys: BlockKeys,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("write {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("encode {path}")]
    Parquet { path: PathBuf, source: ParquetError },
    #[error("bring together the rows of {path}")]
    Gather { path: PathBuf, source: BlockError },
}

/// Where the blocks of a table are, relative to the data directory.
pub(crate) fn dir(tenant: TenantId, table: Table) -> PathBuf {
    PathBuf::from("data").join(tenant.0.to_string()).join(table.name())
}

/// Which block is written, and where.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub io: &'a dyn Io,
    pub data_dir: &'a Path,
    pub tenant: TenantId,
    pub table: Table,
    pub name: Name,
    /// The last record of the log whose rows may be in it.
    pub lsn: Lsn,
}

/// What tells a block from others of its table and hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// It belongs to the cut that ends here: a redo replaces the leftover of an attempt.
    Cut(Lsn),
    /// It replaces other blocks, and the catalog knows that it is being written under this number.
    Rewrite(u64),
}

impl Target<'_> {
    /// Relative to the data directory.
    fn path(&self, hour: Hour) -> PathBuf {
        let name = match self.name {
            Name::Cut(lsn) => format!("{}-{:016x}.parquet", hour_name(hour), lsn.0),
            Name::Rewrite(number) => format!("{}-m{number:016x}.parquet", hour_name(hour)),
        };
        dir(self.tenant, self.table).join(name)
    }
}

/// Writes the block of `plan` into [`dir`], which exists, and makes it durable. `gather` makes the rows at the places it is given, in
/// their order and of the table's schema; it is called once for each row group.
/// A block of the same name is replaced: it is a leftover of an attempt at the same.
///
/// # Errors
/// The first failure; files may be left that no catalog knows.
pub(crate) fn write(
    target: &Target<'_>,
    plan: BlockPlan,
    mut gather: impl FnMut(&[RowPlace]) -> Result<RecordBatch, BlockError>,
) -> Result<NewBlock, WriteError> {
    let Target { io, data_dir, tenant, table, lsn, .. } = *target;
    let dir = dir(tenant, table);
    let path = target.path(plan.hour);
    let at_dir = |source| WriteError::Io { path: dir.clone(), source };
    let traces = plan.traces.len() as u64;
    let trace_index = match plan.traces.is_empty() {
        true => None,
        false => Some(write_sidecar(io, data_dir, path.with_extension("tix"), &tix::encode(&plan.traces, plan.rows.len() as u32))?),
    };
    io.step("flush.block.before").map_err(at_dir)?;

    let absolute = data_dir.join(&path);
    let temporary = absolute.with_extension("parquet.tmp");
    let at_file = |source| WriteError::Io { path: path.clone(), source };
    let at_parquet = |source| WriteError::Parquet { path: path.clone(), source };
    let mut file = FileWriter::new(create(io, &temporary).map_err(at_file)?);
    let mut gather = |rows: &[RowPlace]| gather(rows).map_err(|source| WriteError::Gather { path: path.clone(), source });
    let only = match plan.row_group_ends[..] {
        [_] => Some(gather(&plan.rows)?),
        _ => None,
    };
    let properties = properties(table, lsn, only.as_ref()).map_err(at_parquet)?;
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(&mut file, table.schema(), options).map_err(at_parquet)?;
    let mut text = TextBuilder::new(table, &path, plan.rows.len(), page_rows(table));
    let mut attributes = AttributesBuilder::new(table, &path, plan.rows.len(), page_rows(table));
    let (mut start, mut only) = (0, only);
    for end in plan.row_group_ends {
        let batch = only.take().map_or_else(|| gather(&plan.rows[start..end]), Ok)?;
        text.add(&batch);
        attributes.add(&batch);
        writer.write(&batch).map_err(at_parquet)?;
        writer.flush().map_err(at_parquet)?;
        start = end;
    }
    let metadata = writer.close().map_err(at_parquet)?;
    let bytes = file.finish().map_err(at_file)?;
    let text = write_text_indexes(io, data_dir, &path, &text.finish())?;
    let (keys, attributes) = attributes.finish();
    let attribute_index = attributes.map(|bytes| write_sidecar(io, data_dir, path.with_extension("attr"), &bytes)).transpose()?;
    let footer_bytes = footer_bytes(io, &temporary, bytes).map_err(at_file)?;
    let sums = checksums(io, &temporary, &metadata, bytes.saturating_sub(footer_bytes + 8)).map_err(at_file)?;
    let sums = Some(write_sidecar(io, data_dir, path.with_extension("sum"), &sums.encode())?);
    io.step("flush.rename.before").map_err(at_file)?;
    io.rename(&temporary, &absolute).map_err(at_file)?;
    io.sync_dir(&data_dir.join(&dir)).map_err(at_dir)?;

    Ok(NewBlock {
        tenant,
        table,
        path,
        rows: plan.rows.len() as u64,
        bytes,
        footer_bytes,
        time: plan.time,
        hour: plan.hour,
        lsn,
        traces,
        trace_index,
        text,
        attribute_index,
        sums,
        statistics: statistics::of_file(&metadata),
        keys,
    })
}

/// The number of the rewrite that a file of a block belongs to, from its name.
pub(crate) fn rewrite_of(path: &Path) -> Option<u64> {
    let (stem, _) = path.file_name()?.to_str()?.split_once('.')?;
    let (_, number) = stem.rsplit_once("-m")?;
    (number.len() == 16).then(|| u64::from_str_radix(number, 16).ok()).flatten()
}

fn write_text_indexes(io: &dyn Io, data_dir: &Path, block: &Path, files: &TextFiles) -> Result<TextSidecars, WriteError> {
    let write = |extension: &str, bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map(|bytes| write_sidecar(io, data_dir, block.with_extension(extension), bytes)).transpose()
    };
    Ok(TextSidecars { bloom: write("bloom", &files.bloom)?, inverted: write("text", &files.inverted)? })
}

fn write_sidecar(io: &dyn Io, data_dir: &Path, path: PathBuf, bytes: &[u8]) -> Result<Sidecar, WriteError> {
    let absolute = data_dir.join(&path);
    let temporary = absolute.with_added_extension("tmp");
    let written = create(io, &temporary).and_then(|file| {
        let mut file = FileWriter::new(file);
        file.write_all(bytes)?;
        file.finish()?;
        io.rename(&temporary, &absolute)
    });
    written.map_err(|source| WriteError::Io { path: path.clone(), source })?;
    Ok(Sidecar { path, bytes: bytes.len() as u64 })
}

/// Creates `path`, replacing the leftover of a failed attempt.
fn create(io: &dyn Io, path: &Path) -> io::Result<Box<dyn crate::io::IoFile>> {
    match io.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => io.create(path),
    }
}

/// Length of the Thrift footer, as DuckLake and other readers want to know it.
fn footer_bytes(io: &dyn Io, path: &Path, bytes: u64) -> io::Result<u64> {
    let mut length = [0; 4];
    io.open_read(path)?.read_exact_at(&mut length, bytes.saturating_sub(8))?;
    Ok(u32::from_le_bytes(length).into())
}

/// Reads the file again, from the page cache: pages have their places only now.
fn checksums(io: &dyn Io, path: &Path, metadata: &ParquetMetaData, footer_start: u64) -> io::Result<Sums> {
    Sums::of_file(&*io.open_read(path)?, metadata, footer_start)
}

/// The rows at `places`, in that order.
pub(crate) fn gather(schema: &SchemaRef, batches: &[&RecordBatch], places: &[RowPlace]) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().enumerate().map(|(index, field)| {
        let arrays: Vec<&dyn arrow::array::Array> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
        if arrays.iter().all(|array| array.logical_null_count() == array.len()) {
            return Ok(new_null_array(field.data_type(), places.len()));
        }
        match gather_shared(&arrays, places) {
            Some(gathered) => gathered,
            None => interleave(&arrays, places),
        }
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?)
}

/// `only` are all rows, where they are one row group. What has no value in them has nothing to compress, and to make a compressor takes as
/// long as to compress a few thousand values.
fn properties(table: Table, lsn: Lsn, only: Option<&RecordBatch>) -> Result<WriterProperties, ParquetError> {
    let schema = ArrowSchemaConverter::new().convert(&table.schema())?;
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let footer = vec![
        entry(FORMAT_KEY, FORMAT_VERSION.to_string()),
        entry(SCHEMA_KEY, SCHEMA_VERSION.to_string()),
        entry("fusebox.table", table.name().to_owned()),
        entry("fusebox.lsn", lsn.to_string()),
    ];
    let page_rows = page_rows(table);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows)
        .set_max_row_group_row_count(None)
        .set_created_by(concat!("fusebox ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(footer))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in schema.columns() {
        let path = column.path().clone();
        let statistics = match kind(table, column) {
            Kind::Text => EnabledStatistics::Chunk,
            Kind::LongText => EnabledStatistics::None,
            Kind::Number(_) if column.physical_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY => EnabledStatistics::Chunk,
            Kind::Number(_) => EnabledStatistics::Page,
        };
        if let Kind::Number(encoding) = kind(table, column) {
            properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path.clone(), encoding);
        }
        let values = only.zip(path.parts().first()).and_then(|(rows, root)| rows.column_by_name(root));
        if values.is_some_and(|values| values.logical_null_count() == values.len()) {
            properties = properties.set_column_compression(path.clone(), Compression::UNCOMPRESSED);
        }
        properties = properties.set_column_statistics_enabled(path, statistics);
    }
    Ok(properties.build())
}

/// Log bodies are long: smaller pages, so that a needle costs less.
fn page_rows(table: Table) -> usize {
    match table {
        Table::Spans => 4096,
        Table::Logs => 1024,
        _ => 8192,
    }
}

/// How a column is written.
#[derive(Clone, Copy)]
enum Kind {
    /// Repeats: through a dictionary.
    Text,
    /// Bounds would be long and prune nothing.
    LongText,
    /// Hardly ever repeats.
    Number(Encoding),
}

fn kind(table: Table, column: &ColumnDescriptor) -> Kind {
    match (column.physical_type(), column.logical_type_ref(), column.name()) {
        (PhysicalType::FIXED_LEN_BYTE_ARRAY, _, _) => Kind::Number(Encoding::PLAIN),
        (_, _, RECEIVED_AT) => Kind::Text,
        // Differences between spans jump, the upper bytes of neighbours hardly do, and zstd sees that.
        (_, _, START_TIME | DURATION_NS) if table == Table::Spans => Kind::Number(Encoding::PLAIN),
        (PhysicalType::INT64, Some(LogicalType::Timestamp(_)), _) => Kind::Number(Encoding::DELTA_BINARY_PACKED),
        (_, _, BODY | METRIC_METADATA | RESOURCE_ENTITY_REFS) => Kind::LongText,
        (PhysicalType::BYTE_ARRAY, _, name) if name.ends_with(ATTRIBUTES) => Kind::LongText,
        _ => Kind::Text,
    }
}

/// As in the names of files.
pub(crate) fn hour_name(hour: Hour) -> String {
    let Hour::Of(hours) = hour else { return "late".to_owned() };
    let (year, month, day) = civil_from_days(hours.div_euclid(24));
    format!("{year:04}{month:02}{day:02}T{:02}", hours.rem_euclid(24))
}

/// Proleptic Gregorian date of a day counted from 1970-01-01.
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
