//! `GET /api/v1/logs/histogram`: how many records there are when, by the values of a field.
//!
//! Without `end` it ends now, without `start` it begins with the first record that is found; without both it is as long as the records.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::{cast, max, sum},
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use schemas::{Table, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        closed::Answered,
        completeness::Completeness,
        dropped::Dropped,
        problem::Problem,
        search::{Limits, Pairs, now},
    },
    buckets::Buckets,
    selection::{Selection, column, extent, in_q, unreadable},
    values::parse_field,
};
use crate::engine::{Engine, Histogram, Question, TimeSpan};

/// Of `buckets`.
const BUCKETS: Limits = Limits { default: 60, max: 1000 };
/// Of `series`.
const SERIES: Limits = Limits { default: 10, max: 50 };

/// Counts of records in stretches of time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistogramAnswer {
    /// When the first bucket begins: nanoseconds since 1970, in digits.
    #[serde(rename = "t0_ns")]
    t0: String,
    /// Of every bucket.
    width_ms: i64,
    /// Buckets of every series.
    buckets: usize,
    /// Records in all series.
    total: i64,
    /// Values with most records first; then those that share a series, then records without the field.
    series: Vec<Series>,
    /// Values that share the series `other`.
    other_values: i64,
    /// Late are records that arrived more than a minute after their time, which of spans is their start.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
struct Series {
    kind: SeriesKind,
    /// Of `kind` value.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    total: i64,
    counts: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SeriesKind {
    /// All records: nothing was asked for with `by`.
    All,
    /// Those that have this value.
    Value,
    /// Those of all other values.
    Other,
    /// Those that do not have the field.
    Absent,
}

struct Request {
    by: Option<String>,
    buckets: usize,
    series: usize,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let mut request = Self { by: None, buckets: BUCKETS.default, series: SERIES.default };
        for (name, value) in pairs {
            match name.as_str() {
                "buckets" => request.buckets = parse_count("buckets", &value, BUCKETS)?,
                "series" => request.series = parse_count("series", &value, SERIES)?,
                _ => request.by = Some(value).filter(|by| !by.is_empty()),
            }
        }
        Ok(request)
    }
}

pub(super) async fn answer(engine: &Engine, table: Table, dropped: Dropped, pairs: Pairs) -> Result<Answered, Problem> {
    let Selection { mut found, own, warnings } = Selection::parse(table, pairs, &["by", "buckets", "series"], now())?;
    let Request { by, buckets, series } = Request::parse(own)?;
    let by = by.map(|by| parse_field("by", &by)).transpose()?;
    let mut cost = None;
    let (start, end) = match (found.time.start, found.time.end) {
        (Some(start), end) => (start.0, end.unwrap_or(found.now).0.max(start.0)),
        (None, end) => {
            let (extent, summary) = extent(engine, &found).await?;
            cost = Some(summary);
            let (first, last) = extent.times.unwrap_or((found.now.0, found.now.0));
            (first, end.map_or(last.saturating_add(1), |end| end.0).max(first))
        }
    };
    found.time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
    let buckets = Buckets::cover(start, end, buckets);
    let split = by.is_some();
    let question = Histogram { found, by, start: UnixNanos(buckets.t0_ns), width_ns: buckets.width_ns, series_max: series };
    let mut answer = engine.ask(Question::Histogram(question)).await.map_err(|error| super::values::of_field("by", error))?;
    let batches = answer.collect().await.map_err(in_q)?;
    let (series, other_values) = series_of(&batches, buckets.count, split).map_err(unreadable)?;
    let summary = answer.summary();
    let summary = cost.into_iter().fold(summary, |summary, before| before.then(summary));
    let (newest, late) = arrivals(&batches).map_err(unreadable)?;
    let body = HistogramAnswer {
        t0: buckets.t0_ns.to_string(),
        width_ms: buckets.width_ns / 1_000_000,
        buckets: buckets.count,
        total: series.iter().map(|series| series.total).sum(),
        series,
        other_values,
        completeness: Completeness::of_records(newest, late, dropped, &summary.partial),
        meta: meta(&summary, &warnings),
    };
    Ok(Answered::new(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"), &body.meta))
}

/// When the newest record came, and how many came late.
fn arrivals(batches: &[RecordBatch]) -> Result<(Option<i64>, u64), ArrowError> {
    let (mut newest, mut late) = (None, 0);
    for batch in batches {
        newest = newest.max(max(column(batch, "newest")?.as_primitive::<Int64Type>()));
        late += sum(column(batch, "late")?.as_primitive::<Int64Type>()).unwrap_or_default().unsigned_abs();
    }
    Ok((newest, late))
}

/// The series, and how many values share one.
fn series_of(batches: &[RecordBatch], buckets: usize, split: bool) -> Result<(Vec<Series>, i64), ArrowError> {
    let mut all: BTreeMap<(SeriesKind, Option<String>), Vec<i64>> = BTreeMap::new();
    let mut values_count = 0;
    for batch in batches {
        let integers = |name| Ok::<_, ArrowError>(column(batch, name)?.as_primitive::<Int64Type>());
        let (at, counts, values) = (integers("bucket")?, integers("count")?, integers("values")?);
        let texts = cast(column(batch, "value")?, &DataType::Utf8)?;
        let (texts, folded) = (texts.as_string::<i32>(), column(batch, "folded")?.as_boolean());
        for row in 0..batch.num_rows() {
            let value = texts.is_valid(row).then(|| texts.value(row).to_owned());
            let kind = match value {
                _ if !split => SeriesKind::All,
                Some(_) => SeriesKind::Value,
                None if folded.is_valid(row) && folded.value(row) => SeriesKind::Other,
                None => SeriesKind::Absent,
            };
            values_count = values_count.max(values.value(row));
            let series = all.entry((kind, value)).or_insert_with(|| vec![0; buckets]);
            let bucket = usize::try_from(at.value(row)).ok().and_then(|bucket| series.get_mut(bucket));
            *bucket.ok_or_else(|| ArrowError::ComputeError("a record outside of the time asked for".to_owned()))? += counts.value(row);
        }
    }
    let series = all.into_iter().map(|((kind, value), counts)| Series { kind, value, total: counts.iter().sum(), counts });
    let mut series: Vec<Series> = series.collect();
    series.sort_by(|a, b| (a.kind, b.total, &a.value).cmp(&(b.kind, a.total, &b.value)));
    let shown = series.iter().filter(|series| series.kind == SeriesKind::Value).count();
    Ok((series, values_count.saturating_sub(i64::try_from(shown).unwrap_or(i64::MAX)).max(0)))
}

fn parse_count(param: &'static str, text: &str, limits: Limits) -> Result<usize, Problem> {
    text.parse().ok().filter(|count| (1..=limits.max).contains(count)).ok_or_else(|| {
        let hint = format!("use a number from 1 to {}; the default is {}", limits.max, limits.default);
        Problem::invalid_parameter(param, format!("{text:?} is not a number of {param} that can be asked for"), hint)
    })
}
