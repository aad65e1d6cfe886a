//! Paths to handlers.

use std::time::Instant;

use axum::{extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer, openapi::OtherProblems, router::Shared},
    config::ConfigAnswer,
    rules::RulesAnswer,
};

pub(crate) fn routes(shared: Shared) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_config)).routes(routes!(get_rules)).with_state(shared)
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
