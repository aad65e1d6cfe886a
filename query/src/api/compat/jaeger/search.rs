//! What the searches of both versions ask for.

use std::collections::BTreeMap;

use super::{
    super::{
        super::problem::Problem,
        ask::Asked,
        condition::Condition,
        parameters::{Query, trace_id},
    },
    filter::search_of,
};
use crate::engine::TimeSpan;
use schemas::TraceId;

/// The older way to say conditions, which does not go with `query.filter`.
const PREDICATES: [&str; 5] = ["query.serviceName", "query.operationName", "query.attributes", "query.durationMin", "query.durationMax"];

const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1_500;

/// Traces that a search of version 1 finds, or asks for by their ids.
pub(super) async fn find_1(asked: &Asked, query: &Query) -> Result<Vec<TraceId>, Problem> {
    let by_id: Vec<TraceId> = query.all("traceID").take(LIMIT_MAX).map(trace_id).collect::<Result<_, _>>()?;
    if !by_id.is_empty() {
        return Ok(by_id);
    }
    let service = query.text("service").ok_or_else(|| {
        Problem::invalid_parameter("service", "parameter 'service' is required", "say whose traces, or `traceID` of those you want")
    })?;
    let mut condition = Condition::default();
    condition.service(service);
    if let Some(operation) = query.text("operation") {
        condition.operation(operation);
    }
    for tag in query.all("tag") {
        let (key, value) = tag.split_once(':').ok_or_else(|| {
            Problem::invalid_parameter("tag", format!("malformed 'tag' parameter, expecting key:value, received: {tag}"), "use key:value")
        })?;
        condition.tag(key, value);
    }
    for tags in query.all("tags") {
        add_tags("tags", tags, &mut condition)?;
    }
    let durations = (query.go_duration("minDuration")?, query.go_duration("maxDuration")?);
    add_durations(durations, &mut condition)?;
    let time = TimeSpan { start: query.time("start")?, end: query.time("end")? };
    asked.find(condition, time, query.limit("limit", LIMIT, LIMIT_MAX)?).await
}

/// Traces that a search of version 3 finds.
pub(super) async fn find_3(asked: &Asked, query: &Query) -> Result<Vec<TraceId>, Problem> {
    let required = |name| {
        let missing = || Problem::invalid_parameter(name, format!("{name} is required"), "use RFC 3339");
        query.time(name)?.ok_or_else(missing)
    };
    let time = TimeSpan { start: Some(required("query.startTimeMin")?), end: Some(required("query.startTimeMax")?) };
    let depth = if query.text("query.searchDepth").is_some() { "query.searchDepth" } else { "query.numTraces" };
    let limit = query.limit(depth, LIMIT, LIMIT_MAX)?;
    let mut condition = Condition::default();
    if let Some(filter) = query.text("query.filter") {
        if PREDICATES.into_iter().any(|name| query.text(name).is_some()) {
            return Err(wrong_filter("query.filter stands alone: it goes with no other condition".to_owned()));
        }
        condition.search(search_of(filter).map_err(wrong_filter)?);
        return asked.find(condition, time, limit).await;
    }
    if let Some(service) = query.text("query.serviceName") {
        condition.service(service);
    }
    if let Some(operation) = query.text("query.operationName") {
        condition.operation(operation);
    }
    if let Some(attributes) = query.text("query.attributes") {
        add_tags("query.attributes", attributes, &mut condition)?;
    }
    add_durations((query.go_duration("query.durationMin")?, query.go_duration("query.durationMax")?), &mut condition)?;
    asked.find(condition, time, limit).await
}

fn wrong_filter(what: String) -> Problem {
    Problem::invalid_parameter(
        "query.filter",
        what,
        r#"for instance {"op":"eq","args":[{"attr":{"key":"http.method"}},{"scalar":{"value":"GET"}}]}"#,
    )
}

/// An object of texts; numbers and truth values, which some clients write, are taken as they are written.
fn add_tags(name: &'static str, text: &str, condition: &mut Condition) -> Result<(), Problem> {
    let tags: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|error| {
        Problem::invalid_parameter(name, format!("malformed '{name}' parameter, expecting a JSON object: {error}"), r#"{"key":"value"}"#)
    })?;
    for (key, value) in tags {
        match value {
            serde_json::Value::String(text) => condition.tag(&key, &text),
            other => condition.tag(&key, &other.to_string()),
        }
    }
    Ok(())
}

fn add_durations((least, most): (Option<i64>, Option<i64>), condition: &mut Condition) -> Result<(), Problem> {
    if let (Some(least), Some(most)) = (least, most)
        && most < least
    {
        return Err(Problem::invalid_parameter("maxDuration", "'maxDuration' should be greater than 'minDuration'", "swap them"));
    }
    if let Some(least) = least {
        condition.lasts_at_least_ns(least);
    }
    if let Some(most) = most {
        condition.lasts_at_most_ns(most);
    }
    Ok(())
}
