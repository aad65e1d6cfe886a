//! Reads blocks: the rows of one trace by its index, or everything.

use std::{
    collections::{BTreeSet, HashSet},
    io, iter,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use arrow::{
    array::{Array, AsArray, BooleanArray},
    compute::filter_record_batch,
    datatypes::{Field, Schema},
    error::ArrowError,
    record_batch::RecordBatch,
};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
        },
    },
    errors::ParquetError,
    file::metadata::PageIndexPolicy,
};
use schemas::{SCHEMA_VERSION, Table, TraceId, columns};

use super::{
    Block, BlockCache, BlockSeries, FORMAT_KEY, FORMAT_VERSION, PART_ROWS, SCHEMA_KEY, Sidecar, Sums, TimeRange, TraceIndex,
    cache::{Cached, Key},
    damage::Suspects,
    file::BlockFile,
    open::OpenBlock,
    series,
    tix::TixError,
    told::conform,
};
use crate::{
    attributes::{self, AttributeIndex},
    io::{Io, IoFile},
    rollup::{self, OperationMinutes, RollupError},
    self_metrics::TRACE_INDEX_UNUSABLE_TOTAL,
    text::{self, TextIndex},
};

const BATCH_ROWS: usize = 8192;

#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    #[error("open")]
    Io(#[from] io::Error),
    #[error("decode")]
    Parquet(#[from] ParquetError),
    #[error("convert")]
    Arrow(#[from] ArrowError),
    #[error("format {found} is newer than {FORMAT_VERSION}, the newest this build reads")]
    NewerFormat { found: String },
    #[error("tables of version {found} are newer than {SCHEMA_VERSION}, the newest this build reads")]
    NewerSchema { found: String },
    #[error("{found} rows found, {expected} expected")]
    Rows { found: u64, expected: u64 },
    #[error("add up")]
    Rollup(#[from] RollupError),
    #[error("derive rows again: {0}")]
    Derive(String),
    #[error("the decoder panicked on damaged data")]
    Panicked,
}

/// Reads the blocks of one data directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BlockReader {
    io: Arc<dyn Io>,
    data_dir: PathBuf,
    cache: Arc<BlockCache>,
    trace_indexes: Arc<BlockCache>,
    /// Ids of blocks with an index that cannot be used.
    ill_indexed: Arc<Mutex<BTreeSet<u64>>>,
    suspects: Suspects,
}

impl BlockReader {
    pub(crate) fn new(io: Arc<dyn Io>, data_dir: PathBuf, cache: Arc<BlockCache>, trace_indexes: Arc<BlockCache>) -> Self {
        Self { io, data_dir, cache, trace_indexes, ill_indexed: Arc::default(), suspects: Suspects::default() }
    }

    /// Blocks that a read failed on.
    pub(crate) fn suspects(&self) -> &Suspects {
        &self.suspects
    }

    /// Blocks with an index that was found missing, damaged or of another block: written anew, they get new ones.
    pub(crate) fn ill_indexed(&self) -> BTreeSet<u64> {
        self.ill_indexed.lock().expect("no holder panics").clone()
    }

    fn note_ill_indexed(&self, block: &Block) {
        self.ill_indexed.lock().expect("no holder panics").insert(block.id);
    }

    /// The spans of `id` in a block of spans. A block without a usable index is searched whole.
    pub(crate) fn trace(&self, block: &Block, id: TraceId) -> Result<Vec<RecordBatch>, BlockError> {
        guarded(|| match self.rows_of_trace(block, id) {
            Some(rows) => self.trace_in_rows(block, id, rows),
            None => self.trace_by_search(block, id),
        })
    }

    /// The rows of a block that can belong to a trace, by its index; `None` when there is no index to ask. A missing or damaged one
    /// costs time, never an answer.
    pub(crate) fn rows_of_trace(&self, block: &Block, id: TraceId) -> Option<Vec<Range<usize>>> {
        self.rows_of_traces(block, &[id])
    }

    /// As [`Self::rows_of_trace`], of several traces, one after the other.
    pub(crate) fn rows_of_traces(&self, block: &Block, ids: &[TraceId]) -> Option<Vec<Range<usize>>> {
        let rows = usize::try_from(block.rows).ok()?;
        let sidecar = block.trace_index.as_ref()?;
        let found = self.find_traces(block.id, sidecar, ids).inspect_err(|error| {
            metrics::counter!(TRACE_INDEX_UNUSABLE_TOTAL).increment(1);
            tracing::error!(path = %sidecar.path.display(), error = error as &dyn std::error::Error, "trace index ignored");
            self.note_ill_indexed(block);
        });
        found.ok().filter(|ranges| ranges.iter().all(|range| range.end <= rows))
    }

    fn find_traces(&self, block: u64, sidecar: &Sidecar, ids: &[TraceId]) -> Result<Vec<Range<usize>>, TixError> {
        let path = self.data_dir.join(&sidecar.path);
        let index = self.trace_index(block, &path, sidecar.bytes)?;
        let mut opened: Option<Arc<dyn IoFile>> = None;
        let mut found = Vec::new();
        for id in ids {
            found.extend(index.find(*id, || match &opened {
                Some(file) => Ok(Arc::clone(file)),
                None => Ok(Arc::clone(opened.insert(self.io.open_read(&path)?.into()))),
            })?);
        }
        Ok(found)
    }

    /// The text indexes of a block; `None` when it has none.
    pub(crate) fn text_index(&self, block: &Block) -> Option<Arc<TextIndex>> {
        let index = text::load(self.io.as_ref(), &self.data_dir, &self.cache, block)?;
        if index.is_ill() {
            self.note_ill_indexed(block);
        }
        Some(index)
    }

    /// The index of the attributes of a block; `None` when it has none.
    pub(crate) fn attribute_index(&self, block: &Block) -> Option<Arc<AttributeIndex>> {
        let index = attributes::load(self.io.as_ref(), &self.data_dir, &self.cache, block)?;
        if index.is_ill() {
            self.note_ill_indexed(block);
        }
        Some(index)
    }

    /// Every row, in file order.
    pub(crate) fn scan(&self, block: &Block) -> Result<Vec<RecordBatch>, BlockError> {
        let rows = usize::try_from(block.rows).unwrap_or(usize::MAX);
        self.rows(block, iter::once(0..rows).collect())
    }

    /// The columns `names` of every row, in file order. Those that the file's build did not know yet are null.
    pub(crate) fn columns(&self, block: &Block, names: &[&str]) -> Result<Vec<RecordBatch>, BlockError> {
        self.columns_of(block, names, None)
    }

    /// So too, of the rows in `ranges`, which are in order and end within the block.
    pub(crate) fn columns_in(&self, block: &Block, names: &[&str], ranges: Vec<Range<usize>>) -> Result<Vec<RecordBatch>, BlockError> {
        let rows = usize::try_from(block.rows).unwrap_or(usize::MAX);
        self.columns_of(block, names, Some(RowSelection::from_consecutive_ranges(ranges.into_iter(), rows)))
    }

    fn columns_of(&self, block: &Block, names: &[&str], rows: Option<RowSelection>) -> Result<Vec<RecordBatch>, BlockError> {
        guarded(|| {
            let builder = self.open(block)?;
            let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
            let schema = block.table.schema();
            let wanted = schema.fields().iter().filter(|field| names.contains(&field.name().as_str())).cloned();
            let wanted = Arc::new(Schema::new(wanted.collect::<Vec<_>>()));
            let builder = builder.with_batch_size(BATCH_ROWS).with_projection(mask);
            let reader = match rows {
                Some(rows) => builder.with_row_selection(rows).build()?,
                None => builder.build()?,
            };
            reader.map(|batch| Ok(conform(&wanted, &batch?, &[])?)).collect()
        })
    }

    /// What the spans of a block add up to by minute. It is kept: a block does not change.
    pub(crate) fn minutes(&self, block: &Block, limit: impl FnOnce(&mut OperationMinutes)) -> Result<RecordBatch, BlockError> {
        if let Some(Cached::Minutes(rows)) = self.cache.get(Key::Minutes(block.id)) {
            return Ok(rows);
        }
        let mut sums = OperationMinutes::default();
        let batches = self.columns(block, &rollup::SPAN_COLUMNS)?;
        batches.iter().try_for_each(|batch| sums.add_spans(batch))?;
        limit(&mut sums);
        let rows = sums.finish()?;
        self.cache.put(Key::Minutes(block.id), Cached::Minutes(rows.clone()));
        Ok(rows)
    }

    /// The series of a part of a block of metrics: its rows from `part * PART_ROWS` on. They are kept, unless they are too many.
    pub(crate) fn series(&self, block: &Block, part: usize) -> Result<Arc<BlockSeries>, BlockError> {
        let key = Key::Series(block.id, part);
        if let Some(Cached::Series(series)) = self.cache.get(key) {
            return Ok(series);
        }
        let rows = usize::try_from(block.rows).unwrap_or(usize::MAX);
        let first = part.saturating_mul(PART_ROWS).min(rows);
        let of_part = iter::once(first..first.saturating_add(PART_ROWS).min(rows)).collect();
        let keys = self.columns_in(block, &series::KEYS, of_part)?;
        let series = Arc::new(BlockSeries::read(first, &keys, |rows| self.columns_in(block, &series::DESCRIBED, rows))?);
        if series.is_kept() {
            self.cache.put(key, Cached::Series(Arc::clone(&series)));
        }
        Ok(series)
    }

    /// Rows of a block with points of these series: ascending and disjoint.
    pub(crate) fn rows_of_series(&self, block: &Block, ids: &HashSet<u64>) -> Result<Vec<Range<usize>>, BlockError> {
        let of_part = |part| Ok(self.series(block, part)?.rows_of(ids));
        Ok((0..series::parts(block)).map(of_part).collect::<Result<Vec<_>, BlockError>>()?.concat())
    }

    /// The series of a part, of `metric` or of all, with points in `time`.
    pub(crate) fn series_within(
        &self,
        block: &Block,
        part: usize,
        metric: Option<&str>,
        time: TimeRange,
    ) -> Result<RecordBatch, BlockError> {
        self.series(block, part)?.within(metric, time, |rows| self.columns_in(block, &[columns::TIME], rows))
    }

    /// What [`Self::keep_edges`] kept.
    pub(crate) fn kept_edges(&self, key: u64) -> Option<RecordBatch> {
        match self.cache.get(Key::OpenEdges(key)) {
            Some(Cached::Minutes(rows)) => Some(rows),
            _ => None,
        }
    }

    /// Keeps what open calls add up to; `key` names what they are.
    pub(crate) fn keep_edges(&self, key: u64, rows: RecordBatch) {
        self.cache.put(Key::OpenEdges(key), Cached::Minutes(rows));
    }

    /// The rows in `ranges`, which are in order and end within the block.
    pub(crate) fn rows(&self, block: &Block, ranges: Vec<Range<usize>>) -> Result<Vec<RecordBatch>, BlockError> {
        guarded(|| self.open_block(block)?.rows(&ranges, BATCH_ROWS))
    }

    fn open_block(&self, block: &Block) -> Result<OpenBlock, BlockError> {
        OpenBlock::new(self, Arc::new(block.clone()))
    }

    fn trace_in_rows(&self, block: &Block, id: TraceId, ranges: Vec<Range<usize>>) -> Result<Vec<RecordBatch>, BlockError> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let selected = ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        let batches = self.open_block(block)?.rows(&ranges, selected.min(BATCH_ROWS))?;
        let mut found = Vec::with_capacity(batches.len());
        for batch in batches {
            let matches = matching(batch.column_by_name(columns::TRACE_ID).map(AsRef::as_ref), id)?;
            match matches.true_count() {
                0 => {}
                rows if rows == batch.num_rows() => found.push(batch),
                _ => found.push(filter_record_batch(&batch, &matches)?),
            }
        }
        Ok(found)
    }

    fn trace_by_search(&self, block: &Block, id: TraceId) -> Result<Vec<RecordBatch>, BlockError> {
        let builder = self.open(block)?;
        let ids = ProjectionMask::columns(builder.parquet_schema(), [columns::TRACE_ID]);
        let wanted = ArrowPredicateFn::new(ids, move |batch| matching(batch.columns().first().map(AsRef::as_ref), id));
        let filter = RowFilter::new(vec![Box::new(wanted)]);
        conform_all(block.table, builder.with_batch_size(BATCH_ROWS).with_row_filter(filter).build()?)
    }

    fn trace_index(&self, id: u64, path: &Path, bytes: u64) -> Result<Arc<TraceIndex>, TixError> {
        if let Some(Cached::TraceIndex(index)) = self.trace_indexes.get(Key::TraceIndex(id)) {
            return Ok(index);
        }
        let index = Arc::new(TraceIndex::load(&*self.io.open_read(path)?, bytes)?);
        self.trace_indexes.put(Key::TraceIndex(id), Cached::TraceIndex(Arc::clone(&index)));
        Ok(index)
    }

    fn open(&self, block: &Block) -> Result<ParquetRecordBatchReaderBuilder<BlockFile>, BlockError> {
        let (file, footer) = self.file_and_footer(block)?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer))
    }

    /// The checksums of a block, or none: without them it is read all the same, and damage may not be seen.
    fn sums(&self, block: &Block) -> Option<Arc<Sums>> {
        let sidecar = block.sums.as_ref()?;
        if let Some(Cached::Sums(sums)) = self.cache.get(Key::Sums(block.id)) {
            return Some(sums);
        }
        let decoded = load(self.io.as_ref(), &self.data_dir.join(&sidecar.path), sidecar.bytes)
            .and_then(|bytes| Sums::decode(&bytes).map_err(io::Error::other));
        match decoded {
            Ok(sums) => {
                let sums = Arc::new(sums);
                self.cache.put(Key::Sums(block.id), Cached::Sums(Arc::clone(&sums)));
                Some(sums)
            }
            Err(error) => {
                tracing::error!(path = %sidecar.path.display(), %error, "checksums of a block cannot be read, it is read unchecked");
                None
            }
        }
    }

    /// The open file of a block and its parsed footer, which is kept for the next reader.
    pub(super) fn file_and_footer(&self, block: &Block) -> Result<(BlockFile, ArrowReaderMetadata), BlockError> {
        let file = BlockFile::new(self.io.open_read(&self.data_dir.join(&block.path))?, self.sums(block))?;
        if let Some(Cached::Footer(footer)) = self.cache.get(Key::Footer(block.id)) {
            return Ok((file, footer));
        }
        let options = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_offset_index_policy(PageIndexPolicy::Optional)
            .with_column_index_policy(PageIndexPolicy::Skip);
        let inferred = ArrowReaderMetadata::load(&file, options.clone())?;
        check_format(&inferred)?;
        let schema = Arc::new(typed_as(block.table, inferred.schema()));
        let footer = ArrowReaderMetadata::try_new(Arc::clone(inferred.metadata()), options.with_schema(schema))?;
        self.cache.put(Key::Footer(block.id), Cached::Footer(footer.clone()));
        Ok((file, footer))
    }
}

