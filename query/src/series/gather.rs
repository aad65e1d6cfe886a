//! From batches of table `metrics`, in any order, to a frame: what the selector leaves, sorted, each point once.

use arrow::{
    array::{Array, BooleanArray, RecordBatch, UInt64Array},
    compute::{concat_batches, filter_record_batch, take_record_batch},
    datatypes::TimestampNanosecondType,
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    directory::Directory,
    frame::{Frame, Kind, Series, Temporality, column},
    labels::IDENTITY,
    selector::Selector,
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
    /// The series of every row of `pieces`.
    owners: Vec<u32>,
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
        columns.extend(Directory::COLUMNS.into_iter().filter(|name| *name != c::TIME));
        columns.extend(IDENTITY);
        columns.extend([c::UNIT, c::ATTRIBUTES, c::RECEIVED_AT]);
        columns
    }
}

impl Gather {
    pub fn new(selector: Selector, wanted: Wanted, limits: Limits) -> Self {
        let directory = Directory::new(Some(selector), limits.series_max);
        Self { limits, wanted, directory, pieces: Vec::new(), owners: Vec::new(), bytes: 0, counts: Counts::default() }
    }

    /// # Errors
    /// When it is too much, which says what, or a column is missing.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), GatherError> {
        let owners = self.directory.owners(batch)?;
        if self.directory.is_full() {
            return Err(GatherError::Series { max: self.limits.series_max });
        }
        let owned: BooleanArray = owners.iter().map(|owner| Some(owner.is_some())).collect();
        let rows = owned.true_count();
        if rows == 0 {
            return Ok(());
        }
        if self.owners.len() + rows > self.limits.points_max {
            return Err(GatherError::Points { max: self.limits.points_max });
        }
        let (times, received) =
            (column::<TimestampNanosecondType>(batch, c::TIME)?, column::<TimestampNanosecondType>(batch, c::RECEIVED_AT)?);
        let late = received.values().iter().zip(times.values()).zip(&owners);
        let is_late =
            |((received, time), owner): &((&i64, &i64), &Option<u32>)| owner.is_some() && received.saturating_sub(**time) > LATE_AFTER_NS;
        self.counts.points += rows as u64;
        self.counts.late += late.filter(is_late).count() as u64;
        let positions = self.wanted.kept().into_iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        let kept = batch.project(&positions)?;
        // Mostly all: what stands in columns was asked of the scan.
        let piece = if rows == kept.num_rows() { kept } else { filter_record_batch(&kept, &owned)? };
        self.bytes += piece.get_array_memory_size();
        if self.bytes > self.limits.bytes_max {
            return Err(GatherError::Bytes { max: self.limits.bytes_max });
        }
        self.pieces.push(piece);
        self.owners.extend(owners.into_iter().flatten());
        Ok(())
    }

    /// Series are in the order of their labels.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn finish(self) -> Result<(Frame, Counts), GatherError> {
        let Self { wanted, directory, pieces, owners, mut counts, .. } = self;
        let described = directory.into_series();
        let mut ranked: Vec<u32> = (0..described.len() as u32).collect();
        ranked.sort_by(|a, b| {
            let [a, b] = [a, b].map(|at| &described[*at as usize]);
            (&a.metric, &a.labels, a.kind).cmp(&(&b.metric, &b.labels, b.kind))
        });
        let mut ranks = vec![0_u32; described.len()];
        (0..).zip(&ranked).for_each(|(rank, at)| ranks[*at as usize] = rank);

        let schema = pieces.first().map(RecordBatch::schema).unwrap_or_else(|| empty(wanted));
        let points = concat_batches(&schema, &pieces)?;
        drop(pieces);
        let times = column::<TimestampNanosecondType>(&points, c::TIME)?;
        let starts = column::<TimestampNanosecondType>(&points, c::START_TIME)?;
        let mut order = ordered(&ranks, &owners, times.values());
        let kinds: Vec<Kind> = ranked.iter().map(|at| described[*at as usize].kind).collect();
        let start = |row: u64| starts.is_valid(row as usize).then(|| starts.value(row as usize));
        let before = order.len();
        order.dedup_by(|later, earlier| {
            let is_delta = kinds[later.0 as usize].temporality() == Some(Temporality::Delta);
            let same = (later.0, later.1) == (earlier.0, earlier.1) && (!is_delta || start(later.2) == start(earlier.2));
            if same {
                earlier.2 = later.2;
            }
            same
        });
        counts.doubled = (before - order.len()) as u64;

        let rows = UInt64Array::from_iter_values(order.iter().map(|(.., row)| *row));
        let points = take_record_batch(&points, &rows)?;
        let mut begin = 0;
        let mut described: Vec<Option<_>> = described.into_iter().map(Some).collect();
        let series = (0..).zip(&ranked).filter_map(|(rank, at)| {
            let of = described[*at as usize].take()?;
            let end = order.partition_point(|(known, ..)| *known <= rank);
            let rows = std::mem::replace(&mut begin, end)..end;
            (!rows.is_empty()).then_some(Series { metric: of.metric, labels: of.labels, kind: of.kind, unit: of.unit, rows })
        });
        Ok((Frame::new(series.collect(), &points)?, counts))
    }
}

/// Rank, time and row: series after series by their ranks, each by time. Of two rows of a time the one that was met last is last.
fn ordered(ranks: &[u32], owners: &[u32], times: &[i64]) -> Vec<(u32, i64, u64)> {
    let mut begins = vec![0_usize; ranks.len() + 1];
    owners.iter().for_each(|owner| begins[ranks[*owner as usize] as usize + 1] += 1);
    for rank in 1..begins.len() {
        begins[rank] += begins[rank - 1];
    }
    let mut next = begins.clone();
    let mut order = vec![(0, 0, 0); owners.len()];
    for ((row, owner), time) in (0_u64..).zip(owners).zip(times) {
        let rank = ranks[*owner as usize];
        let place = &mut next[rank as usize];
        order[*place] = (rank, *time, row);
        *place += 1;
    }
    // Rows mostly come in runs, which a stable sort finds.
    begins.windows(2).for_each(|run| order[run[0]..run[1]].sort_by_key(|(_, time, _)| *time));
    order
}

/// The schema of points when there are none.
fn empty(wanted: Wanted) -> arrow::datatypes::SchemaRef {
    let all = schemas::Table::Metrics.schema();
    let fields: Vec<_> = wanted.kept().into_iter().filter_map(|name| all.field_with_name(name).ok().cloned()).collect();
    std::sync::Arc::new(arrow::datatypes::Schema::new(fields))
}
