//! Points of table `metrics`, written down as short rows. Times are seconds.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanArray, Float64Array, Float64Builder, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
        TimestampNanosecondArray, UInt32Array, UInt64Array, UInt64Builder, new_null_array,
    },
    compute::cast,
};
use schemas::{Table, columns as c};

use super::super::{Counts, Directory, Evaluated, Frame, Function, Gather, Limits, Of, Question, Selector, Steps, Wanted, evaluate};

pub(super) const SECOND: i64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub series: u64,
    pub kind: &'static str,
    pub delta: bool,
    pub monotonic: bool,
    pub service: String,
    pub attributes: Option<String>,
    pub start: Option<i64>,
    pub time: i64,
    pub value: Option<f64>,
    pub count: Option<u64>,
    pub sum: Option<f64>,
    pub bounds: Vec<f64>,
    pub buckets: Vec<u64>,
    pub scale: i32,
    pub offset: i32,
    pub flags: u32,
}

/// A point of a gauge.
pub(super) fn gauge(time: i64, value: f64) -> Point {
    Point {
        series: 1,
        kind: "gauge",
        delta: false,
        monotonic: false,
        service: "pay".to_owned(),
        attributes: None,
        start: None,
        time,
        value: Some(value),
        count: None,
        sum: None,
        bounds: Vec::new(),
        buckets: Vec::new(),
        scale: 0,
        offset: 0,
        flags: 0,
    }
}

/// A point of a cumulative counter, whose start is not known.
pub(super) fn counter(time: i64, value: f64) -> Point {
    Point { kind: "sum", monotonic: true, ..gauge(time, value) }
}

/// A point of a cumulative histogram with bounds 1, 2, 4.
pub(super) fn histogram(time: i64, buckets: [u64; 4]) -> Point {
    let count = Some(buckets.iter().sum());
    Point {
        kind: "histogram",
        value: None,
        count,
        sum: Some(0.0),
        bounds: vec![1.0, 2.0, 4.0],
        buckets: buckets.into(),
        ..gauge(time, 0.0)
    }
}

/// A point of a cumulative exponential histogram.
pub(super) fn exponential(time: i64, scale: i32, offset: i32, buckets: &[u64]) -> Point {
    let count = Some(buckets.iter().sum());
    Point { kind: "exponential_histogram", value: None, count, sum: Some(0.0), scale, offset, buckets: buckets.into(), ..gauge(time, 0.0) }
}

pub(super) fn of_service(service: &str, series: u64, points: impl IntoIterator<Item = Point>) -> Vec<Point> {
    points.into_iter().map(|point| Point { service: service.to_owned(), series, ..point }).collect()
}

pub(super) fn batch(points: &[Point]) -> RecordBatch {
    let schema = Table::Metrics.schema();
    let column = |field: &Arc<arrow::datatypes::Field>| {
        let values = values(field.name(), points).unwrap_or_else(|| new_null_array(field.data_type(), points.len()));
        cast(&values, field.data_type()).expect("the value fits the column")
    };
    RecordBatch::try_new(Arc::clone(&schema), schema.fields().iter().map(column).collect()).expect("every required column is filled")
}

