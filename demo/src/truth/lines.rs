//! The truth about governance as lines of JSON: one object a line, `record` says which kind.

use serde_json::{Value, json};

use super::events::{CodeTruth, DeployTruth, GovernanceTruth, LimitTruth, TripTruth};
use crate::scenario::ScenarioRun;

impl GovernanceTruth {
    /// Scenarios, trips, limits, codes and deployments, each kind oldest first. Times are nanoseconds since 1970.
    pub fn to_ndjson(&self) -> String {
        let scenarios = self.scenarios.iter().map(scenario);
        let trips = self.trips().map(trip);
        let limits = self.limits().map(limit);
        let codes = self.codes.iter().map(code);
        let deploys = self.deploys.iter().map(deploy);
        scenarios.chain(trips).chain(limits).chain(codes).chain(deploys).map(|line| format!("{line}\n")).collect()
    }
}

fn scenario(run: &ScenarioRun) -> Value {
    json!({
        "record": "scenario",
        "ordinal": run.ordinal,
        "scenario": run.kind.as_str(),
        "root_cause": run.kind.root_cause(),
        "start_unix_ns": run.start.0,
        "end_unix_ns": run.end.0,
    })
}

fn trip(trip: &TripTruth) -> Value {
    let changes: Vec<Value> =
        trip.changes.iter().map(|(at, state)| json!({ "at_unix_ns": at.0, "to": state.as_str().replace('-', "_") })).collect();
    json!({
        "record": "trip",
        "service": trip.breaker.service,
        "framework": trip.breaker.framework,
        "mechanism": trip.breaker.mechanism,
        "name": trip.breaker.name,
        "instance": trip.instance,
        "pod": trip.pod,
        "opened_unix_ns": trip.opened.0,
        "closed_unix_ns": trip.closed.map(|closed| closed.0),
        "changes": changes,
        "refused": trip.refused,
        "first_refused_unix_ns": trip.first_refused.map(|at| at.0),
        "last_refused_unix_ns": trip.last_refused.map(|at| at.0),
        "scenario": trip.scenario.map(|run| run.kind.as_str()),
        "scenario_ordinal": trip.scenario.map(|run| run.ordinal),
        "root_cause": trip.scenario.map_or("weather", |run| run.kind.root_cause()),
    })
}

fn limit(limit: &LimitTruth) -> Value {
    json!({
        "record": "limit",
        "service": limit.service,
        "framework": limit.framework,
        "name": limit.resource,
        "pod": limit.pod,
        "refused": limit.refused,
        "refused_of_scraper": limit.refused_of_scraper,
        "first_refused_unix_ns": limit.first_refused.0,
        "last_refused_unix_ns": limit.last_refused.0,
        "scenario": limit.scenario.map(|run| run.kind.as_str()),
        "scenario_ordinal": limit.scenario.map(|run| run.ordinal),
    })
}

fn code(code: &CodeTruth) -> Value {
    json!({
        "record": "code",
        "at_unix_ns": code.at.0,
        "service": code.service,
        "code": code.code,
        "translated_from": code.translated_from,
        "trace_id": code.trace.to_string(),
        "scenario": code.scenario.map(|kind| kind.as_str()),
    })
}

fn deploy(deploy: &DeployTruth) -> Value {
    json!({
        "record": "deploy",
        "at_unix_ns": deploy.at.0,
        "service": deploy.service,
        "from_version": deploy.from_version,
        "to_version": deploy.to_version,
        "from_pod": deploy.from_pod,
        "to_pod": deploy.to_pod,
    })
}
