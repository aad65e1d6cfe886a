//! Version 1: what Jaeger's UI asked until 2.14, and Grafana still does.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::Response,
};
use schemas::{
    UnixNanos,
    interop::{jaeger::TraceJson, read_spans},
};
use serde_json::json;

use super::{
    super::{
        super::{
            problem::Problem,
            search::{Asked as Pairs, now, pairs},
            traces::internal,
        },
        ask::{Asked, Traces},
        parameters::{Query, trace_id},
    },
    envelope::{kind_word, list, not_found, problem_1, values},
    search::find_1,
};

const DAY_MS: i64 = 86_400_000;

pub(super) async fn services(State(asked): State<Asked>) -> Response {
    answer(async { Ok(values(asked.services().await?.into_iter().map(Into::into))) }).await
}

pub(super) async fn operation_names(State(asked): State<Asked>, Path(service): Path<String>) -> Response {
    answer(async {
        let names: BTreeSet<String> = asked.operations(&service).await?.into_iter().map(|(name, _)| name).collect();
        Ok(values(names.into_iter().map(Into::into)))
    })
    .await
}

pub(super) async fn operations(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let query = Query::new(pairs(query)?);
        let missing = || Problem::invalid_parameter("service", "parameter 'service' is required", "say whose operations");
        let operations = asked.operations(query.text("service").ok_or_else(missing)?).await?;
        let wanted = |kind: i32| query.text("spanKind").is_none_or(|word| word.eq_ignore_ascii_case(kind_word(kind)));
        let found = operations.into_iter().filter(|(_, kind)| wanted(*kind));
        Ok(values(found.map(|(name, kind)| json!({"name": name, "spanKind": kind_word(kind)}))))
    })
    .await
}

pub(super) async fn traces(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let found = find_1(&asked, &Query::new(pairs(query)?)).await?;
        written(&asked.load(found).await?)
    })
    .await
}

/// `start` and `end` only help Jaeger's stores to find the trace: ours needs no hint.
pub(super) async fn trace(State(asked): State<Asked>, Path(id): Path<String>) -> Response {
    answer(async {
        let loaded = asked.load(vec![trace_id(&id)?]).await?;
        if loaded.traces.is_empty() { Err(not_found()) } else { written(&loaded) }
    })
    .await
}

pub(super) async fn dependencies(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let query = Query::new(pairs(query)?);
        let end = query.time("endTs")?.unwrap_or_else(now);
        let lookback_ms = query.number("lookback")?.unwrap_or(DAY_MS).max(1);
        let start = UnixNanos(end.0.saturating_sub(lookback_ms.saturating_mul(1_000_000)));
        let calls = asked.calls(start, end).await?.into_iter().filter(|calls| calls.of_services);
        Ok(values(calls.map(|calls| json!({"parent": calls.from, "child": calls.to, "callCount": calls.calls}))))
    })
    .await
}

fn written(loaded: &Traces) -> Result<Response, Problem> {
    let mut traces = Vec::with_capacity(loaded.traces.len());
    for (id, protobuf) in &loaded.traces {
        let groups = read_spans(protobuf).map_err(|error| internal(&error))?;
        let mut trace = TraceJson::new(*id);
        groups.iter().for_each(|group| trace.push(group, &group.spans.iter().collect::<Vec<_>>()));
        let mut json = trace.finish();
        json.truncate(json.len() - 1);
        json.push_str(r#","warnings":null}"#);
        traces.push(json);
    }
    Ok(list(&traces, &loaded.partial))
}

async fn answer(asked: impl Future<Output = Result<Response, Problem>>) -> Response {
    asked.await.unwrap_or_else(|problem| problem_1(&problem))
}
