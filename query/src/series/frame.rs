//! Points of many series as sorted Arrow: series after series, each by time.

use std::ops::Range;

use arrow::{
    array::{Array, AsArray, BooleanBufferBuilder, Float64Array, ListArray, PrimitiveArray, RecordBatch, UInt64Array},
    buffer::{BooleanBuffer, OffsetBuffer, ScalarBuffer},
    compute::{cast, kernels::zip::zip},
    datatypes::{ArrowNativeType, ArrowPrimitiveType, DataType, Float64Type, Int32Type, TimestampNanosecondType, UInt32Type, UInt64Type},
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    histogram::{Explicit, Exponential, Histogram},
    labels::Labels,
};

/// Bit of a point's flags: the series has no value from here on.
const NO_RECORDED_VALUE: u32 = 1;
/// How Prometheus writes the same: a NaN of its own.
const STALE: u64 = 0x7ff0_0000_0000_0002;
/// Distances between points that are looked at to tell the usual one.
const DISTANCES_MAX: usize = 10_000;

/// Which points a value covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Temporality {
    /// Those since the point before.
    Delta,
    /// All since the start.
    Cumulative,
}

/// What the points of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Gauge,
    Sum { temporality: Temporality, monotonic: bool },
    Histogram(Temporality),
    ExponentialHistogram(Temporality),
    Summary,
}

impl Kind {
    /// Of columns `metric_type`, `temporality` and `monotonic`; `None` for a type that is not known.
    pub fn of(metric_type: &str, temporality: Option<i32>, monotonic: bool) -> Option<Self> {
        let temporality = if temporality == Some(1) { Temporality::Delta } else { Temporality::Cumulative };
        Some(match metric_type {
            "gauge" => Self::Gauge,
            "sum" => Self::Sum { temporality, monotonic },
            "histogram" => Self::Histogram(temporality),
            "exponential_histogram" => Self::ExponentialHistogram(temporality),
            "summary" => Self::Summary,
            _ => return None,
        })
    }

    /// As column `metric_type` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Sum { .. } => "sum",
            Self::Histogram(_) => "histogram",
            Self::ExponentialHistogram(_) => "exponential_histogram",
            Self::Summary => "summary",
        }
    }

    /// Whether its points are distributions, not numbers.
    pub fn is_distribution(self) -> bool {
        matches!(self, Self::Histogram(_) | Self::ExponentialHistogram(_) | Self::Summary)
    }

    /// Whether a value alone says little: what it counts only rises.
    pub fn counts(self) -> bool {
        self.is_distribution() || matches!(self, Self::Sum { monotonic: true, .. })
    }

    pub fn temporality(self) -> Option<Temporality> {
        match self {
            Self::Gauge => None,
            Self::Sum { temporality, .. } | Self::Histogram(temporality) | Self::ExponentialHistogram(temporality) => Some(temporality),
            Self::Summary => Some(Temporality::Cumulative),
        }
    }
}

/// One series of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub metric: String,
    pub labels: Labels,
    pub kind: Kind,
    pub unit: Option<String>,
    /// Its points; none are empty.
    pub rows: Range<usize>,
}

/// Points of many series.
#[derive(Debug, Clone)]
pub struct Frame {
    pub series: Vec<Series>,
    times: ScalarBuffer<i64>,
    starts: PrimitiveArray<TimestampNanosecondType>,
    values: Float64Array,
    without_value: BooleanBuffer,
    counts: UInt64Array,
    sums: Float64Array,
    buckets: Option<BucketColumns>,
    exemplars: Option<ListArray>,
}

#[derive(Debug, Clone)]
struct BucketColumns {
    bounds: Lists<f64>,
    bucket_counts: Lists<u64>,
    scales: PrimitiveArray<Int32Type>,
    zero_counts: UInt64Array,
    zero_thresholds: Float64Array,
    positive: (PrimitiveArray<Int32Type>, Lists<u64>),
    negative: (PrimitiveArray<Int32Type>, Lists<u64>),
}

/// A list of numbers for each row; one that is null is as good as empty.
#[derive(Debug, Clone)]
struct Lists<N: ArrowNativeType> {
    offsets: OffsetBuffer<i32>,
    items: ScalarBuffer<N>,
}

impl<N: ArrowNativeType> Lists<N> {
    fn new<T: ArrowPrimitiveType<Native = N>>(points: &RecordBatch, name: &str) -> Result<Self, ArrowError> {
        let wrong = || ArrowError::SchemaError(format!("column {name} of points is of another type"));
        let lists = named(points, name)?.as_list_opt::<i32>().ok_or_else(wrong)?;
        let items = lists.values().as_primitive_opt::<T>().ok_or_else(wrong)?;
        Ok(Self { offsets: lists.offsets().clone(), items: items.values().clone() })
    }

