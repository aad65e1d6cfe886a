//! What changed before a trip, and which trips follow from which.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use governance::{
    analytics::{
        cascade::{Tripped, parents, roots},
        changes::{self, ChangeKind, suspects},
        codes::run_up_ns,
    },
    fold::{Breaker, Scope, ServiceTrip},
    tables,
};
use schemas::{TraceId, UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Time},
        problem::Problem,
    },
    load::{FACTS_MAX, Folds, Told, internal},
};
use crate::engine::{Facts, TimeSpan};

const HOUR: i64 = 3_600_000_000_000;
/// A version that was there so early may have been there before.
const FIRST: i64 = 300_000_000_000;
const CHANGES_MAX: usize = 10;
/// The service of our own records.
const OURS: &str = "fusebox";
/// Traces of one trip that are compared with those of others.
const TRACES_MAX: usize = 500;
const CAUSED_MAX: usize = 50;
/// Trips that open so near to one, and as many, may follow from it or it from them by traces that failed.
const NEAR: i64 = 600_000_000_000;
const NEAR_MAX: usize = 100;

/// Something that changed shortly before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTripChange)]
pub(super) struct Change {
    /// `version`, `config_reload` or `restart`.
    kind: &'static str,
    service: String,
    what: String,
    #[schema(value_type = String)]
    time: Time,
    before_ns: i64,
    score: f64,
}

pub(super) async fn changes(
    folds: &Folds,
    told: &Told,
    breaker: &Breaker,
    opened: UnixNanos,
    cost: &mut Cost,
) -> Result<Vec<Change>, Problem> {
    let mut services = vec![breaker.key.service.clone()];
    services.extend(breaker.targets.iter().cloned());
    let start = UnixNanos(opened.0.saturating_sub(2 * HOUR));
    let time = TimeSpan { start: Some(start), end: Some(UnixNanos(opened.0.saturating_add(1))) };
    let (batches, _) = folds.rows(Facts::Versions(time, services.clone()), cost).await?;
    let mut versions: Vec<(String, String, i64)> = Vec::new();
    for batch in &batches {
        versions.extend(read_versions(batch).map_err(|error| internal(&format!("versions cannot be read: {error}")))?);
    }
    versions.sort();
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for (service, _, time) in &versions {
        let earliest = first.entry(service).or_insert(*time);
        *earliest = (*time).min(*earliest);
    }
    let new = |(service, _, time): &&(String, String, i64)| first.get(service.as_str()).is_some_and(|first| time - first > FIRST);
    let change = |time, kind, service: &str, what: &str| changes::Change { time, kind, service: service.to_owned(), what: what.to_owned() };
    let of_versions = versions.iter().filter(new);
    let mut all: Vec<changes::Change> =
        of_versions.map(|(service, version, time)| change(UnixNanos(*time), ChangeKind::Version, service, version)).collect();
    for other in told.folded.breakers.iter().filter(|other| services.contains(&other.key.service)) {
        for history in &other.instances {
            for one in &history.transitions {
                let kind = match one.cause.as_str() {
                    "restart" => ChangeKind::Restart,
                    "config_reload" => ChangeKind::ConfigReload,
                    _ => continue,
                };
                let known =
                    |change: &changes::Change| change.kind == kind && change.service == other.key.service && change.time == one.at.time;
                if !all.iter().any(known) {
                    all.push(change(one.at.time, kind, &other.key.service, &history.instance));
                }
            }
        }
    }
    // What Fusebox sees may change with its own rules: they are suspects of every trip.
    let names: Vec<&str> = services.iter().map(String::as_str).chain([OURS]).collect();
    for reload in told.reloads.iter().filter(|reload| names.contains(&reload.service.as_str())) {
        let same = |change: &changes::Change| {
            change.kind == ChangeKind::ConfigReload && change.service == reload.service && change.time == reload.time
        };
        if !all.iter().any(same) {
            all.push(change(reload.time, ChangeKind::ConfigReload, &reload.service, &reload.text));
        }
    }
    let openings: Vec<UnixNanos> = breaker.trips.iter().map(|trip| trip.trip.opened.time).collect();
    let found = suspects(&all, &names, opened, &openings, (told.since, told.until));
    let told_of = |suspect: &changes::Suspect| {
        let changes::Change { time, kind, service, what } = &all[suspect.change];
        let (service, what) = (service.clone(), what.clone());
        Change { kind: kind.name(), service, what, time: Time(*time), before_ns: suspect.before_ns, score: suspect.score }
    };
    Ok(found.iter().take(CHANGES_MAX).map(told_of).collect())
}

