//! Whom a trip hurt, and when the dependency was well again.

use std::collections::{BTreeSet, HashMap};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use governance::{
    analytics::{
        blast::{TracedSpan, blast},
        headroom::Adaptive,
        recovery::{Calls, recovery, without_refused},
    },
    fold::{Breaker, Refused, ServiceTrip},
};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Time},
        problem::Problem,
    },
    load::{Folds, internal},
    trip::Refusal,
};
use crate::engine::{Facts, TimeSpan, calls_of};

/// Traces that are looked at: the first and the last ones of the trip.
const TRACES_MAX: usize = 400;
/// Entry points whose requests are counted: those with most traces.
const ENTRIES_MAX: usize = 8;
/// Of rejected calls whose callers are looked for.
const CALLER_TRACES_MAX: usize = 1000;
const DEPTH_MAX: usize = 64;
/// Seconds of the curve in the answer.
const CURVE_MAX: usize = 600;

/// Whom it hurt. Of traces only: calls without one are counted in `trip.refused`.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BreakerTripHurt)]
pub(super) struct Hurt {
    /// Traces in which a call was refused.
    traces: usize,
    /// Of these, that the rest here is told of.
    traces_looked_at: usize,
    /// Whose entry did not fail all the same: a fallback absorbed it.
    contained: usize,
    /// Failed spans for each refused call.
    amplification: f64,
    /// Services above the refusal, by distance; the owner of the breaker is at 0.
    callers: Vec<HurtCaller>,
    entry_points: Vec<HurtEntry>,
}

/// A service above the refusal.
#[derive(Debug, Serialize, ToSchema)]
struct HurtCaller {
    distance: usize,
    service: String,
    traces: usize,
}

/// Where requests came in.
#[derive(Debug, Serialize, ToSchema)]
struct HurtEntry {
    service: String,
    operation: String,
    traces: usize,
    failed: usize,
    /// Traces that began there while the trip lasted; null when that is not known.
    requests: Option<f64>,
    /// Of these, the part that met a refusal, and the part that failed. Where not all traces were looked at, they are scaled up.
    hurt_share: Option<f64>,
    failed_share: Option<f64>,
}

pub(super) async fn hurt(folds: &Folds, refused: &[Refusal], lasted: TimeSpan, cost: &mut Cost) -> Result<Hurt, Problem> {
    let all: BTreeSet<TraceId> = refused.iter().map(|refusal| refusal.trace).collect();
    let ends = refused.iter().take(TRACES_MAX / 2).chain(refused.iter().rev().take(TRACES_MAX / 2));
    let looked_at: BTreeSet<TraceId> = ends.map(|refusal| refusal.trace).collect();
    if looked_at.is_empty() {
        return Ok(Hurt::default());
    }
    let (batches, _) = folds.rows(Facts::Spans(looked_at.iter().copied().collect()), cost).await?;
    let columns: Vec<SpanColumns> = batches.iter().map(SpanColumns::of).collect::<Result<_, _>>().map_err(unreadable)?;
    let spans: Vec<TracedSpan<'_>> = columns.iter().flat_map(|columns| (0..columns.rows).filter_map(|row| columns.get(row))).collect();
    let of_spans: Vec<(TraceId, SpanId)> = refused
        .iter()
        .filter(|refusal| looked_at.contains(&refusal.trace))
        .filter_map(|refusal| refusal.span.map(|span| (refusal.trace, span)))
        .collect();
    let told = blast(&spans, &of_spans);
    let scale = all.len() as f64 / looked_at.len() as f64;
    let mut entry_points = Vec::new();
    for entry in told.entry_points {
        let requests = if entry_points.len() < ENTRIES_MAX {
            Some(begun(folds, &entry.service, &entry.operation, lasted, cost).await?).filter(|requests| *requests > 0.0)
        } else {
            None
        };
        let share = |of: usize| requests.map(|requests| (of as f64 * scale / requests).min(1.0));
        entry_points.push(HurtEntry {
            hurt_share: share(entry.requests),
            failed_share: share(entry.failed),
            service: entry.service,
            operation: entry.operation,
            traces: entry.requests,
            failed: entry.failed,
            requests,
        });
    }
    Ok(Hurt {
        traces: all.len(),
        traces_looked_at: looked_at.len(),
        contained: told.contained,
        amplification: told.amplification,
        callers: told
            .callers
            .into_iter()
            .map(|caller| HurtCaller { distance: caller.distance, service: caller.service, traces: caller.requests })
            .collect(),
        entry_points,
    })
}

