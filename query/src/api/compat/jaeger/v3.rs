//! Version 3: OTLP inside, what Jaeger's newer UI asks.

use axum::{
    extract::{Path, State},
    response::Response,
};
use schemas::{Signal, interop::read_spans, otlp::json};
use serde_json::json;

use super::{
    super::{
        super::{
            problem::Problem,
            search::{Asked as Pairs, pairs},
            traces::internal,
        },
        ask::{Asked, Traces},
        parameters::{Query, trace_id},
    },
    envelope::{kind_word, not_found, problem_3, said},
    search::find_3,
    summary::summary,
};

pub(super) async fn services(State(asked): State<Asked>) -> Response {
    answer(async { Ok(said(json!({"services": asked.services().await?}).to_string(), &[])) }).await
}

pub(super) async fn operations(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let query = Query::new(pairs(query)?);
        let operations = asked.operations(query.text("service").unwrap_or_default()).await?;
        // What has no kind is internal, as in Jaeger.
        let word = |kind: i32| Some(kind_word(kind)).filter(|word| !word.is_empty()).unwrap_or("internal");
        let wanted = |kind: i32| query.text("spanKind").is_none_or(|asked| asked.eq_ignore_ascii_case(word(kind)));
        let found = operations.into_iter().filter(|(_, kind)| wanted(*kind));
        let operations: Vec<_> = found.map(|(name, kind)| json!({"name": name, "spanKind": word(kind)})).collect();
        Ok(said(json!({"operations": operations}).to_string(), &[]))
    })
    .await
}

pub(super) async fn traces(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let found = find_3(&asked, &Query::new(pairs(query)?)).await?;
        written(&asked.load(found).await?)
    })
    .await
}

pub(super) async fn trace(State(asked): State<Asked>, Path(id): Path<String>) -> Response {
    answer(async { written(&asked.load(vec![trace_id(&id)?]).await?) }).await
}

pub(super) async fn summaries(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let found = find_3(&asked, &Query::new(pairs(query)?)).await?;
        let loaded = asked.load(found).await?;
        let mut summaries = Vec::with_capacity(loaded.traces.len());
        for (id, protobuf) in &loaded.traces {
            summaries.push(summary(*id, &read_spans(protobuf).map_err(|error| internal(&error))?));
        }
        Ok(said(json!({"summaries": summaries}).to_string(), &loaded.partial))
    })
    .await
}

pub(super) async fn dependencies(State(asked): State<Asked>, query: Pairs) -> Response {
    answer(async {
        let query = Query::new(pairs(query)?);
        let required = |name| {
            let missing = || Problem::invalid_parameter(name, format!("{name} is required"), "use RFC 3339");
            query.time(name)?.ok_or_else(missing)
        };
        let calls = asked.calls(required("startTime")?, required("endTime")?).await?;
        let of_services = calls.into_iter().filter(|calls| calls.of_services);
        // 64-bit numbers are texts in the JSON of protobuf.
        let calls = of_services.map(|calls| json!({"parent": calls.from, "child": calls.to, "callCount": calls.calls.to_string()}));
        Ok(said(json!({"dependencies": calls.collect::<Vec<_>>()}).to_string(), &[]))
    })
    .await
}

/// All traces as one OTLP document: the messages of protobuf add up. No trace at all is 404, as in Jaeger.
fn written(loaded: &Traces) -> Result<Response, Problem> {
    if loaded.traces.is_empty() {
        return Err(not_found());
    }
    let all = loaded.traces.iter().map(|(_, protobuf)| protobuf.as_slice()).collect::<Vec<_>>().concat();
    let json = json::from_protobuf(Signal::Traces, &all).map_err(|error| internal(&error))?;
    Ok(said(format!(r#"{{"result":{json}}}"#), &loaded.partial))
}

async fn answer(asked: impl Future<Output = Result<Response, Problem>>) -> Response {
    asked.await.unwrap_or_else(|problem| problem_3(&problem))
}
