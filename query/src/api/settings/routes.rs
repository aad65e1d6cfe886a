//! Paths to handlers.

use std::{sync::Arc, time::Instant};

use axum::{body::Bytes, extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer, openapi::OtherProblems, router::Shared, search::respond},
    config::ConfigAnswer,
    rules::{self, RulesAnswer},
    rules_test::{self, Test, Tested},
};

pub(crate) fn routes(shared: Shared) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_config))
        .routes(routes!(get_rules))
        .routes(routes!(put_rules))
        .routes(routes!(post_rules_test))
        .with_state(shared)
}

/// Every setting that counts, and where it comes from
#[utoipa::path(
    get,
    path = "/api/v1/config",
    tag = "server",
    responses((status = 200, description = "as the server was started", body = ConfigAnswer<'static>), OtherProblems)
)]
async fn get_config(State(shared): State<Shared>) -> Response {
    answer::json(answer::to_json(&ConfigAnswer::new(&shared.settings, Instant::now())))
}

/// The rules that tell refusals, states of breakers and retries from other records
#[utoipa::path(
    get,
    path = "/api/v1/settings/rules",
    tag = "governance",
    responses((status = 200, description = "those that count now, with the files of the configuration", body = RulesAnswer<'static>), OtherProblems)
)]
async fn get_rules(State(shared): State<Shared>) -> Response {
    answer::json(rules::shown(&shared.rules))
}

/// Change the rules of this server, at once and for later
#[utoipa::path(
    put,
    path = "/api/v1/settings/rules",
    tag = "governance",
    request_body = rules::Change,
    responses((status = 200, description = "the rules that count now; they are on disk", body = RulesAnswer<'static>), OtherProblems)
)]
async fn put_rules(State(shared): State<Shared>, body: Bytes) -> Response {
    respond(async { rules::change(Arc::clone(&shared.rules), &body).await }).await
}

/// Try rules on records, before they count
#[utoipa::path(
    post,
    path = "/api/v1/settings/rules:test",
    tag = "governance",
    request_body = Test,
    responses((status = 200, description = "what is wrong with them, or what they tell", body = Tested), OtherProblems)
)]
async fn post_rules_test(State(shared): State<Shared>, body: Bytes) -> Response {
    respond(rules_test::test(shared.rules.get(), &body)).await
}