    fn of(&self, row: usize) -> &[N] {
        &self.items[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

impl Frame {
    /// `points` has the columns of table `metrics` by name, sorted as `series` say; those of values, or of counts and sums,
    /// may be missing where no series has them, and those of buckets and exemplars.
    ///
    /// # Errors
    /// When another column is missing or of another type.
    pub(super) fn new(series: Vec<Series>, points: &RecordBatch) -> Result<Self, ArrowError> {
        let values = if points.schema_ref().index_of(c::VALUE_DOUBLE).is_ok() {
            let doubles = column::<Float64Type>(points, c::VALUE_DOUBLE)?;
            let ints = cast(named(points, c::VALUE_INT)?, &DataType::Float64)?;
            let is_double = arrow::compute::is_not_null(&doubles)?;
            zip(&is_double, &doubles, &ints)?.as_primitive::<Float64Type>().clone()
        } else {
            Float64Array::new_null(points.num_rows())
        };
        let has_counts = points.schema_ref().index_of(c::COUNT).is_ok();
        let counts = if has_counts { column(points, c::COUNT)? } else { UInt64Array::new_null(points.num_rows()) };
        let sums = if has_counts { column(points, c::SUM)? } else { Float64Array::new_null(points.num_rows()) };
        let mut without_value = BooleanBufferBuilder::new(points.num_rows());
        column::<UInt32Type>(points, c::FLAGS)?.values().iter().for_each(|flags| without_value.append(flags & NO_RECORDED_VALUE != 0));
        let has_buckets = points.schema_ref().index_of(c::BOUNDS).is_ok();
        Ok(Self {
            series,
            times: column::<TimestampNanosecondType>(points, c::TIME)?.values().clone(),
            starts: column(points, c::START_TIME)?,
            values,
            without_value: without_value.finish(),
            counts,
            sums,
            buckets: has_buckets.then(|| BucketColumns::new(points)).transpose()?,
            exemplars: points.column_by_name(c::EXEMPLARS).and_then(|column| column.as_list_opt()).cloned(),
        })
    }

    pub fn points(&self) -> usize {
        self.times.len()
    }

    pub fn times(&self, rows: Range<usize>) -> &[i64] {
        &self.times[rows]
    }

    /// The usual distance between two points of a series; `None` when no series has two.
    pub fn spacing_ns(&self) -> Option<i64> {
        let of_series = |series: &Series| self.times(series.rows.clone()).windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
        let mut distances: Vec<i64> = self.series.iter().flat_map(of_series).filter(|distance| *distance > 0).take(DISTANCES_MAX).collect();
        let middle = distances.len() / 2;
        (!distances.is_empty()).then(|| *distances.select_nth_unstable(middle).1)
    }

    #[inline]
    pub(super) fn start(&self, row: usize) -> Option<i64> {
        self.starts.is_valid(row).then(|| self.starts.value(row))
    }

    /// Whether it says that the series has no value from here on.
    #[inline]
    pub(super) fn ends(&self, row: usize) -> bool {
        self.without_value.value(row) || (self.values.is_valid(row) && self.values.value(row).to_bits() == STALE)
    }

    /// Of a gauge or a sum.
    #[inline]
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        (!self.ends(row) && self.values.is_valid(row)).then(|| self.values.value(row))
    }

    /// How many values a distribution has.
    #[inline]
    pub(super) fn count(&self, row: usize) -> Option<f64> {
        (!self.ends(row) && self.counts.is_valid(row)).then(|| self.counts.value(row) as f64)
    }

    /// Of the values of a distribution.
    #[inline]
    pub(super) fn sum(&self, row: usize) -> Option<f64> {
        (!self.ends(row) && self.sums.is_valid(row)).then(|| self.sums.value(row))
    }

    /// `None` for what is no histogram, and where no buckets were read.
    pub(super) fn histogram(&self, kind: Kind, row: usize) -> Option<Histogram> {
        let (count, buckets) = (self.count(row)?, self.buckets.as_ref()?);
        let sum = self.sum(row);
        match kind {
            Kind::Histogram(_) => {
                let counts = buckets.bucket_counts.of(row).iter().map(|count| *count as f64).collect();
                Some(Histogram::Explicit(Explicit { bounds: buckets.bounds.of(row).to_vec(), counts, count, sum }))
            }
            Kind::ExponentialHistogram(_) => {
                let zero = (buckets.zero_thresholds.value(row), buckets.zero_counts.value(row) as f64);
                let [positive, negative] =
                    [&buckets.positive, &buckets.negative].map(|(offsets, counts)| (offsets.value(row), counts.of(row)));
                Some(Histogram::Exponential(Exponential::new(buckets.scales.value(row), zero, positive, negative, count, sum)))
            }
            _ => None,
        }
    }

    /// Whether the buckets of `row` cannot go on from those of `before`: other bounds, or narrower ones.
    pub(super) fn is_laid_out_anew(&self, before: usize, row: usize) -> bool {
        self.buckets.as_ref().is_some_and(|buckets| {
            let narrower = buckets.scales.is_valid(row) && buckets.scales.value(row) > buckets.scales.value(before);
            narrower || buckets.bounds.of(row) != buckets.bounds.of(before)
        })
    }

    pub(super) fn exemplars(&self) -> Option<&ListArray> {
        self.exemplars.as_ref()
    }
}

impl BucketColumns {
    fn new(points: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            bounds: Lists::new::<Float64Type>(points, c::BOUNDS)?,
            bucket_counts: Lists::new::<UInt64Type>(points, c::BUCKET_COUNTS)?,
            scales: column(points, c::SCALE)?,
            zero_counts: column(points, c::ZERO_COUNT)?,
            zero_thresholds: column(points, c::ZERO_THRESHOLD)?,
            positive: (column(points, c::POSITIVE_OFFSET)?, Lists::new::<UInt64Type>(points, c::POSITIVE_COUNTS)?),
            negative: (column(points, c::NEGATIVE_OFFSET)?, Lists::new::<UInt64Type>(points, c::NEGATIVE_COUNTS)?),
        })
    }
}

pub(super) fn named<'a>(points: &'a RecordBatch, name: &str) -> Result<&'a arrow::array::ArrayRef, ArrowError> {
    points.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("points have no column {name}")))
}

pub(super) fn column<T: ArrowPrimitiveType>(points: &RecordBatch, name: &str) -> Result<PrimitiveArray<T>, ArrowError> {
    let wrong = || ArrowError::SchemaError(format!("column {name} of points is of another type"));
    named(points, name)?.as_primitive_opt::<T>().cloned().ok_or_else(wrong)
}
