//! A block opened for reading piece by piece: what its row groups hold, and their rows, column by column.
//!
//! ```text
//! open (footer, from the cache) -> bounds of row groups -> the reader's owner chooses row groups and rows
//!      -> read one row group: predicate columns first, the other columns only of rows that it keeps
//! ```

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray, UInt64Array, new_null_array},
    datatypes::{Schema, SchemaRef},
    error::ArrowError,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
        RowSelection, statistics::StatisticsConverter,
    },
};

use super::{Block, BlockError, BlockReader, ColumnStatistics, file::BlockFile, statistics};

/// Which rows and columns of one row group to read.
pub struct Read {
    pub row_group: usize,
    /// Rows within the row group, ascending and disjoint; `None` = all.
    pub rows: Option<Vec<Range<usize>>>,
    /// Positions in the table's schema; the batches have these columns in this order.
    pub columns: Vec<usize>,
    /// Rows that one of them does not keep are left out: later ones are not asked of such rows, and other columns of them are not decoded.
    pub predicates: Vec<Predicate>,
    pub batch_rows: usize,
}

/// Says of each row whether it is wanted.
pub struct Predicate {
    /// Positions in the table's schema, ascending; the batch that `keep` gets has these in this order.
    pub columns: Vec<usize>,
    pub keep: Keep,
}

/// One answer per row of a batch.
pub type Keep = Box<dyn FnMut(&RecordBatch) -> Result<BooleanArray, ArrowError> + Send>;

/// Smallest and largest value and the number of nulls of one column, an entry per row group. A null bound is unknown.
#[derive(Debug, Clone)]
pub struct RowGroupBounds {
    pub min: ArrayRef,
    pub max: ArrayRef,
    pub nulls: UInt64Array,
}

/// One block, its footer in hand. Reads are blocking.
pub struct OpenBlock {
    block: Arc<Block>,
    file: BlockFile,
    footer: ArrowReaderMetadata,
    schema: SchemaRef,
}

impl OpenBlock {
    pub(crate) fn new(reader: &BlockReader, block: Arc<Block>) -> Result<Self, BlockError> {
        let (file, footer) = reader.file_and_footer(&block)?;
        let schema = block.table.schema();
        Ok(Self { block, file, footer, schema })
    }

    pub(crate) fn block(&self) -> Arc<Block> {
        Arc::clone(&self.block)
    }

    /// Rows of each row group.
    pub fn row_groups(&self) -> impl ExactSizeIterator<Item = usize> {
        self.footer.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
    }

    /// Bounds of a column of the table; `None` when the file has no such column or says nothing about it.
    pub fn bounds(&self, column: &str) -> Option<RowGroupBounds> {
        let converter = StatisticsConverter::try_new(column, self.footer.schema(), self.footer.parquet_schema()).ok()?;
        converter.parquet_column_index()?;
        let groups = self.footer.metadata().row_groups();
        Some(RowGroupBounds {
            min: converter.row_group_mins(groups).ok()?,
            max: converter.row_group_maxes(groups).ok()?,
            nulls: converter.row_group_null_counts(groups).ok()?,
        })
    }

    /// What the footer says of every column that has a field id.
    pub(crate) fn statistics(&self) -> Vec<ColumnStatistics> {
        statistics::of_file(self.footer.metadata())
    }

    /// Whether the file has this column; one that it has not reads as null.
    pub fn has(&self, column: &str) -> bool {
        self.footer.schema().field_with_name(column).is_ok()
    }

    /// The batches of `read`. A damaged page is an error of that batch.
    ///
    /// # Errors
    /// When the pages cannot be found.
    pub(crate) fn read(&self, read: Read) -> Result<Batches, BlockError> {
        let wanted = self.projection(&read.columns)?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
            .with_row_groups(vec![read.row_group])
            .with_batch_size(read.batch_rows)
            .with_projection(self.mask(&read.columns));
        if let Some(rows) = read.rows {
            let total = self.row_groups().nth(read.row_group).unwrap_or_default();
            builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(rows.into_iter(), total));
        }
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::with_capacity(read.predicates.len());
        for Predicate { columns, mut keep } in read.predicates {
            let schema = self.projection(&columns)?;
            predicates.push(Box::new(ArrowPredicateFn::new(self.mask(&columns), move |batch| keep(&conform(&schema, &batch)?))));
        }
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        Ok(Batches { reader: builder.build()?, schema: wanted })
    }

    fn projection(&self, columns: &[usize]) -> Result<SchemaRef, ArrowError> {
        self.schema.project(columns).map(|schema| Arc::new(Schema::new(schema.fields)))
    }

    fn mask(&self, columns: &[usize]) -> ProjectionMask {
        let in_file = |name: &str| self.footer.schema().fields().iter().position(|field| field.name() == name);
        let roots = columns.iter().filter_map(|column| in_file(self.schema.field(*column).name()));
        ProjectionMask::roots(self.footer.parquet_schema(), roots)
    }
}

/// The batches of one row group.
pub struct Batches {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = catch_unwind(AssertUnwindSafe(|| self.reader.next()));
        match batch {
            Ok(batch) => batch.map(|batch| Ok(conform(&self.schema, &batch?)?)),
            Err(_) => Some(Err(BlockError::Panicked)),
        }
    }
}

/// The columns of `schema`, in that order; those that the file's build did not know yet are null.
pub(super) fn conform(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => Arc::clone(column),
        None => new_null_array(field.data_type(), batch.num_rows()),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect(), &options)
}
