//! Answers in Zipkin's JSON.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use schemas::interop::{read_spans, zipkin::span_json};
use serde_json::json;

use super::{
    super::{
        super::{
            answer,
            problem::Problem,
            search::{Asked as Pairs, pairs},
            traces::internal,
        },
        ask::{Asked, Traces},
        parameters::{Query, trace_id},
    },
    search::{asked_for, lookback},
};

const IDS_MAX: usize = 1_000;

pub(super) async fn services(State(asked): State<Asked>) -> Response {
    respond(async { Ok(json!(asked.services().await?).to_string()) }).await
}

pub(super) async fn span_names(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async {
        let names: BTreeSet<String> = asked.operations(&service_of(query)?).await?.into_iter().map(|(name, _)| name).collect();
        Ok(json!(names).to_string())
    })
    .await
}

pub(super) async fn remote_services(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async { Ok(json!(asked.peers(&service_of(query)?).await?).to_string()) }).await
}

pub(super) async fn traces(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async {
        let (condition, time, limit) = asked_for(&Query::new(pairs(query)?))?;
        let found = asked.find(condition, time, limit).await?;
        Ok(format!("[{}]", lists(&asked.load(found).await?)?.join(",")))
    })
    .await
}

pub(super) async fn trace(State(asked): State<Asked>, Path(id): Path<String>) -> Response {
    respond(async {
        let mut lists = lists(&asked.load(vec![trace_id(&id)?]).await?)?;
        lists.pop().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "trace_not_found", "No such trace", format!("{id} not found")))
    })
    .await
}

pub(super) async fn trace_many(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async {
        let query = Query::new(pairs(query)?);
        let missing = || Problem::invalid_parameter("traceIds", "traceIds parameter is required", "use traceIds=a,b");
        let ids = query.text("traceIds").ok_or_else(missing)?;
        let ids: BTreeSet<_> = ids.split(',').take(IDS_MAX).map(|id| trace_id(id.trim())).collect::<Result<_, _>>()?;
        Ok(format!("[{}]", lists(&asked.load(ids.into_iter().collect()).await?)?.join(",")))
    })
    .await
}

pub(super) async fn dependencies(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async {
        let (start, end) = lookback(&Query::new(pairs(query)?))?;
        let calls = asked.calls(start, end).await?;
        let link = calls.into_iter().map(|calls| {
            let mut link = json!({"parent": calls.from, "child": calls.to, "callCount": calls.calls});
            if calls.errors > 0 {
                link["errorCount"] = calls.errors.into();
            }
            link
        });
        Ok(json!(link.collect::<Vec<_>>()).to_string())
    })
    .await
}

pub(super) async fn autocomplete_keys(State(asked): State<Asked>) -> Response {
    respond(async { Ok(json!(asked.keys()).to_string()) }).await
}

pub(super) async fn autocomplete_values(State(asked): State<Asked>, query: Pairs) -> Response {
    respond(async {
        let query = Query::new(pairs(query)?);
        let missing = || Problem::invalid_parameter("key", "key parameter is required", "use one of autocompleteKeys");
        Ok(json!(asked.values(query.text("key").ok_or_else(missing)?).await?).to_string())
    })
    .await
}

fn service_of(query: Pairs) -> Result<String, Problem> {
    let missing = || Problem::invalid_parameter("serviceName", "Required request parameter 'serviceName' is not present", "say whose");
    Query::new(pairs(query)?).text("serviceName").map(str::to_owned).ok_or_else(missing)
}

/// Each trace as a list of spans.
fn lists(loaded: &Traces) -> Result<Vec<String>, Problem> {
    let list = |(_, protobuf): &(_, Vec<u8>)| {
        let groups = read_spans(protobuf).map_err(|error| internal(&error))?;
        let spans: Vec<String> = groups.iter().flat_map(|group| group.spans.iter().map(move |span| span_json(group, span))).collect();
        Ok(format!("[{}]", spans.join(",")))
    };
    loaded.traces.iter().map(list).collect()
}

async fn respond(body: impl Future<Output = Result<String, Problem>>) -> Response {
    match body.await {
        Ok(body) => answer::json(body.into_bytes()),
        Err(problem) => (problem.status(), problem.detail().to_owned()).into_response(),
    }
}
