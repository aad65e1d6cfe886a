//! From points of series that are known, in any order, to a frame: sorted, each point once.

use std::{collections::HashMap, ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayData, ArrayRef, MutableArrayData, PrimitiveArray, RecordBatch, make_array, new_null_array},
    datatypes::{Field, Schema, SchemaRef, TimestampNanosecondType, UInt64Type},
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    directory::{Described, Directory},
    frame::{Frame, Kind, Series, Temporality, column, named},
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

/// Takes batches with the columns of [`Gather::columns`].
#[derive(Debug)]
pub struct Gather {
    limits: Limits,
    directory: Directory,
    /// See [`Directory::by_id`].
    by_id: Option<HashMap<u64, u32>>,
    /// Columns of points as they are kept.
    kept: Vec<&'static str>,
    pieces: Vec<RecordBatch>,
    /// Of each series of the directory, as they are met.
    runs: Vec<Vec<Run>>,
    bytes: usize,
    counts: Counts,
}

impl Wanted {
    /// Columns that say something of series of these kinds.
    fn kept(self, kinds: impl Iterator<Item = Kind> + Clone) -> Vec<&'static str> {
        let mut columns = vec![c::START_TIME, c::TIME, c::FLAGS];
        if kinds.clone().any(|kind| !kind.is_distribution()) {
            columns.extend([c::VALUE_DOUBLE, c::VALUE_INT]);
        }
        let has_distributions = kinds.into_iter().any(Kind::is_distribution);
        if has_distributions {
            columns.extend([c::COUNT, c::SUM]);
        }
        if self.buckets && has_distributions {
            columns.extend([c::BOUNDS, c::BUCKET_COUNTS, c::SCALE, c::ZERO_COUNT, c::ZERO_THRESHOLD]);
            columns.extend([c::POSITIVE_OFFSET, c::POSITIVE_COUNTS, c::NEGATIVE_OFFSET, c::NEGATIVE_COUNTS]);
        }
        if self.exemplars {
            columns.push(c::EXEMPLARS);
        }
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
        let kept = wanted.kept(directory.series().iter().map(|series| series.kind));
        let by_id = directory.by_id();
        Ok(Self { limits, directory, by_id, kept, pieces: Vec::new(), runs, bytes: 0, counts: Counts::default() })
    }

    /// All that are needed, each once.
    pub fn columns(&self) -> Vec<&'static str> {
        let keys: &[&str] = if self.by_id.is_some() { &[c::SERIES_ID] } else { &Directory::KEYS };
        self.kept.iter().chain(keys).chain([&c::RECEIVED_AT]).copied().collect()
    }

    /// # Errors
    /// When it is too much, which says what, or a column is missing.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), GatherError> {
        let times = column::<TimestampNanosecondType>(batch, c::TIME)?;
        let received = column::<TimestampNanosecondType>(batch, c::RECEIVED_AT)?;
        let piece = self.pieces.len();
        let mut points = 0;
        let each = |owner: u32, rows: Range<usize>| {
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
        };
        match &self.by_id {
            Some(by_id) => runs_by_id(batch, by_id, each)?,
            None => self.directory.runs(batch, each)?,
        }
        if points == 0 {
            return Ok(());
        }
        self.counts.points += points as u64;
        if self.counts.points > self.limits.points_max as u64 {
            return Err(GatherError::Points { max: self.limits.points_max });
        }
        let positions = self.kept.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
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
        let Self { directory, kept, pieces, runs, mut counts, .. } = self;
        let mut found: Vec<(Described, Vec<Run>)> = directory.into_series().into_iter().zip(runs).collect();
        found.retain(|(_, runs)| !runs.is_empty());
        found.sort_by(|(a, _), (b, _)| (&a.metric, &a.labels, a.kind).cmp(&(&b.metric, &b.labels, b.kind)));

        let order = Order::new(&pieces)?;
        let mut rows = Rows::default();
        let mut series = Vec::with_capacity(found.len());
        for (of, runs) in found {
            let begin = rows.count;
            order.append(&mut rows, runs, of.kind.temporality() == Some(Temporality::Delta));
            series.push(Series { metric: of.metric, labels: of.labels, kind: of.kind, unit: of.unit, rows: begin..rows.count });
        }
        counts.doubled = counts.points - rows.count as u64;
        let points = rows.of(&pieces, &columns(&kept))?;
        drop(pieces);
        Ok((Frame::new(series, &points)?, counts))
    }
}

