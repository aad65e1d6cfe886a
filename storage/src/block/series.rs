//! Which series a block of metrics has, and where their points are. Points of a series stand side by side in a block, so what names it
//! is read of its first point only.
//!
//! ```text
//! rows of a part   a a a a b b b c c c c c
//! runs             0..4    4..7  7..12        each with the times of its first and last point
//! described        a       b     c            the columns of `DESCRIBED`
//! ```
//! A block is looked at in parts of [`PART_ROWS`], so that no number of series takes more memory than a part.

use std::{collections::HashSet, ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, TimestampNanosecondArray, UInt64Array},
    compute::{concat_batches, take_record_batch},
    datatypes::{Int32Type, Schema, SchemaRef, TimestampNanosecondType, UInt64Type},
    error::ArrowError,
};
use schemas::{Table, columns as c};

use super::{Block, BlockError, TimeRange};

/// Rows that are looked at together.
pub(crate) const PART_ROWS: usize = 128 * 1024;
/// Parts with more runs are not kept: they are mostly of series with few points, and would take the place of everything else.
pub(super) const RUNS_KEPT_MAX: usize = PART_ROWS / 8;

/// What tells runs apart, and when their points are.
pub(super) const KEYS: [&str; 5] = [c::METRIC_TYPE, c::TEMPORALITY, c::MONOTONIC, c::SERIES_ID, c::TIME];

/// What names a series, and does not differ between its points.
pub(super) const DESCRIBED: [&str; 16] = [
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_INSTANCE_ID,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::K8S_POD_NAME,
    c::K8S_NAMESPACE_NAME,
    c::HOST_NAME,
    c::METRIC_NAME,
    c::METRIC_TYPE,
    c::UNIT,
    c::METRIC_DESCRIPTION,
    c::TEMPORALITY,
    c::MONOTONIC,
    c::SERIES_ID,
    c::ATTRIBUTES,
];

/// The series of a part of a block.
#[derive(Debug)]
pub(crate) struct BlockSeries {
    runs: Vec<Run>,
    /// A row for each run.
    described: RecordBatch,
}

/// Points of one series, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    id: u64,
    /// Of the block.
    rows: Range<usize>,
    /// In nanoseconds since 1970.
    first: i64,
    last: i64,
}

impl BlockSeries {
    /// Of the rows of a block from `first_row` on: `keys` has the columns of [`KEYS`], and `describe` reads those of [`DESCRIBED`] of some
    /// rows.
    pub(super) fn read(
        first_row: usize,
        keys: &[RecordBatch],
        describe: impl FnOnce(Vec<Range<usize>>) -> Result<Vec<RecordBatch>, BlockError>,
    ) -> Result<Self, BlockError> {
        let runs = runs(first_row, keys)?;
        let described = describe(runs.iter().map(|run| run.rows.start..run.rows.start + 1).collect())?;
        let schema = described.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let described = concat_batches(&schema, &described)?;
        if described.num_rows() != runs.len() {
            return Err(BlockError::Rows { found: described.num_rows() as u64, expected: runs.len() as u64 });
        }
        Ok(Self { described, runs })
    }

    pub(super) fn is_kept(&self) -> bool {
        self.runs.len() <= RUNS_KEPT_MAX
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.runs.len() * size_of::<Run>() + self.described.get_array_memory_size()
    }

    /// What names each of them, a row for each; one series may have several.
    pub(crate) fn described(&self) -> &RecordBatch {
        &self.described
    }

    /// Whether the series of a row of [`Self::described`] has points from before to after some moment of `time`.
    pub(crate) fn touches(&self, row: usize, time: TimeRange) -> bool {
        self.runs.get(row).is_some_and(|run| run.first <= time.last.0 && time.first.0 <= run.last)
    }

    /// Rows of the block with points of these series: ascending, disjoint, no two side by side.
    pub(super) fn rows_of(&self, ids: &HashSet<u64>) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for run in self.runs.iter().filter(|run| ids.contains(&run.id)) {
            match found.last_mut() {
                Some(before) if before.end == run.rows.start => before.end = run.rows.end,
                _ => found.push(run.rows.clone()),
            }
        }
        found
    }

    /// Those of `metric`, or of all, with points in `time`, as [`Snapshot::series`](crate::Snapshot::series) tells them; `times` reads
    /// column `time` of some rows.
    pub(super) fn within(
        &self,
        metric: Option<&str>,
        time: TimeRange,
        times: impl FnOnce(Vec<Range<usize>>) -> Result<Vec<RecordBatch>, BlockError>,
    ) -> Result<RecordBatch, BlockError> {
        let (first, last) = (time.first.0, time.last.0);
        let is_wanted = of_metric(&self.described, metric)?;
        let touched = || {
            let touched = self.runs.iter().enumerate().filter(|(_, run)| run.first <= last && first <= run.last);
            touched.filter(|(place, _)| is_wanted(*place))
        };
        let is_cut = |run: &Run| run.first < first || last < run.last;
        let cut: Vec<Range<usize>> = touched().filter(|(_, run)| is_cut(run)).map(|(_, run)| run.rows.clone()).collect();
        let read = if cut.is_empty() { Vec::new() } else { times(cut)? };
        let mut read = read.iter().filter_map(times_of).flat_map(|times| times.values().iter());
        let (mut rows, mut newest, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for (place, run) in touched() {
            let (mut count, mut at) = (run.rows.len() as u64, run.last);
            if is_cut(run) {
                let within = read.by_ref().take(run.rows.len()).filter(|at| (first..=last).contains(*at));
                (count, at) = within.fold((0, i64::MIN), |(count, newest), at| (count + 1, newest.max(*at)));
            }
            if count > 0 {
                rows.push(place as u64);
                newest.push(at);
                points.push(count);
            }
        }
        let described = take_record_batch(&self.described, &UInt64Array::from(rows))?;
        Ok(listed(&described, newest, points)?)
    }
}