fn read_versions(batch: &RecordBatch) -> Result<Vec<(String, String, i64)>, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let (service, version) = (cast(column(c::SERVICE_NAME)?, &DataType::Utf8)?, cast(column(c::SERVICE_VERSION)?, &DataType::Utf8)?);
    let first = cast(column("first")?, &DataType::Int64)?;
    let (service, version, first) = (service.as_string::<i32>(), version.as_string::<i32>(), first.as_primitive::<Int64Type>());
    let known = (0..batch.num_rows()).filter(|row| service.is_valid(*row) && version.is_valid(*row));
    Ok(known.map(|row| (service.value(row).to_owned(), version.value(row).to_owned(), first.value(row))).collect())
}

/// Another trip: `GET /api/v1/breakers/{breaker_id}/trips/{t}`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerTripRelated)]
pub(super) struct Related {
    breaker_id: String,
    service: String,
    name: String,
    #[schema(value_type = String)]
    t: Time,
}

/// What follows from what, of one trip.
#[derive(Debug, Default)]
pub(super) struct Cascade {
    pub root: Option<Related>,
    pub parent: Option<Related>,
    pub caused: Vec<Related>,
}

/// Root, parent and children of `trip` among all trips of the fold.
pub(super) async fn related(
    folds: &Folds,
    told: &Told,
    breaker: &Breaker,
    trip: &ServiceTrip,
    cost: &mut Cost,
) -> Result<Cascade, Problem> {
    let breakers = &told.folded.breakers;
    let all: Vec<(&Breaker, &ServiceTrip)> =
        breakers.iter().flat_map(|breaker| breaker.trips.iter().map(move |trip| (breaker, trip))).collect();
    let Some(own) = all.iter().position(|(other, one)| other.id == breaker.id && one.trip.opened == trip.trip.opened) else {
        return Ok(Cascade::default());
    };
    let owners: BTreeSet<&str> = breakers.iter().map(|breaker| breaker.key.service.as_str()).collect();
    let mut tripped: Vec<Tripped> = tripped(told, &all, &owners);
    for (index, traces) in failed(folds, &all, trip, cost).await? {
        tripped[index].traces.extend(traces);
    }
    let calls =
        breakers.iter().flat_map(|breaker| targets(breaker, &owners).into_iter().map(|target| (breaker.key.service.clone(), target)));
    let calls: Vec<(String, String)> = calls.collect::<BTreeSet<_>>().into_iter().collect();
    let parents = parents(&tripped, &calls);
    let roots = roots(&parents);
    let of = |index: usize| {
        let (breaker, trip) = all[index];
        let (service, name) = (breaker.key.service.clone(), breaker.key.name.clone());
        Related { breaker_id: breaker.id.to_string(), service, name, t: Time(trip.trip.opened.time) }
    };
    let caused = parents.iter().enumerate().filter(|(_, parent)| **parent == Some(own)).map(|(child, _)| of(child));
    let root = (roots[own] != own).then(|| of(roots[own]));
    Ok(Cascade { root, parent: parents[own].map(of), caused: caused.take(CAUSED_MAX).collect() })
}