/// Rows of pieces one after the other, as far as possible side by side.
#[derive(Debug, Default)]
struct Rows {
    places: Vec<(usize, Range<usize>)>,
    count: usize,
}

impl Rows {
    fn push(&mut self, piece: usize, rows: Range<usize>) {
        self.count += rows.len();
        match self.places.last_mut() {
            Some((of, last)) if *of == piece && last.end == rows.start => last.end = rows.end,
            _ => self.places.push((piece, rows)),
        }
    }

    /// Copies stretches of rows, not row by row.
    fn of(&self, pieces: &[RecordBatch], schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let column = |field: &Arc<Field>| {
            let columns: Vec<&ArrayRef> = pieces.iter().map(|piece| named(piece, field.name())).collect::<Result<_, _>>()?;
            if columns.iter().all(|column| column.null_count() == column.len()) {
                return Ok(new_null_array(field.data_type(), self.count));
            }
            let data: Vec<ArrayData> = columns.into_iter().map(|column| column.to_data()).collect();
            let mut all = MutableArrayData::new(data.iter().collect(), false, self.count);
            self.places.iter().try_for_each(|(piece, rows)| all.try_extend(*piece, rows.start, rows.end))?;
            Ok(make_array(all.freeze()))
        };
        let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, ArrowError>>()?;
        let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
        RecordBatch::try_new(Arc::new(Schema::new(nullable)), columns)
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

    /// Appends the points of a series by time. Of two at one time the one that was met last stays, both when `delta` and they start apart.
    fn append(&self, to: &mut Rows, mut runs: Vec<Run>, delta: bool) {
        // Mostly they are in order already.
        runs.sort_by_key(|run| run.first);
        let apart = runs.windows(2).all(|pair| pair[0].last < pair[1].first);
        if apart {
            return runs.into_iter().for_each(|run| to.push(run.piece, run.rows));
        }
        // As they were met.
        runs.sort_by_key(|run| (run.piece, run.rows.start));
        let mut order: Vec<(usize, usize)> = runs.into_iter().flat_map(|run| run.rows.map(move |row| (run.piece, row))).collect();
        let time = |(piece, row): (usize, usize)| self.times[piece].value(row);
        let start = |(piece, row): (usize, usize)| self.starts[piece].is_valid(row).then(|| self.starts[piece].value(row));
        order.sort_by_key(|place| time(*place));
        order.dedup_by(|next, kept| {
            let same = time(*next) == time(*kept) && (!delta || start(*next) == start(*kept));
            if same {
                *kept = *next;
            }
            same
        });
        order.into_iter().for_each(|(piece, row)| to.push(piece, row..row + 1));
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

/// As [`Directory::runs`], of points whose ids tell whose they are.
fn runs_by_id(points: &RecordBatch, owners: &HashMap<u64, u32>, mut each: impl FnMut(u32, Range<usize>)) -> Result<(), ArrowError> {
    let ids = column::<UInt64Type>(points, c::SERIES_ID)?;
    let mut begin = 0;
    for alike in ids.values().chunk_by(|one, other| one == other) {
        let rows = begin..begin + alike.len();
        begin = rows.end;
        if let Some(owner) = alike.first().and_then(|id| owners.get(id)) {
            each(*owner, rows);
        }
    }
    Ok(())
}

/// These columns of points.
fn columns(names: &[&str]) -> SchemaRef {
    let all = schemas::Table::Metrics.schema();
    let fields: Vec<_> = names.iter().filter_map(|name| all.field_with_name(name).ok().cloned()).collect();
    Arc::new(Schema::new(fields))
}