/// Points in memory as [`Snapshot::series`](crate::Snapshot::series) tells series: each for itself. `points` has the table's columns.
pub(crate) fn each_point(points: &RecordBatch, metric: Option<&str>, time: TimeRange) -> Result<RecordBatch, ArrowError> {
    let times = times_of(points).ok_or_else(wrong)?;
    let is_wanted = of_metric(points, metric)?;
    let within = times.values().iter().enumerate().filter(|(_, at)| (time.first.0..=time.last.0).contains(*at));
    let within = within.filter(|(row, _)| is_wanted(*row)).map(|(row, at)| (row as u64, *at));
    let (rows, newest): (Vec<u64>, Vec<i64>) = within.unzip();
    let places = DESCRIBED.iter().map(|name| points.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let count = rows.len();
    let described = take_record_batch(&points.project(&places)?, &UInt64Array::from(rows))?;
    listed(&described, newest, vec![1; count])
}

/// The columns of [`listed`].
pub(crate) fn listed_schema() -> SchemaRef {
    let table = Table::Metrics.schema();
    let field = |name: &&str| table.field_with_name(name).ok().cloned();
    Arc::new(Schema::new([&DESCRIBED[..], &[c::TIME, c::COUNT]].concat().iter().filter_map(field).collect::<Vec<_>>()))
}

fn listed(described: &RecordBatch, newest: Vec<i64>, points: Vec<u64>) -> Result<RecordBatch, ArrowError> {
    let schema = listed_schema();
    let time = TimestampNanosecondArray::from(newest);
    let columns = schema.fields().iter().map(|field| -> Result<ArrayRef, ArrowError> {
        Ok(match field.name().as_str() {
            c::TIME => Arc::new(time.clone().with_data_type(field.data_type().clone())),
            c::COUNT => Arc::new(UInt64Array::from(points.clone())),
            name if described.num_rows() > 0 => {
                let found = described.column_by_name(name);
                Arc::clone(found.ok_or_else(|| ArrowError::SchemaError(format!("column {name} of points is missing")))?)
            }
            _ => arrow::array::new_empty_array(field.data_type()),
        })
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)
}

/// Tells the rows of `metric` from others, or takes all.
fn of_metric(rows: &RecordBatch, metric: Option<&str>) -> Result<impl Fn(usize) -> bool + use<>, ArrowError> {
    let named = |metric: &str| {
        let names = rows.column_by_name(c::METRIC_NAME).and_then(|names| names.as_dictionary_opt::<Int32Type>()).ok_or_else(wrong)?;
        let is_it: Vec<bool> = names.values().as_string_opt::<i32>().ok_or_else(wrong)?.iter().map(|name| name == Some(metric)).collect();
        Ok::<_, ArrowError>((names.keys().clone(), is_it))
    };
    let named = metric.filter(|_| rows.num_rows() > 0).map(named).transpose()?;
    Ok(move |row: usize| named.as_ref().is_none_or(|(keys, is_it)| keys.is_valid(row) && is_it[keys.value(row) as usize]))
}

fn wrong() -> ArrowError {
    ArrowError::SchemaError("columns of points are missing or of another type".to_owned())
}

pub(crate) fn times_of(rows: &RecordBatch) -> Option<&TimestampNanosecondArray> {
    rows.column_by_name(c::TIME)?.as_primitive_opt::<TimestampNanosecondType>()
}

/// Of rows that follow each other from `first_row` on. Where a run ends with its batch, the next may be of the same series.
fn runs(first_row: usize, keys: &[RecordBatch]) -> Result<Vec<Run>, ArrowError> {
    let (mut runs, mut begin) = (Vec::new(), first_row);
    for batch in keys {
        let ids = batch.column_by_name(c::SERIES_ID).and_then(|ids| ids.as_primitive_opt::<UInt64Type>()).ok_or_else(wrong)?;
        let times = times_of(batch).ok_or_else(wrong)?;
        let types = batch.column_by_name(c::METRIC_TYPE).and_then(|types| types.as_dictionary_opt::<Int32Type>()).ok_or_else(wrong)?;
        let temporalities: Option<&PrimitiveArray<Int32Type>> = batch.column_by_name(c::TEMPORALITY).and_then(|of| of.as_primitive_opt());
        let temporalities = temporalities.ok_or_else(wrong)?;
        let monotonic = batch.column_by_name(c::MONOTONIC).and_then(|of| of.as_boolean_opt()).ok_or_else(wrong)?;
        let key = |row: usize| {
            let temporality = temporalities.is_valid(row).then(|| temporalities.value(row));
            (ids.value(row), types.key(row), temporality, monotonic.is_valid(row) && monotonic.value(row))
        };
        let mut before = None;
        for row in 0..batch.num_rows() {
            let (key, at) = (key(row), times.value(row));
            match runs.last_mut() {
                Some(Run { rows, first, last, .. }) if before == Some(key) => {
                    rows.end += 1;
                    (*first, *last) = (at.min(*first), at.max(*last));
                }
                _ => runs.push(Run { id: key.0, rows: begin + row..begin + row + 1, first: at, last: at }),
            }
            before = Some(key);
        }
        begin += batch.num_rows();
    }
    Ok(runs)
}
/// Parts in which the series of a block are looked at.
pub(crate) fn parts(block: &Block) -> usize {
    usize::try_from(block.rows).unwrap_or(usize::MAX).div_ceil(PART_ROWS)
}
