//! `GET /api/v1/services/{service}/operations`: what a service does, operation by operation.

use std::{collections::BTreeMap, time::Instant};

use schemas::{Signal, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, Time, to_json},
        breakers::Folds,
        completeness::Completeness,
        problem::Problem,
        search::{Limits, Pairs},
    },
    codes::codes_within,
    load::{Loaded, Whose, minutes},
    request::Request,
    shapes::{Buckets, CallExemplars, Code, Durations, ServiceVersion, Trends, codes_of, kind_word, per_second},
};
use crate::{
    analytics::services::{self, Operation},
    engine::CodesBy,
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const CODES_MAX: usize = 5;
const KNOWN: &str = "this route knows `start`, `end`, `range`, `environment`, `kind`, `buckets` and `limit`";

/// Operations of one service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperationsAnswer {
    buckets: Buckets,
    /// All of them, also those beyond `limit`.
    total: usize,
    /// Those that took most time in sum first.
    operations: Vec<OperationRow>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// One operation, of one kind of span.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceOperation)]
struct OperationRow {
    /// Null: all those together that are beyond the limit of different names of a service.
    name: Option<String>,
    /// `unspecified`, `internal`, `server`, `client`, `producer`, `consumer`, or a number.
    kind: String,
    count: f64,
    per_s: f64,
    errors: f64,
    error_share: f64,
    #[serde(flatten)]
    durations: Durations,
    trend: Trends,
    /// In the order in which they were first seen.
    versions: Vec<ServiceVersion>,
    /// The commonest error codes of its spans, at most five; none of those together that are beyond the limit.
    top_codes: Vec<Code>,
    /// Of the time of all operations of this service and kind.
    time_share: f64,
    exemplars: CallExemplars,
    /// The minute of its last span.
    #[schema(value_type = String)]
    last_seen: Time,
}

pub(super) async fn answer(folds: &Folds, service: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let request = Request::parse(pairs, LIMITS, &["kind"], KNOWN)?;
    let grid = services::grid(request.window.start.0, request.window.end.0, request.buckets);
    let whose = Whose { service: Some(service), environment: request.environment.as_deref(), operations: true };
    let Loaded { rows, completeness, mut cost } = minutes(&folds.engine, request.window, grid, whose).await?;
    let mut operations = services::operations(&rows, grid);
    if let Some(kind) = request.own("kind") {
        operations.retain(|operation| kind_word(operation.kind) == kind);
    }
    let counts = codes_within(&folds.engine, &request, service, CodesBy::Operation, &mut cost).await?;
    let codes = codes_of(&counts, |count| (&*count.whose.operation, count.whose.span_kind));
    let mut time_of: BTreeMap<i32, f64> = BTreeMap::new();
    operations.iter().for_each(|operation| *time_of.entry(operation.kind).or_default() += operation.red.sum_ns as f64);
    let of = |operation: &Operation| {
        let Operation { name, kind, red, trend, versions, exemplars, last_minute_ns } = operation;
        let codes = name.as_deref().and_then(|name| codes.get(&(name, Some(*kind)))).map_or(&[][..], Vec::as_slice);
        OperationRow {
            name: name.clone(),
            kind: kind_word(*kind),
            count: red.count,
            per_s: per_second(red.count, request.seconds()),
            errors: red.errors,
            error_share: red.error_share(),
            durations: Durations::of(red),
            trend: Trends::of(trend),
            versions: versions.iter().map(ServiceVersion::of).collect(),
            top_codes: codes.iter().take(CODES_MAX).cloned().collect(),
            time_share: time_of.get(kind).filter(|all| **all > 0.0).map_or(0.0, |all| red.sum_ns as f64 / all),
            exemplars: CallExemplars::of(exemplars),
            last_seen: Time(UnixNanos(*last_minute_ns)),
        }
    };
    let body = OperationsAnswer {
        buckets: Buckets::of(grid),
        total: operations.len(),
        operations: operations.iter().take(request.limit).map(of).collect(),
        completeness: Completeness::of(completeness, folds.losses.dropped(&[Signal::Traces], Some(service)), &mut cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}
