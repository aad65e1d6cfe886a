//! Traces in a line each, out of what the engine says of their services. Pure.

use std::collections::{BTreeMap, HashMap};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type, TimestampNanosecondType},
    error::ArrowError,
};
use schemas::{TraceId, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use crate::trace::Time;

/// What a list of traces shows of one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct TraceSummary {
    pub trace_id: String,
    /// Of the earliest span without a parent; null when that span is missing.
    pub root_service: Option<String>,
    pub root_name: Option<String>,
    pub start_time: Time,
    /// From the earliest start to the latest end.
    pub duration_ns: i64,
    pub spans: i64,
    pub errors: i64,
    pub matching_spans: i64,
    /// By number of spans.
    pub services: Vec<ServiceSummary>,
    /// The error codes of its spans, most frequent first.
    pub codes: Vec<CodeSummary>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ServiceSummary {
    pub name: Option<String>,
    pub spans: i64,
    pub errors: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct CodeSummary {
    pub code: String,
    pub spans: i64,
}

/// What a trace has of one service and one error code.
struct Part {
    service: ServiceSummary,
    code: Option<String>,
    start: i64,
    end: i64,
    root: Option<(i64, String)>,
}

/// A trace that has spans which are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) struct Found {
    pub trace: TraceId,
    /// How many of its spans were found.
    pub matching: i64,
    /// What it is ordered by.
    pub rank: i64,
}

/// `trace_id`, `matching` and `rank` of every row.
pub(in crate::api) fn found(batches: &[RecordBatch]) -> Result<Vec<Found>, ArrowError> {
    let mut found = Vec::new();
    for batch in batches {
        let ids = column(batch, c::TRACE_ID)?.as_fixed_size_binary();
        let (counts, ranks) = (integers(batch, "matching")?, integers(batch, "rank")?);
        let of = |row| Some(Found { trace: TraceId::from_slice(ids.value(row))?, matching: counts(row)?, rank: ranks(row)? });
        found.extend((0..batch.num_rows()).filter_map(of));
    }
    Ok(found)
}

/// The summaries of `found`, in that order. A trace without parts is gone by now and left out.
pub(super) fn summaries(found: &[Found], batches: &[RecordBatch]) -> Result<Vec<TraceSummary>, ArrowError> {
    let mut parts: HashMap<TraceId, Vec<Part>> = HashMap::new();
    for batch in batches {
        read(batch, &mut parts)?;
    }
    Ok(found.iter().filter_map(|found| Some(summary(found.trace, found.matching, parts.remove(&found.trace)?))).collect())
}

fn read(batch: &RecordBatch, parts: &mut HashMap<TraceId, Vec<Part>>) -> Result<(), ArrowError> {
    let ids = column(batch, c::TRACE_ID)?.as_fixed_size_binary();
    let services = texts(batch, c::SERVICE_NAME)?;
    let names = texts(batch, "root_name")?;
    let codes = texts(batch, c::ERROR_CODE)?;
    let times = |name| Ok::<_, ArrowError>(column(batch, name)?.as_primitive::<TimestampNanosecondType>().clone());
    let (starts, root_starts) = (times(c::START_TIME)?, times("root_start_time")?);
    let (ends, spans, errors) = (integers(batch, "end_ns")?, integers(batch, "spans")?, integers(batch, "errors")?);
    for row in 0..batch.num_rows() {
        let Some(id) = TraceId::from_slice(ids.value(row)) else { continue };
        let service = ServiceSummary { name: services(row), spans: spans(row).unwrap_or(0), errors: errors(row).unwrap_or(0) };
        let root = root_starts.is_valid(row).then(|| (root_starts.value(row), names(row).unwrap_or_default()));
        parts.entry(id).or_default().push(Part {
            service,
            code: codes(row),
            start: starts.value(row),
            end: ends(row).unwrap_or(starts.value(row)),
            root,
        });
    }
    Ok(())
}

fn summary(id: TraceId, matching_spans: i64, parts: Vec<Part>) -> TraceSummary {
    let root = parts.iter().filter_map(|part| Some((part.root.as_ref()?, &part.service.name))).min_by_key(|((start, _), _)| *start);
    let start = parts.iter().map(|part| part.start).min().unwrap_or(0);
    let end = parts.iter().map(|part| part.end).max().unwrap_or(start);
    TraceSummary {
        trace_id: id.to_string(),
        root_service: root.and_then(|(_, service)| service.clone()),
        root_name: root.map(|((_, name), _)| name.clone()),
        start_time: Time(start),
        duration_ns: end.saturating_sub(start),
        spans: parts.iter().map(|part| part.service.spans).sum(),
        errors: parts.iter().map(|part| part.service.errors).sum(),
        matching_spans,
        services: services(&parts),
        codes: codes(&parts),
    }
}

fn services(parts: &[Part]) -> Vec<ServiceSummary> {
    let mut by_name: BTreeMap<&Option<String>, (i64, i64)> = BTreeMap::new();
    for part in parts {
        let (spans, errors) = by_name.entry(&part.service.name).or_default();
        *spans += part.service.spans;
        *errors += part.service.errors;
    }
    let of = |(name, (spans, errors)): (&Option<String>, _)| ServiceSummary { name: name.clone(), spans, errors };
    let mut services: Vec<ServiceSummary> = by_name.into_iter().map(of).collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.spans));
    services
}

fn codes(parts: &[Part]) -> Vec<CodeSummary> {
    let mut by_code: BTreeMap<&str, i64> = BTreeMap::new();
    for part in parts {
        if let Some(code) = &part.code {
            *by_code.entry(code).or_default() += part.service.spans;
        }
    }
    let mut codes: Vec<CodeSummary> = by_code.into_iter().map(|(code, spans)| CodeSummary { code: code.to_owned(), spans }).collect();
    codes.sort_by_key(|code| std::cmp::Reverse(code.spans));
    codes
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, ArrowError> {
    let column = batch.column_by_name(name);
    column.map(AsRef::as_ref).ok_or_else(|| ArrowError::SchemaError(format!("the answer has no column {name}")))
}

fn integers<'a>(batch: &'a RecordBatch, name: &str) -> Result<impl Fn(usize) -> Option<i64> + use<'a>, ArrowError> {
    let column = column(batch, name)?.as_primitive::<Int64Type>();
    Ok(move |row| column.is_valid(row).then(|| column.value(row)))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<impl Fn(usize) -> Option<String> + use<>, ArrowError> {
    let column = cast(column(batch, name)?, &DataType::Utf8)?;
    Ok(move |row| column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned()))
}
