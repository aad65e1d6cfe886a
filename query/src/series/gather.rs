//! From points of series that are known, in any order, to a frame: sorted, each point once.

use std::ops::Range;

use arrow::{
    array::{Array, PrimitiveArray, RecordBatch},
    compute::interleave_record_batch,
    datatypes::TimestampNanosecondType,
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    directory::{Described, Directory},
    frame::{Frame, Series, Temporality, column},
};

/// A point that arrived so long after its time is late.
const LATE_AFTER_NS: i64 = 60_000_000_000;

/// What is needed of points besides their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Of histograms.
    pub buckets: bool,
    pub exemplars: bool,
}

/// What one frame may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub series_max: usize,
    pub points_max: usize,
    /// Memory of the points.
    pub bytes_max: usize,
}

/// Of the points that were gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Kept, those below included.
    pub points: u64,
    /// Arrived more than a minute after their time.
    pub late: u64,
    /// Left out: others are of the same series and time.
    pub doubled: u64,
    /// When the newest arrived, in nanoseconds since 1970.
    pub newest_received: Option<i64>,
}

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error("the selector has more than {max} series")]
    Series { max: usize },
    #[error("the selected series have more than {max} points")]
    Points { max: usize },
    #[error("the points of the selected series take more than {max} bytes")]
    Bytes { max: usize },
    #[error("the points cannot be read: {0}")]
    Unreadable(#[from] ArrowError),
}

/// Takes batches with the columns of [`Wanted::columns`].
#[derive(Debug)]
pub struct Gather {
    limits: Limits,
    wanted: Wanted,
    directory: Directory,
    pieces: Vec<RecordBatch>,
    /// Of each series of the directory, as they are met.
    runs: Vec<Vec<Run>>,
    bytes: usize,
    counts: Counts,
}

impl Wanted {
    /// Columns of points as they are kept.
    fn kept(self) -> Vec<&'static str> {
        let mut columns = vec![c::START_TIME, c::TIME, c::VALUE_DOUBLE, c::VALUE_INT, c::COUNT, c::SUM, c::FLAGS];
        if self.buckets {
            columns.extend([c::BOUNDS, c::BUCKET_COUNTS, c::SCALE, c::ZERO_COUNT, c::ZERO_THRESHOLD]);
            columns.extend([c::POSITIVE_OFFSET, c::POSITIVE_COUNTS, c::NEGATIVE_OFFSET, c::NEGATIVE_COUNTS]);
        }
        if self.exemplars {
            columns.push(c::EXEMPLARS);
        }
        columns
    }

    /// All columns that are needed, each once.
    pub fn columns(self) -> Vec<&'static str> {
        let mut columns = self.kept();
        columns.extend(Directory::KEYS);
        columns.push(c::RECEIVED_AT);
        columns
    }
}

impl Gather {
    /// Of the series in `directory`; others are passed over.
    ///
    /// # Errors
    /// When there are more series than it has.
    pub fn new(directory: Directory, wanted: Wanted, limits: Limits) -> Result<Self, GatherError> {
        if directory.is_full() || directory.series().len() > limits.series_max {
            return Err(GatherError::Series { max: limits.series_max });
        }
        let runs = vec![Vec::new(); directory.series().len()];
        Ok(Self { limits, wanted, directory, pieces: Vec::new(), runs, bytes: 0, counts: Counts::default() })
    }