/// Whom a breaker guards calls to. Of libraries that do not say it, breakers are called after it more often than not.
fn targets(breaker: &Breaker, owners: &BTreeSet<&str>) -> Vec<String> {
    let mut targets = breaker.targets.clone();
    let name = breaker.key.name.as_str();
    if name != breaker.key.service && owners.contains(name) && !targets.iter().any(|target| target == name) {
        targets.push(name.to_owned());
    }
    targets
}

/// Traces that failed for the owners of trips near `trip`, in the run-up of each: who was refused further down fails. By place in `all`.
async fn failed(
    folds: &Folds,
    all: &[(&Breaker, &ServiceTrip)],
    trip: &ServiceTrip,
    cost: &mut Cost,
) -> Result<Vec<(usize, BTreeSet<TraceId>)>, Problem> {
    let opened = trip.trip.opened.time.0;
    let apart = |index: &usize| all[*index].1.trip.opened.time.0.abs_diff(opened);
    let mut near: Vec<usize> = (0..all.len()).filter(|index| apart(index) <= NEAR as u64).collect();
    near.sort_by_key(apart);
    near.truncate(NEAR_MAX);
    let run_up = |(breaker, trip): (&Breaker, &ServiceTrip)| {
        let until = trip.trip.opened.time.0.saturating_add(1);
        (breaker.key.service.clone(), until.saturating_sub(run_up_ns(0))..until)
    };
    let asked = near.iter().map(|index| {
        let (service, time) = run_up(all[*index]);
        (service, TimeSpan { start: Some(UnixNanos(time.start)), end: Some(UnixNanos(time.end)) })
    });
    let (batches, whole) = folds.rows(Facts::ErrorsNear(asked.collect()), cost).await?;
    if !whole {
        cost.warnings.push(format!("what follows from what is told of {FACTS_MAX} errors"));
    }
    let mut errors = Vec::new();
    for batch in &batches {
        errors.extend(tables::errors::read(batch)?);
    }
    let traces = |index: usize| {
        let (service, time) = run_up(all[index]);
        let of = errors.iter().filter(move |error| error.emitter.service == service && time.contains(&error.time.0));
        of.filter_map(|error| error.evidence.trace_id).take(TRACES_MAX).collect()
    };
    Ok(near.into_iter().map(|index| (index, traces(index))).collect())
}

/// Traces of a trip: all in which its owner refused, or passed a refusal on, from the run-up on.
fn tripped(told: &Told, all: &[(&Breaker, &ServiceTrip)], owners: &BTreeSet<&str>) -> Vec<Tripped> {
    /// When, in which trace, and who refused.
    type Seen = (UnixNanos, Option<TraceId>, Scope);
    let mut by_service: BTreeMap<&str, Vec<Seen>> = BTreeMap::new();
    for (rejection, verdict) in told.refusals() {
        let of = by_service.entry(&rejection.of.emitter.service).or_default();
        of.push((rejection.time, rejection.trace_id, verdict.scope));
    }
    by_service.values_mut().for_each(|rejections| rejections.sort_by_key(|(time, trace, _)| (*time, *trace)));
    let run_up = run_up_ns(0);
    let of_trip = |(breaker, trip): &(&Breaker, &ServiceTrip)| {
        let (opened, closed) = (trip.trip.opened.time, trip.trip.closed.map(|closed| closed.time));
        let from = opened.0.saturating_sub(run_up);
        let rejections = by_service.get(breaker.key.service.as_str()).map_or(&[][..], Vec::as_slice);
        let rejections = &rejections[rejections.partition_point(|(time, ..)| time.0 < from)..];
        let within = || rejections.iter().take_while(|(time, ..)| closed.is_none_or(|closed| *time <= closed));
        Tripped {
            owner: breaker.key.service.clone(),
            targets: targets(breaker, owners),
            opened,
            closed,
            traces: within().filter_map(|(_, trace, _)| *trace).take(TRACES_MAX).collect(),
            after_refusals: within().any(|(time, _, scope)| *time <= opened && *scope == Scope::Propagated),
        }
    };
    all.iter().map(of_trip).collect()
}