fn values(name: &str, points: &[Point]) -> Option<ArrayRef> {
    let exponential = |point: &Point| point.kind == "exponential_histogram";
    let texts = |of: fn(&Point) -> Option<&str>| Arc::new(StringArray::from_iter(points.iter().map(of))) as ArrayRef;
    let doubles = |of: fn(&Point) -> Option<f64>| Arc::new(Float64Array::from_iter(points.iter().map(of))) as ArrayRef;
    let counts = |of: fn(&Point) -> Option<u64>| Arc::new(UInt64Array::from_iter(points.iter().map(of))) as ArrayRef;
    let ints = |of: &dyn Fn(&Point) -> Option<i32>| Arc::new(Int32Array::from_iter(points.iter().map(of))) as ArrayRef;
    let times = |of: fn(&Point) -> Option<i64>| {
        Arc::new(TimestampNanosecondArray::from_iter(points.iter().map(|point| of(point).map(|time| time * SECOND))).with_timezone("UTC"))
            as ArrayRef
    };
    let buckets = |wanted: &dyn Fn(&Point) -> bool| {
        let mut lists = ListBuilder::new(UInt64Builder::new());
        for point in points {
            lists.values().append_slice(if wanted(point) { &point.buckets } else { &[] });
            lists.append(wanted(point));
        }
        Arc::new(lists.finish()) as ArrayRef
    };
    Some(match name {
        c::METRIC_NAME => texts(|_| Some("m")),
        c::METRIC_TYPE => texts(|point| Some(point.kind)),
        c::SERVICE_NAME => texts(|point| Some(&point.service)),
        c::ATTRIBUTES => texts(|point| point.attributes.as_deref()),
        c::TEMPORALITY => ints(&|point| (point.kind != "gauge").then_some(if point.delta { 1 } else { 2 })),
        c::MONOTONIC => Arc::new(BooleanArray::from_iter(points.iter().map(|point| (point.kind == "sum").then_some(point.monotonic)))),
        c::SERIES_ID => counts(|point| Some(point.series)),
        c::START_TIME => times(|point| point.start),
        c::TIME => times(|point| Some(point.time)),
        c::RECEIVED_AT => times(|point| Some(point.time + 1)),
        c::VALUE_DOUBLE => doubles(|point| point.value.filter(|value| value.fract() != 0.0 || !value.is_finite())),
        // Whole numbers are sent as integers.
        c::VALUE_INT => {
            let whole = |point: &Point| point.value.filter(|value| value.fract() == 0.0 && value.is_finite()).map(|value| value as i64);
            Arc::new(Int64Array::from_iter(points.iter().map(whole)))
        }
        c::COUNT => counts(|point| point.count),
        c::SUM => doubles(|point| point.sum),
        c::BOUNDS => {
            let mut lists = ListBuilder::new(Float64Builder::new());
            for point in points {
                lists.values().append_slice(&point.bounds);
                lists.append(!point.bounds.is_empty());
            }
            Arc::new(lists.finish())
        }
        c::BUCKET_COUNTS => buckets(&|point| !exponential(point) && !point.buckets.is_empty()),
        c::POSITIVE_COUNTS => buckets(&exponential),
        c::SCALE => ints(&|point| exponential(point).then_some(point.scale)),
        c::POSITIVE_OFFSET => ints(&|point| exponential(point).then_some(point.offset)),
        c::ZERO_COUNT => counts(|point| (point.kind == "exponential_histogram").then_some(0)),
        c::FLAGS => Arc::new(UInt32Array::from_iter_values(points.iter().map(|point| point.flags))),
        _ => return None,
    })
}

pub(super) const LIMITS: Limits = Limits { series_max: 100, points_max: 10_000, bytes_max: 1 << 26 };

/// Of the series of metric `m`.
pub(super) fn directory(batches: &[RecordBatch]) -> Directory {
    let mut directory = Directory::new(Some(Selector::parse("m").expect("a selector")), 1000);
    for points in batches {
        // Each is listed for itself, so that it is one of one.
        let mut columns = points.columns().to_vec();
        columns[points.schema().index_of(c::COUNT).expect("a column")] = Arc::new(UInt64Array::from(vec![1; points.num_rows()]));
        let listed = RecordBatch::try_new(points.schema(), columns).expect("the columns of the table");
        directory.add(&listed).expect("the columns are there");
    }
    directory
}

pub(super) fn gather(batches: &[RecordBatch]) -> (Frame, Counts) {
    let gather = Gather::new(directory(batches), Wanted { buckets: true, exemplars: false }, LIMITS);
    let mut gather = gather.expect("few series");
    batches.iter().for_each(|batch| gather.push(batch).expect("little"));
    gather.finish().expect("the columns are there")
}

pub(super) fn frame(points: &[Point]) -> Frame {
    gather(&[batch(points)]).0
}

/// Every minute from `first` to `last`, minutes, with a window of five and no aggregate.
pub(super) fn question(function: Function, first: i64, last: i64) -> Question {
    Question {
        function,
        steps: Steps::aligned(first * 60 * SECOND, last * 60 * SECOND + 1, 60 * SECOND),
        window_ns: 300 * SECOND,
        look_back_ns: 300 * SECOND,
        of: Of::Count,
        aggregate: None,
    }
}

/// The values of the only row.
pub(super) fn only(evaluated: &Evaluated) -> Vec<Option<f64>> {
    match &evaluated.rows[..] {
        [] => Vec::new(),
        [row] => row.values.clone(),
        rows => panic!("one row is expected, not {rows:?}"),
    }
}

pub(super) fn ask(points: &[Point], question: &Question) -> Vec<Option<f64>> {
    only(&evaluate(&frame(points), question))
}