    /// # Errors
    /// When it is too much, which says what, or a column is missing.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), GatherError> {
        let times = column::<TimestampNanosecondType>(batch, c::TIME)?;
        let received = column::<TimestampNanosecondType>(batch, c::RECEIVED_AT)?;
        let piece = self.pieces.len();
        let mut points = 0;
        self.directory.runs(batch, |owner, rows| {
            points += rows.len();
            let (times, received) = (&times.values()[rows.clone()], &received.values()[rows.clone()]);
            self.counts.newest_received = self.counts.newest_received.max(received.iter().max().copied());
            let late = received.iter().zip(times).filter(|(received, time)| received.saturating_sub(**time) > LATE_AFTER_NS);
            self.counts.late += late.count() as u64;
            self.runs[owner as usize].extend(rising(times).map(|within| Run {
                piece,
                first: times[within.start],
                last: times[within.end - 1],
                rows: rows.start + within.start..rows.start + within.end,
            }));
        })?;
        if points == 0 {
            return Ok(());
        }
        self.counts.points += points as u64;
        if self.counts.points > self.limits.points_max as u64 {
            return Err(GatherError::Points { max: self.limits.points_max });
        }
        let positions = self.wanted.kept().into_iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        let kept = batch.project(&positions)?;
        self.bytes += kept.get_array_memory_size();
        if self.bytes > self.limits.bytes_max {
            return Err(GatherError::Bytes { max: self.limits.bytes_max });
        }
        self.pieces.push(kept);
        Ok(())
    }

    /// Series are in the order of their labels.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn finish(self) -> Result<(Frame, Counts), GatherError> {
        let Self { wanted, directory, pieces, runs, mut counts, .. } = self;
        let mut found: Vec<(Described, Vec<Run>)> = directory.into_series().into_iter().zip(runs).collect();
        found.retain(|(_, runs)| !runs.is_empty());
        found.sort_by(|(a, _), (b, _)| (&a.metric, &a.labels, a.kind).cmp(&(&b.metric, &b.labels, b.kind)));

        let order = Order::new(&pieces)?;
        let mut rows: Vec<(usize, usize)> = Vec::with_capacity(usize::try_from(counts.points).unwrap_or_default());
        let mut series = Vec::with_capacity(found.len());
        for (of, runs) in found {
            let begin = rows.len();
            order.append(&mut rows, runs, of.kind.temporality() == Some(Temporality::Delta));
            series.push(Series { metric: of.metric, labels: of.labels, kind: of.kind, unit: of.unit, rows: begin..rows.len() });
        }
        counts.doubled = counts.points - rows.len() as u64;
        let points = match pieces.as_slice() {
            [] => RecordBatch::new_empty(empty(wanted)),
            _ => interleave_record_batch(&pieces.iter().collect::<Vec<_>>(), &rows)?,
        };
        drop(pieces);
        Ok((Frame::new(series, &points)?, counts))
    }
}

/// Points of one series, side by side in a piece; their times rise.
#[derive(Debug, Clone)]
struct Run {
    piece: usize,
    rows: Range<usize>,
    /// In nanoseconds since 1970.
    first: i64,
    last: i64,
}

/// What tells in which order points are: their times and starts, piece by piece.
struct Order {
    times: Vec<PrimitiveArray<TimestampNanosecondType>>,
    starts: Vec<PrimitiveArray<TimestampNanosecondType>>,
}

impl Order {
    fn new(pieces: &[RecordBatch]) -> Result<Self, ArrowError> {
        let of = |name: &str| pieces.iter().map(|piece| column::<TimestampNanosecondType>(piece, name)).collect::<Result<_, _>>();
        Ok(Self { times: of(c::TIME)?, starts: of(c::START_TIME)? })
    }

    /// Appends the points of a series by time: piece and row. Of two at one time the one that was met last stays, both when `delta` and
    /// they start apart.
    fn append(&self, order: &mut Vec<(usize, usize)>, mut runs: Vec<Run>, delta: bool) {
        let begin = order.len();
        // Mostly they are in order already.
        runs.sort_by_key(|run| run.first);
        let apart = runs.windows(2).all(|pair| pair[0].last < pair[1].first);
        if apart {
            return runs.into_iter().for_each(|run| order.extend(run.rows.map(|row| (run.piece, row))));
        }
        // As they were met.
        runs.sort_by_key(|run| (run.piece, run.rows.start));
        runs.into_iter().for_each(|run| order.extend(run.rows.map(|row| (run.piece, row))));
        let time = |(piece, row): (usize, usize)| self.times[piece].value(row);
        let start = |(piece, row): (usize, usize)| self.starts[piece].is_valid(row).then(|| self.starts[piece].value(row));
        order[begin..].sort_by_key(|place| time(*place));
        let mut kept = begin;
        for at in begin..order.len() {
            let place = order[at];
            let before = kept.checked_sub(1).filter(|before| *before >= begin).map(|before| order[before]);
            let same = before.is_some_and(|before| time(before) == time(place) && (!delta || start(before) == start(place)));
            kept += usize::from(!same);
            order[kept - 1] = place;
        }
        order.truncate(kept);
    }
}

/// The parts of `times` within which they rise, one after the other.
fn rising(times: &[i64]) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    times.chunk_by(|before, after| before < after).map(move |part| {
        let range = begin..begin + part.len();
        begin = range.end;
        range
    })
}

/// The schema of points when there are none.
fn empty(wanted: Wanted) -> arrow::datatypes::SchemaRef {
    let all = schemas::Table::Metrics.schema();
    let fields: Vec<_> = wanted.kept().into_iter().filter_map(|name| all.field_with_name(name).ok().cloned()).collect();
    std::sync::Arc::new(arrow::datatypes::Schema::new(fields))
}