/// Traces that a service began with an operation within a time.
async fn begun(folds: &Folds, service: &str, operation: &str, time: TimeSpan, cost: &mut Cost) -> Result<f64, Problem> {
    let question = Facts::Begun { time, service: service.to_owned(), operation: operation.to_owned() };
    let (batches, _) = folds.rows(question, cost).await?;
    let numbers = batches.iter().flat_map(|batch| batch.column(0).as_primitive_opt::<Int64Type>().into_iter().flatten().flatten());
    Ok(numbers.sum::<i64>() as f64)
}

/// Which service called, by the span that was rejected.
pub(super) type Callers = HashMap<(TraceId, SpanId), String>;

/// Callers of some of the spans: the service of the nearest ancestor that is another one's.
pub(super) async fn callers(folds: &Folds, nodes: &[(TraceId, SpanId)], cost: &mut Cost) -> Result<Callers, Problem> {
    let traces: BTreeSet<TraceId> = nodes.iter().rev().map(|(trace, _)| *trace).take(CALLER_TRACES_MAX).collect();
    if traces.is_empty() {
        return Ok(Callers::new());
    }
    if nodes.len() > CALLER_TRACES_MAX {
        cost.warnings.push(format!("callers are told of the last {CALLER_TRACES_MAX} rejected calls"));
    }
    let (batches, _) = folds.rows(Facts::Spans(traces.into_iter().collect()), cost).await?;
    let columns: Vec<SpanColumns> = batches.iter().map(SpanColumns::of).collect::<Result<_, _>>().map_err(unreadable)?;
    let spans = columns.iter().flat_map(|columns| (0..columns.rows).filter_map(|row| columns.get(row)));
    let by_id: HashMap<(TraceId, SpanId), TracedSpan<'_>> = spans.map(|span| ((span.trace, span.span), span)).collect();
    let mut callers = Callers::new();
    for node in nodes {
        let Some(own) = by_id.get(node) else { continue };
        let mut here = own;
        for _ in 0..DEPTH_MAX {
            let Some(above) = here.parent.and_then(|parent| by_id.get(&(node.0, parent))) else { break };
            if above.service != own.service {
                callers.insert(*node, above.service.to_owned());
                break;
            }
            here = above;
        }
    }
    Ok(callers)
}

struct SpanColumns {
    rows: usize,
    ids: [arrow::array::ArrayRef; 3],
    texts: [arrow::array::ArrayRef; 2],
    status: arrow::array::ArrayRef,
}

impl SpanColumns {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
        let text = |name: &str| cast(&column(name)?, &DataType::Utf8);
        Ok(Self {
            rows: batch.num_rows(),
            ids: [column(c::TRACE_ID)?, column(c::SPAN_ID)?, column(c::PARENT_SPAN_ID)?],
            texts: [text(c::SERVICE_NAME)?, text(c::NAME)?],
            status: cast(&column(c::STATUS_CODE)?, &DataType::Int64)?,
        })
    }

    fn get(&self, row: usize) -> Option<TracedSpan<'_>> {
        let [trace, span, parent] = &self.ids;
        let bytes = |ids: &arrow::array::ArrayRef| ids.is_valid(row).then(|| ids.as_fixed_size_binary().value(row).to_vec());
        let [service, operation] = self.texts.each_ref().map(|texts| texts.as_string::<i32>().value(row));
        Some(TracedSpan {
            trace: TraceId::from_slice(&bytes(trace)?)?,
            span: SpanId::from_slice(&bytes(span)?)?,
            parent: bytes(parent).and_then(|bytes| SpanId::from_slice(&bytes)),
            service,
            operation,
            failed: self.status.as_primitive::<Int64Type>().value(row) == 2,
        })
    }
}

