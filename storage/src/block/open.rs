//! A block opened for reading piece by piece: what its row groups hold, and their rows, column by column.
//!
//! ```text
//! open (footer, from the cache) -> bounds of row groups -> the reader's owner chooses row groups and rows
//!      -> read one row group: predicate columns first, the other columns only of rows that it keeps; none whose rows are all alike
//! ```

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray, UInt64Array},
    datatypes::{Schema, SchemaRef},
    error::ArrowError,
    record_batch::RecordBatch,
};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
        RowSelection, statistics::StatisticsConverter,
    },
};

use super::{
    Block, BlockError, BlockReader, ColumnStatistics,
    file::BlockFile,
    statistics,
    told::{Told, conform, told},
};

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

    /// All columns of the rows in `ranges`, which are in order, disjoint, and end within the block.
    pub(super) fn rows(&self, ranges: &[Range<usize>], batch_rows: usize) -> Result<Vec<RecordBatch>, BlockError> {
        let (mut batches, mut begin) = (Vec::new(), 0);
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        for (row_group, rows) in self.row_groups().enumerate() {
            let end = begin + rows;
            let within = ranges.iter().map(|range| range.start.max(begin)..range.end.min(end)).filter(|range| !range.is_empty());
            let within: Vec<Range<usize>> = within.map(|range| range.start - begin..range.end - begin).collect();
            if !within.is_empty() {
                let rows = Some(within).filter(|within| within.first() != Some(&(0..rows)));
                let read = Read { row_group, rows, columns: all.clone(), predicates: Vec::new(), batch_rows };
                batches.extend(self.read(read)?.collect::<Result<Vec<_>, _>>()?);
            }
            begin = end;
        }
        Ok(batches)
    }

    /// The batches of `read`. A damaged page is an error of that batch.
    ///
    /// # Errors
    /// When the pages cannot be found.
    pub(crate) fn read(&self, read: Read) -> Result<Batches, BlockError> {
        let told = self.told(read.row_group, &read.columns);
        self.read_but(read, told)
    }

    /// As [`Self::read`], from the pages of all columns.
    pub(crate) fn read_pages(&self, read: Read) -> Result<Batches, BlockError> {
        self.read_but(read, Vec::new())
    }

    /// `batch`, which has all columns, with what the footer says of those whose rows it says are all alike: it should be the same.
    pub(crate) fn footer_says(&self, row_group: usize, batch: &RecordBatch) -> Result<RecordBatch, BlockError> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let told = self.told(row_group, &all);
        Ok(conform(&self.schema, batch, &told)?)
    }

    fn read_but(&self, read: Read, told: Vec<Option<Told>>) -> Result<Batches, BlockError> {
        let wanted = self.projection(&read.columns)?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
            .with_row_groups(vec![read.row_group])
            .with_batch_size(read.batch_rows)
            .with_projection(self.mask(&read.columns, &told));
        if let Some(rows) = read.rows {
            let total = self.row_groups().nth(read.row_group).unwrap_or_default();
            builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(rows.into_iter(), total));
        }
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::with_capacity(read.predicates.len());
        for Predicate { columns, mut keep } in read.predicates {
            let (schema, told) = (self.projection(&columns)?, self.told(read.row_group, &columns));
            let mask = self.mask(&columns, &told);
            predicates.push(Box::new(ArrowPredicateFn::new(mask, move |batch| keep(&conform(&schema, &batch, &told)?))));
        }
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        Ok(Batches { reader: builder.build()?, schema: wanted, told })
    }

    fn projection(&self, columns: &[usize]) -> Result<SchemaRef, ArrowError> {
        self.schema.project(columns).map(|schema| Arc::new(Schema::new(schema.fields)))
    }

    /// Of each of these columns, if its rows are all alike.
    fn told(&self, row_group: usize, columns: &[usize]) -> Vec<Option<Told>> {
        columns.iter().map(|column| told(&self.footer, row_group, self.schema.field(*column))).collect()
    }

    /// Those that have to be read.
    fn mask(&self, columns: &[usize], told: &[Option<Told>]) -> ProjectionMask {
        let in_file = |name: &str| self.footer.schema().fields().iter().position(|field| field.name() == name);
        let read = columns.iter().enumerate().filter(|(place, _)| told.get(*place).is_none_or(Option::is_none));
        let roots = read.filter_map(|(_, column)| in_file(self.schema.field(*column).name()));
        ProjectionMask::roots(self.footer.parquet_schema(), roots)
    }
}

/// The batches of one row group.
pub struct Batches {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    told: Vec<Option<Told>>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = catch_unwind(AssertUnwindSafe(|| self.reader.next()));
        match batch {
            Ok(batch) => batch.map(|batch| Ok(conform(&self.schema, &batch?, &self.told)?)),
            Err(_) => Some(Err(BlockError::Panicked)),
        }
    }
}
