//! Paths to handlers.

use std::time::Instant;

use axum::{body::Bytes, extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer, openapi::OtherProblems, router::Shared, search::respond},
    config::ConfigAnswer,
    rules::RulesAnswer,
    rules_test::{self, Test, Tested},
};

pub(crate) fn routes(shared: Shared) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_config)).routes(routes!(get_rules)).routes(routes!(post_rules_test)).with_state(shared)
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
    answer::json(answer::to_json(&RulesAnswer::new(&shared.rules.get(), Instant::now())))
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