/// Start and ids of the first row, if there is one.
pub(super) fn first_span(batch: &RecordBatch) -> Result<Option<(UnixNanos, TraceId, SpanId)>, ArrowError> {
    if batch.num_rows() == 0 {
        return Ok(None);
    }
    let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let start = cast(&column(c::START_TIME)?, &DataType::Int64)?.as_primitive::<Int64Type>().value(0);
    let (trace, span) = (column(c::TRACE_ID)?, column(c::SPAN_ID)?);
    let ids = TraceId::from_slice(trace.as_fixed_size_binary().value(0)).zip(SpanId::from_slice(span.as_fixed_size_binary().value(0)));
    Ok(ids.map(|(trace, span)| (UnixNanos(start), trace, span)))
}

/// How the dependency and the breaker came back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTripRecovery)]
pub(super) struct Recovered {
    /// Calls let through meanwhile, as spans tell.
    admitted: f64,
    admitted_failed: f64,
    /// `refused / (refused + admitted)`; null when nobody called.
    refused_share: Option<f64>,
    /// Of adaptive breakers: since when they would not open any more.
    #[schema(value_type = Option<String>)]
    recovered_at: Option<Time>,
    /// From the opening to there.
    dependency_ns: Option<i64>,
    /// From there to the closing: what the breaker added.
    release_ns: Option<i64>,
    /// Of each second from the opening on, the share of calls that were refused; null when nobody called.
    drop_ratio: Vec<Option<f64>>,
}

/// `None`: the operation is not known, so calls cannot be counted.
pub(super) async fn recovered(
    folds: &Folds,
    breaker: &Breaker,
    trip: &ServiceTrip,
    until: UnixNanos,
    cost: &mut Cost,
) -> Result<Option<Recovered>, Problem> {
    let operations = breaker.guarded();
    if operations.is_empty() {
        return Ok(None);
    }
    let (start, end) = (trip.trip.opened.time, trip.trip.end_or(until));
    let time = TimeSpan { start: Some(start), end: Some(end) };
    let service = breaker.key.service.clone();
    let (batches, _) = folds.rows(Facts::Calls { time, service: service.clone(), operations }, cost).await?;
    let mut calls: Vec<Calls> = Vec::new();
    for batch in &batches {
        calls.extend(calls_of(batch, &service).map_err(unreadable)?);
    }
    let refused: Vec<Refused> = breaker.instances.iter().flat_map(|history| history.refused.iter().copied()).collect();
    without_refused(&mut calls, &refused);
    // Spans are no part of an admission when nothing but refusals has one.
    let known = Adaptive::of(breaker.library(), &folds.engine.fold_parameters());
    let (adaptive, limits) = (known.is_some(), known.unwrap_or(Adaptive::KRATOS_V3));
    let told = recovery(&trip.trip, &calls, &refused, limits, until);
    let (admitted, admitted_failed) = calls.iter().fold((0.0, 0.0), |sum, call| (sum.0 + call.admitted, sum.1 + call.failed));
    let all = admitted + trip.trip.refused;
    Ok(Some(Recovered {
        admitted,
        admitted_failed,
        refused_share: (all > 0.0).then(|| trip.trip.refused / all),
        recovered_at: told.recovered_at.filter(|_| adaptive).map(Time),
        dependency_ns: told.dependency_ns.filter(|_| adaptive),
        release_ns: told.release_ns.filter(|_| adaptive),
        drop_ratio: told.seconds.iter().take(CURVE_MAX).map(|second| second.drop_ratio()).collect(),
    }))
}

pub(super) fn unreadable(error: ArrowError) -> Problem {
    internal(&format!("spans cannot be read: {error}"))
}
