//! `GET /api/v1/graph/blast`: who is hurt when one node fails.

use std::{collections::BTreeMap, time::Instant};

use arrow::{array::AsArray, record_batch::RecordBatch};
use schemas::{Signal, TraceId, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta, to_json},
    breakers::{Folds, internal},
    completeness::Completeness,
    problem::Problem,
    search::{Pairs, now},
    services::{Loaded, Whose, minutes},
    window::{Window, unknown_parameter},
};
use crate::{
    analytics::{
        graph::{Hurt, HurtColumns, HurtSpan, hurt},
        services,
    },
    engine::{Facts, TimeSpan},
};

/// Traces that are looked at, the newest.
const TRACES_MAX: usize = 1000;
const KNOWN: &str = "this route knows `target`, `start`, `end`, `range` and `environment`";

/// Who is hurt when one node fails. Told of traces: what no trace shows is not here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BlastAnswer {
    target: String,
    /// In which something failed and that touch the target.
    traces: usize,
    /// Of these, that the rest here is told of: the newest.
    traces_looked_at: usize,
    /// In which the target failed.
    traces_failed: usize,
    /// Of these, whose entry did not fail because of it: a fallback spared it.
    traces_spared: usize,
    /// Services above, those of which the largest share of requests failed because of the target first.
    callers: Vec<BlastCaller>,
    entry_points: Vec<BlastEntry>,
    /// Calls on the ways from the target up.
    edges: Vec<BlastEdge>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A service above the target.
#[derive(Debug, Serialize, ToSchema)]
struct BlastCaller {
    service: String,
    /// Calls from there down to the target.
    distance: usize,
    /// Requests of it that met a failure of the target. Where not all traces were looked at, all three are scaled up.
    reached: f64,
    /// Of these, that failed because of it.
    failed: f64,
    /// All its requests of the window.
    requests: f64,
    /// `failed` of `requests`.
    share: f64,
}

/// Where requests came in that met a failure of the target.
#[derive(Debug, Serialize, ToSchema)]
struct BlastEntry {
    service: String,
    operation: String,
    reached: usize,
    failed: usize,
}

/// Calls on the ways up.
#[derive(Debug, Serialize, ToSchema)]
struct BlastEdge {
    from: String,
    to: String,
    calls: usize,
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let (window, others) = Window::parse(pairs, now())?;
    let (mut target, mut environment) = (None, None);
    for (name, value) in others {
        match name.as_str() {
            "target" => target = Some(value),
            "environment" => environment = Some(value),
            _ => return Err(unknown_parameter(&name, KNOWN)),
        }
    }
    let target = target
        .filter(|target| !target.is_empty())
        .ok_or_else(|| Problem::invalid_parameter("target", "it is missing", "the name of a node of GET /api/v1/graph"))?;

    let grid = services::grid(window.start.0, window.end.0, 1);
    let whose = Whose { environment: environment.as_deref(), ..Whose::default() };
    let Loaded { rows, completeness, mut cost } = minutes(&folds.engine, window, grid, whose).await?;
    let requests: BTreeMap<String, f64> =
        services::services(&rows, grid).into_iter().map(|service| (service.name, service.calls.count)).collect();
    let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
    let (batches, whole) = folds.rows(Facts::FailedWith(time, target.clone()), &mut cost).await?;
    if !whole {
        cost.partial.push("there are more failed traces than can be looked at: ask for a shorter window".to_owned());
    }
    let traces = traces(&batches);
    let looked_at: Vec<TraceId> = traces.iter().take(TRACES_MAX).copied().collect();
    if looked_at.len() < traces.len() {
        cost.warnings.push(format!(
            "the newest {} of {} failed traces were looked at; callers are scaled up",
            looked_at.len(),
            traces.len()
        ));
    }
    let told = told(folds, &looked_at, &target, &mut cost).await?;
    let scale = if looked_at.is_empty() { 1.0 } else { traces.len() as f64 / looked_at.len() as f64 };
    let mut callers: Vec<BlastCaller> = told
        .callers
        .iter()
        .map(|caller| {
            let requests = requests.get(&caller.service).copied().unwrap_or_default();
            let failed = caller.failed as f64 * scale;
            BlastCaller {
                service: caller.service.clone(),
                distance: caller.distance,
                reached: caller.reached as f64 * scale,
                failed,
                requests,
                share: if requests > 0.0 { (failed / requests).min(1.0) } else { 0.0 },
            }
        })
        .collect();
    callers.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.distance.cmp(&b.distance)).then_with(|| a.service.cmp(&b.service)));
    let body = BlastAnswer {
        target,
        traces: traces.len(),
        traces_looked_at: looked_at.len(),
        traces_failed: told.traces,
        traces_spared: told.spared,
        callers,
        entry_points: told
            .entry_points
            .into_iter()
            .map(|(service, operation, reached, failed)| BlastEntry { service, operation, reached, failed })
            .collect(),
        edges: told.edges.into_iter().map(|(from, to, calls)| BlastEdge { from, to, calls }).collect(),
        completeness: Completeness::of(completeness, folds.losses.dropped(&[Signal::Traces], None), &mut cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

/// In the order of the rows.
fn traces(batches: &[RecordBatch]) -> Vec<TraceId> {
    let ids = batches.iter().filter_map(|batch| batch.column_by_name(c::TRACE_ID).and_then(|ids| ids.as_fixed_size_binary_opt()));
    ids.flat_map(|ids| ids.iter().flatten()).filter_map(|id| id.try_into().ok()).map(TraceId).collect()
}

async fn told(folds: &Folds, traces: &[TraceId], target: &str, cost: &mut Cost) -> Result<Hurt, Problem> {
    if traces.is_empty() {
        return Ok(Hurt::default());
    }
    let (batches, whole) = folds.rows(Facts::Callers(traces.to_vec()), cost).await?;
    if !whole {
        cost.partial.push("the traces have more spans than can be looked at".to_owned());
    }
    let target = target.to_owned();
    let read = move || {
        let columns = batches.iter().map(HurtColumns::of).collect::<Result<Vec<_>, _>>()?;
        let spans: Vec<HurtSpan<'_>> = columns.iter().flat_map(HurtColumns::spans).collect();
        Ok::<_, crate::trace::UnexpectedType>(hurt(&spans, &target))
    };
    let told = tokio::task::spawn_blocking(read).await.map_err(|_| internal("a bug ended the look at traces"))?;
    told.map_err(|error| internal(&format!("spans cannot be read: {error}")))
}
