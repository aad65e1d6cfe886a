//! `GET /api/v1/services/{service}/instances`: who answers for a service.

use std::time::Instant;

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type},
    error::ArrowError,
};
use schemas::{UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, Time, to_json, total},
        breakers::{Folds, internal},
        problem::Problem,
        search::{Limits, Pairs},
        sql::problem_in,
    },
    request::Request,
    shapes::per_second,
};
use crate::{
    analytics::instances::{self, Instance, Presence, fairness},
    engine::{InstancesQuestion, Question, TimeSpan},
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const KNOWN: &str = "this route knows `start`, `end`, `range`, `environment` and `limit`";

/// Instances of one service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceInstancesAnswer)]
pub(super) struct InstancesAnswer {
    /// How calls are shared beside what is expected (Jain): 1 is as expected, 1/n when one of n has all; null without calls.
    fairness: Option<f64>,
    /// All of them, also those beyond `limit`.
    total: usize,
    /// Those with most calls first.
    instances: Vec<Row>,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// An instance. Calls are those that came in: server and consumer spans.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceInstance)]
struct Row {
    /// Empty: spans do not say which.
    instance: String,
    versions: Vec<String>,
    /// Its pod, or else its host; empty: spans do not say.
    place: String,
    /// What it declares as its share beside others (resource attribute `service.weight` or `weight`); null: nothing.
    weight: Option<f64>,
    spans: u64,
    calls: u64,
    calls_per_s: f64,
    errors: u64,
    error_share: f64,
    /// Null without calls.
    mean_ns: Option<i64>,
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
    fn of(instance: &Instance, calls: f64, seconds: f64) -> Self {
        let share = |own: f64| if calls > 0.0 { own / calls } else { 0.0 };
        let own = instance.calls as f64;
        Self {
            instance: instance.name.clone(),
            versions: instance.versions.clone(),
            place: instance.place.clone(),
            weight: instance.weight,
            spans: instance.spans,
            calls: instance.calls,
            calls_per_s: per_second(own, seconds),
            errors: instance.failed,
            error_share: if instance.calls > 0 { instance.failed as f64 / own } else { 0.0 },
            mean_ns: (instance.calls > 0).then(|| instance.sum_ns / instance.calls as i64),
            share: share(own),
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
    let time = TimeSpan { start: Some(request.window.start), end: Some(request.window.end) };
    let question = InstancesQuestion { time, service: service.to_owned(), environment: request.environment.clone() };
    let failed = |error| problem_in("start", error);
    let mut answer = folds.engine.ask(Question::Instances(question)).await.map_err(failed)?;
    let batches = answer.collect().await.map_err(failed)?;
    let summary = answer.summary();
    let mut cost = Cost::default();
    if summary.truncated.is_some() {
        cost.partial.push("there are more instances and minutes than can be looked at: ask for a shorter window".to_owned());
    }
    cost.add(&summary);
    let mut minutes = Vec::new();
    for batch in &batches {
        minutes.extend(read(batch).map_err(|error| internal(&format!("instances cannot be read: {error}")))?);
    }
    let instances = instances::instances(&minutes);
    let calls = total(instances.iter().map(|instance| instance.calls as f64));
    let body = InstancesAnswer {
        fairness: fairness(&instances),
        total: instances.len(),
        instances: instances.iter().take(request.limit).map(|instance| Row::of(instance, calls, request.seconds())).collect(),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

fn read(batch: &RecordBatch) -> Result<Vec<Presence>, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let text = |name: &str| cast(column(name)?, &DataType::Utf8);
    let number = |name: &str| cast(column(name)?, &DataType::Int64);
    let texts = [text(c::SERVICE_INSTANCE_ID)?, text(c::SERVICE_VERSION)?, text(c::K8S_POD_NAME)?, text(c::HOST_NAME)?];
    let numbers = ["minute", "spans", "calls", "failed", "sum_ns", "first", "last"].map(number);
    let [minute, spans, calls, failed, sum_ns, first, last] = numbers;
    let weights = cast(column("weight")?, &DataType::Float64)?;
    let weight = |row: usize| {
        let weights = weights.as_primitive::<Float64Type>();
        weights.is_valid(row).then(|| weights.value(row)).filter(|weight| *weight > 0.0 && weight.is_finite())
    };
    let numbers = [minute?, spans?, calls?, failed?, sum_ns?, first?, last?];
    let text = |texts: &StringArray, row: usize| if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() };
    let presence = |row: usize| {
        let [instance, version, pod, host] = [0, 1, 2, 3].map(|at| text(texts[at].as_string::<i32>(), row));
        let number = |at: usize| {
            let numbers = numbers[at].as_primitive::<Int64Type>();
            if numbers.is_valid(row) { numbers.value(row) } else { 0 }
        };
        let count = |at: usize| u64::try_from(number(at)).unwrap_or_default();
        Presence {
            instance,
            version,
            place: if pod.is_empty() { host } else { pod },
            weight: weight(row),
            minute: number(0),
            spans: count(1),
            calls: count(2),
            failed: count(3),
            sum_ns: number(4),
            first_ns: number(5),
            last_ns: number(6),
        }
    };
    Ok((0..batch.num_rows()).map(presence).collect())
}