/// A file beside a block, which has as many bytes as the catalog says.
pub(crate) fn load(io: &dyn Io, path: &Path, bytes_expected: u64) -> io::Result<Vec<u8>> {
    let file = io.open_read(path)?;
    let actual = file.len()?;
    if actual != bytes_expected {
        return Err(io::Error::other(format!("{actual} bytes, the catalog says {bytes_expected}")));
    }
    let mut bytes = vec![0; usize::try_from(actual).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Parquet does not promise that damaged pages only make errors.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, BlockError>) -> Result<T, BlockError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(BlockError::Panicked))
}

fn check_format(footer: &ArrowReaderMetadata) -> Result<(), BlockError> {
    let entries = footer.metadata().file_metadata().key_value_metadata();
    let entry =
        |key: &str| entries.into_iter().flatten().find(|entry| entry.key == key).map(|entry| entry.value.clone().unwrap_or_default());
    let reads = |found: &str, newest: u32| found.parse::<u32>().is_ok_and(|version| version <= newest);
    let format = entry(FORMAT_KEY).unwrap_or_default();
    if !reads(&format, FORMAT_VERSION) {
        return Err(BlockError::NewerFormat { found: format });
    }
    match entry(SCHEMA_KEY) {
        Some(schema) if !reads(&schema, SCHEMA_VERSION) => Err(BlockError::NewerSchema { found: schema }),
        _ => Ok(()),
    }
}

/// The columns of the file with the types that the table gives them (Parquet keeps no dictionaries).
fn typed_as(table: Table, inferred: &Schema) -> Schema {
    let wanted = table.schema();
    let fields = inferred.fields().iter().map(|field| match wanted.field_with_name(field.name()) {
        Ok(wanted) => Field::new(field.name(), wanted.data_type().clone(), field.is_nullable()),
        Err(_) => field.as_ref().clone(),
    });
    Schema::new(fields.collect::<Vec<Field>>())
}

fn conform_all(table: Table, reader: impl Iterator<Item = Result<RecordBatch, ArrowError>>) -> Result<Vec<RecordBatch>, BlockError> {
    reader.map(|batch| Ok(conform(&table.schema(), &batch?, &[])?)).collect()
}

fn matching(ids: Option<&dyn Array>, id: TraceId) -> Result<BooleanArray, ArrowError> {
    let ids = ids.and_then(AsArray::as_fixed_size_binary_opt);
    let ids = ids.ok_or_else(|| ArrowError::SchemaError("trace_id is not binary".to_owned()))?;
    Ok(ids.iter().map(|value| Some(value == Some(id.as_bytes().as_slice()))).collect())
}
