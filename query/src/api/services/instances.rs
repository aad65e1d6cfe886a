//! `GET /api/v1/services/{service}/instances`: who answers for a service.

use std::time::Instant;

use schemas::{Signal, Table, UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, Time, to_json, total},
        breakers::Folds,
        completeness::Completeness,
        problem::Problem,
        search::{Limits, Pairs},
        sql::problem_in,
    },
    codes::codes_within,
    request::Request,
    shapes::{Buckets, Code, Durations, ServiceVersion, Trends, codes_of, per_second},
};
use crate::{
    analytics::{
        instances::{self, Instance, Presences, fairness},
        presences::{COLUMNS, Gathering},
        red::Grid,
        services,
    },
    engine::{CodesBy, Engine, Found, Narrow, Question, TimeSpan},
    search::Search,
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const CODES_MAX: usize = 5;
const KNOWN: &str = "this route knows `start`, `end`, `range`, `environment`, `buckets` and `limit`";

/// Instances of one service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceInstancesAnswer)]
pub(super) struct InstancesAnswer {
    buckets: Buckets,
    /// How calls are shared beside what is expected (Jain): 1 is as expected, 1/n when one of n has all; null without calls.
    fairness: Option<f64>,
    /// All of them, also those beyond `limit`.
    total: usize,
    /// Those with most calls first.
    instances: Vec<Row>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// An instance. Calls are those that came in: server and consumer spans. Counts and durations are adjusted by sampling weights.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceInstance)]
struct Row {
    /// Empty: spans do not say which.
    instance: String,
    /// In the order in which they were first seen.
    versions: Vec<ServiceVersion>,
    /// Its pod, or else its host; empty: spans do not say.
    place: String,
    /// What it declares as its share beside others (resource attribute `service.weight` or `weight`); null: nothing.
    weight: Option<f64>,
    spans: f64,
    calls: f64,
    calls_per_s: f64,
    errors: f64,
    error_share: f64,
    /// Null without calls.
    mean_ns: Option<i64>,
    #[serde(flatten)]
    durations: Durations,
    trend: Trends,
    /// The commonest error codes of its records, at most five.
    top_codes: Vec<Code>,
    /// Of all calls of the service.
    share: f64,
    /// The share if the calls of each minute had gone to the instances that were there by their weights, or evenly unless all declare one.
    expected_share: f64,
    /// Calls as a multiple of the expected share; null where there was nothing to share.
    skew: Option<f64>,
    /// Instances before it in the same place.
    restarts: usize,
    #[schema(value_type = String)]
    first_seen: Time,
    #[schema(value_type = String)]
    last_seen: Time,
    /// Since when it says nothing, while others do; null: it speaks, or another took its place.
    #[schema(value_type = Option<String>)]
    silent_since: Option<Time>,
}

impl Row {
    fn of(instance: &Instance, all_calls: f64, seconds: f64, codes: &[Code]) -> Self {
        let share = |own: f64| if all_calls > 0.0 { own / all_calls } else { 0.0 };
        let calls = &instance.calls;
        Self {
            instance: instance.name.clone(),
            versions: instance.versions.iter().map(ServiceVersion::of).collect(),
            place: instance.place.clone(),
            weight: instance.weight,
            spans: instance.spans,
            calls: calls.count,
            calls_per_s: per_second(calls.count, seconds),
            errors: calls.errors,
            error_share: calls.error_share(),
            mean_ns: (calls.count > 0.0).then(|| (calls.sum_ns as f64 / calls.count) as i64),
            durations: Durations::of(calls),
            trend: Trends::of(&instance.trend),
            top_codes: codes.iter().take(CODES_MAX).cloned().collect(),
            share: share(calls.count),
            expected_share: share(instance.expected_calls),
            skew: instance.skew(),
            restarts: instance.restarts,
            first_seen: Time(UnixNanos(instance.first_ns)),
            last_seen: Time(UnixNanos(instance.last_ns)),
            silent_since: instance.silent_since_ns.map(|time| Time(UnixNanos(time))),
        }
    }
}

pub(super) async fn answer(folds: &Folds, service: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let request = Request::parse(pairs, LIMITS, &[], KNOWN)?;
    let grid = services::grid(request.window.start.0, request.window.end.0, request.buckets);
    let mut cost = Cost::default();
    let presences = presences(&folds.engine, &request, service, grid, &mut cost).await?;
    let counts = codes_within(&folds.engine, &request, service, CodesBy::Instance, &mut cost).await?;
    let codes = codes_of(&counts, |count| &*count.whose.instance);
    let instances = instances::instances(&presences, grid);
    let calls = total(instances.iter().map(|instance| instance.calls.count));
    let row = |instance: &Instance| {
        let codes = codes.get(&*instance.name).map_or(&[][..], Vec::as_slice);
        Row::of(instance, calls, request.seconds(), codes)
    };
    let body = InstancesAnswer {
        buckets: Buckets::of(grid),
        fairness: fairness(&instances),
        total: instances.len(),
        instances: instances.iter().take(request.limit).map(row).collect(),
        completeness: Completeness::of(presences.completeness, folds.losses.dropped(&[Signal::Traces], Some(service)), &mut cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

async fn presences(engine: &Engine, request: &Request, service: &str, grid: Grid, cost: &mut Cost) -> Result<Presences, Problem> {
    let time = TimeSpan { start: Some(request.window.start), end: Some(request.window.end) };
    let found = Found { table: Table::Spans, text: String::new(), search: Search::Everything, time, now: request.now };
    let equal = [(c::SERVICE_NAME, Some(service.to_owned())), (c::DEPLOYMENT_ENVIRONMENT, request.environment.clone())];
    let equal = equal.into_iter().filter_map(|(column, value)| Some((column, value?))).collect();
    let question = Question::Narrow(Narrow { found, columns: COLUMNS.to_vec(), equal });
    let asked = engine.gather(question, Gathering::new(grid), |gathering, batch| gathering.add(batch)).await;
    let (gathering, summary) = asked.map_err(|error| problem_in("start", error))?;
    cost.add(&summary);
    Ok(gathering.into_presences())
}
