//! What a row of `breaker_trips` has.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt8Array},
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
};
use governance::{
    facts::Mechanism,
    fold::{Breaker, Method, Moment, ServiceTrip},
};
use schemas::UnixNanos;

pub(super) const ADMITTED: &str = "admitted";
pub(super) const ADMITTED_FAILED: &str = "admitted_failed";
pub(super) const TRIGGER_CODE: &str = "trigger_code";

/// A trip with what is read beside the fold.
pub(super) struct Row<'a> {
    pub breaker: &'a Breaker,
    pub trip: &'a ServiceTrip,
    /// Calls let through, and of these the failed ones.
    pub admitted: Option<(f64, f64)>,
    /// The most unusual error of the run-up.
    pub trigger_code: Option<String>,
}

pub(super) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let fields: Vec<(&str, DataType, bool)> = vec![
            ("breaker_id", DataType::Utf8, false),
            ("service", DataType::Utf8, false),
            ("namespace", DataType::Utf8, false),
            ("environment", DataType::Utf8, false),
            ("name", DataType::Utf8, false),
            ("framework", DataType::Utf8, false),
            ("mechanism", DataType::Utf8, false),
            ("target", DataType::Utf8, true),
            ("instances", DataType::Int64, false),
            ("opened", time(), false),
            ("opened_lo", time(), true),
            ("opened_hi", time(), false),
            ("closed", time(), true),
            ("closed_lo", time(), true),
            ("closed_hi", time(), true),
            ("ended_by", DataType::Utf8, false),
            ("duration_ns", DataType::Int64, false),
            ("open_ns", DataType::Int64, false),
            ("half_open_ns", DataType::Int64, false),
            ("probes", DataType::Int64, false),
            ("reopens", DataType::Int64, false),
            ("refused", DataType::Float64, false),
            (ADMITTED, DataType::Float64, true),
            (ADMITTED_FAILED, DataType::Float64, true),
            ("forced", DataType::Boolean, false),
            ("cause", DataType::Utf8, false),
            (TRIGGER_CODE, DataType::Utf8, true),
            ("method", DataType::Utf8, false),
            ("evidence", DataType::Utf8, false),
            ("confidence", DataType::UInt8, false),
        ];
        let fields: Vec<Field> = fields.into_iter().map(|(name, kind, nullable)| Field::new(name, kind, nullable)).collect();
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

/// `until` ends a trip that lasts.
pub(super) fn batch(rows: &[Row<'_>], until: UnixNanos) -> Result<RecordBatch, ArrowError> {
    let key = |row: &Row<'_>| row.breaker.key.clone();
    let instances = |row: &Row<'_>| {
        let mut instances: Vec<usize> = row.trip.members.iter().map(|(instance, _)| *instance).collect();
        instances.sort_unstable();
        instances.dedup();
        instances.len() as i64
    };
    let opened = |row: &Row<'_>| row.trip.trip.opened;
    let closed = |row: &Row<'_>| row.trip.trip.closed;
    let lo = |moment: Moment| moment.lo.map(|lo| lo.0);
    let columns: Vec<ArrayRef> = vec![
        texts(rows, |row| row.breaker.id.to_string()),
        texts(rows, |row| key(row).service),
        texts(rows, |row| key(row).namespace),
        texts(rows, |row| key(row).environment),
        texts(rows, |row| key(row).name),
        texts(rows, |row| row.breaker.library().to_owned()),
        texts(rows, |row| row.breaker.key.mechanism.word().to_owned()),
        maybe_texts(rows, |row| row.breaker.targets.first().cloned()),
        numbers(rows, instances),
        times(rows, |row| Some(opened(row).time.0)),
        times(rows, |row| lo(opened(row))),
        times(rows, |row| Some(opened(row).hi.0)),
        times(rows, |row| closed(row).map(|at| at.time.0)),
        times(rows, |row| closed(row).and_then(lo)),
        times(rows, |row| closed(row).map(|at| at.hi.0)),
        texts(rows, |row| row.trip.trip.ended_by.name().to_owned()),
        numbers(rows, |row| row.trip.trip.end_or(until).0 - opened(row).time.0),
        numbers(rows, |row| row.trip.trip.open_ns),
        numbers(rows, |row| row.trip.trip.half_open_ns),
        numbers(rows, |row| row.trip.trip.probes.into()),
        numbers(rows, |row| row.trip.trip.reopens.into()),
        floats(rows, |row| Some(row.trip.trip.refused)),
        floats(rows, |row| row.admitted.map(|(admitted, _)| admitted)),
        floats(rows, |row| row.admitted.map(|(_, failed)| failed)),
        Arc::new(rows.iter().map(|row| Some(row.trip.trip.forced)).collect::<BooleanArray>()),
        texts(rows, |row| row.trip.trip.cause.clone()),
        maybe_texts(rows, |row| row.trigger_code.clone()),
        texts(rows, |row| row.trip.trip.method.name().to_owned()),
        texts(rows, |row| evidence(row.breaker.key.mechanism, row.trip.trip.method).to_owned()),
        Arc::new(rows.iter().map(|row| Some(row.trip.trip.confidence)).collect::<UInt8Array>()),
    ];
    RecordBatch::try_new(schema(), columns)
}

/// How much is told and how much is concluded.
fn evidence(mechanism: Mechanism, method: Method) -> &'static str {
    match method {
        Method::Explicit | Method::Counter | Method::OneHot | Method::EnumGauge => "explicit",
        // Adaptive breakers have no states: their refusals are all there is.
        Method::RejectionBurst if mechanism == Mechanism::Adaptive => "refusals",
        Method::RejectionBurst | Method::GapFill => "inferred",
    }
}

fn texts(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
}

fn maybe_texts(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<String>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<StringArray>())
}

fn numbers(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(of)))
}

fn floats(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<Float64Array>())
}

fn times(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<TimestampNanosecondArray>().with_timezone("UTC"))
}
