//! `GET /api/v1/errors/codes/{code}/propagation`: what a code becomes on its way through traces.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
    error::ArrowError,
};
use governance::{
    arrived::Arrived,
    codes::{
        lineage::Link,
        statistics::{Traced, Way},
    },
};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now},
    },
    asked::Asked,
    load::Folds,
    one::{find, nothing_else},
};
use crate::engine::{Facts, TimeSpan};

/// Traces that are followed: those with the smallest ids, which are as good as drawn by lot.
const TRACES_MAX: usize = 400;
/// Traces of a code that are known by name.
const TRACES_LISTED_MAX: usize = 200_000;
const CHAINS_MAX: usize = 50;
/// The rest of a trace may be a little before or after the window.
const AROUND: i64 = 600_000_000_000;

/// What becomes of a code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorPropagation)]
pub(super) struct PropagationAnswer {
    code: String,
    /// Traces with the code.
    traces: usize,
    /// Of these, that all else here is told of.
    traces_looked_at: usize,
    /// Ways that lead through the code, the most frequent first.
    chains: Vec<ErrorChain>,
    chains_total: usize,
    /// How often an error with the code is `origin`, `propagated`, `translated`, `fabricated` or `duplicate`.
    roles: BTreeMap<&'static str, f64>,
    /// Services whose span above did not fail: the error went no further.
    swallowed_by: Vec<Swallower>,
    /// Of the errors with the code in the traces that were looked at.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// One way of an error.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorChain {
    /// Where it was born, and every other code that became of it.
    steps: Vec<ErrorChainStep>,
    /// Services that carried it, the origin's first.
    services: Vec<String>,
    count: f64,
    /// At most five.
    traces: Vec<String>,
}

/// A code as one service says it.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorChainStep {
    code: String,
    service: String,
}

/// A service that did not pass errors on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorSwallower)]
struct Swallower {
    service: String,
    count: f64,
}

/// What traces with the code tell.
#[derive(Debug, Default)]
struct Found {
    chains: Vec<ErrorChain>,
    chains_total: usize,
    roles: BTreeMap<&'static str, f64>,
    swallowed_by: Vec<Swallower>,
    arrived: Arrived,
}

pub(super) async fn answer(folds: &Folds, code: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (asked, others) = Asked::parse(pairs, now)?;
    nothing_else(&others)?;
    let (worker, code_of, window) = (folds.clone(), code.to_owned(), asked.clone());
    let answer = folds.work(async move { follow(&worker, &code_of, &window, started).await }).await?;
    if answer.traces == 0 {
        // It may be of records without a trace.
        let every_hop = Asked { every_hop: true, ..asked };
        find(&*folds.told(&every_hop, now).await?, code, &every_hop)?;
    }
    Ok(to_json(&answer))
}

async fn follow(folds: &Folds, code: &str, asked: &Asked, started: Instant) -> Result<PropagationAnswer, Problem> {
    let mut cost = Cost::default();
    let time = TimeSpan { start: Some(asked.window.start), end: Some(asked.window.end) };
    let (batches, whole) = folds.rows(Facts::TracesOf(time, code.to_owned()), TRACES_LISTED_MAX, &mut cost).await?;
    if !whole {
        cost.warnings.push(format!("more than {TRACES_LISTED_MAX} traces have the code"));
    }
    let mut traces: Vec<TraceId> = batches.iter().flat_map(traces_of).collect();
    traces.sort_unstable();
    traces.dedup();
    let total = traces.len();
    traces.truncate(TRACES_MAX);
    let looked_at = traces.len();
    let around = TimeSpan {
        start: Some(UnixNanos(asked.window.start.0.saturating_sub(AROUND))),
        end: Some(UnixNanos(asked.window.end.0.saturating_add(AROUND))),
    };
    let found = match traces.is_empty() {
        true => Found::default(),
        false => folds.traced(around, traces, &mut cost, |traced, links| of_traces(code, traced, links)).await?,
    };
    let Found { chains, chains_total, roles, swallowed_by, arrived } = found;
    let completeness = folds.completeness_of(arrived, (asked, 0), &cost);
    let (traces, traces_looked_at, mut meta) = (total, looked_at, cost.meta(started));
    if looked_at < total {
        meta.warnings.push(format!("{looked_at} of {total} traces were followed, drawn by lot"));
    }
    let code = code.to_owned();
    Ok(PropagationAnswer { code, traces, traces_looked_at, chains, chains_total, roles, swallowed_by, completeness, meta })
}

fn of_traces(code: &str, traced: &Traced<'_>, links: &HashMap<TraceId, Vec<Link<'_>>>) -> Found {
    let mut roles: BTreeMap<&'static str, f64> = BTreeMap::new();
    let mut arrived = Arrived::default();
    for (error, role) in traced.errors.iter().zip(&traced.roles).filter(|(error, _)| error.hop.code == code) {
        *roles.entry(role.word()).or_default() += error.weight;
        arrived.add(error.time(), error.received_ns, error.weight);
    }
    let mut swallowed: BTreeMap<&str, f64> = BTreeMap::new();
    for one in &traced.swallowed {
        let error = &traced.errors[one.error];
        let by = error.trace.and_then(|trace| links.get(&trace)?.iter().find(|link| link.span == one.by));
        if let Some(link) = by.filter(|_| error.hop.code == code) {
            *swallowed.entry(link.service).or_default() += error.weight;
        }
    }
    let mut swallowed: Vec<Swallower> =
        swallowed.into_iter().map(|(service, count)| Swallower { service: service.to_owned(), count }).collect();
    swallowed.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.service.cmp(&b.service)));
    let ways = traced.ways(code);
    let chains = ways.iter().take(CHAINS_MAX).map(ErrorChain::of).collect();
    Found { chains, chains_total: ways.len(), roles, swallowed_by: swallowed, arrived }
}

impl ErrorChain {
    fn of(way: &Way) -> Self {
        Self {
            steps: way.steps.iter().map(|(code, service)| ErrorChainStep { code: code.clone(), service: service.clone() }).collect(),
            services: way.services.clone(),
            count: way.count,
            traces: way.traces.iter().map(TraceId::to_string).collect(),
        }
    }
}

fn traces_of(batch: &RecordBatch) -> Vec<TraceId> {
    let ids = batch.column_by_name(c::TRACE_ID).and_then(|ids| ids.as_fixed_size_binary_opt());
    ids.into_iter().flatten().flatten().filter_map(TraceId::from_slice).collect()
}

/// Who is whose parent.
pub(super) struct Spans {
    ids: [ArrayRef; 3],
    service: StringArray,
}

impl Spans {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
        let service = cast(&column(c::SERVICE_NAME)?, &DataType::Utf8)?.as_string::<i32>().clone();
        Ok(Self { ids: [column(c::TRACE_ID)?, column(c::SPAN_ID)?, column(c::PARENT_SPAN_ID)?], service })
    }

    pub(super) fn links(&self) -> impl Iterator<Item = (TraceId, Link<'_>)> {
        let [trace, span, parent] = &self.ids;
        let id = |ids: &ArrayRef, row: usize| ids.is_valid(row).then(|| ids.as_fixed_size_binary().value(row).to_vec());
        (0..self.service.len()).filter_map(move |row| {
            let parent = id(parent, row).and_then(|parent| SpanId::from_slice(&parent));
            let service = if self.service.is_valid(row) { self.service.value(row) } else { "" };
            Some((TraceId::from_slice(&id(trace, row)?)?, Link { span: SpanId::from_slice(&id(span, row)?)?, parent, service }))
        })
    }
}
