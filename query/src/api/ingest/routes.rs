//! Path to handler.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        breakers::internal,
        openapi::AskProblems,
        router::Shared,
        search::{Asked, pairs, respond},
    },
    answer::{self, IngestAnswer},
    cardinality::NewestSeries,
};

pub(in crate::api) fn routes(shared: Shared) -> OpenApiRouter {
    let newest = Arc::new(NewestSeries::default());
    OpenApiRouter::default().routes(routes!(get_ingest)).with_state((shared, newest))
}

/// What comes in, and what becomes of it
#[utoipa::path(
    get,
    path = "/api/v1/status/ingest",
    tag = "server",
    params(("limit" = Option<usize>, Query, description = "services, and links, 1 to 2000; 200 when left out")),
    responses(
        (status = 200, description = "senders with rates and refusals, what is fetched and passed on, clocks, cardinality, the store, retention and how long the disk lasts", body = IngestAnswer),
        AskProblems,
    )
)]
async fn get_ingest(State((shared, newest)): State<(Shared, Arc<NewestSeries>)>, asked: Asked) -> Response {
    respond(async {
        let limit = answer::parse(&pairs(asked)?)?;
        let (store, senders) = (Arc::clone(&shared.store), (shared.senders)());
        let told = tokio::task::spawn_blocking(move || answer::answer(&store, &newest, senders, limit)).await;
        told.map_err(|_| internal("a bug ended the look at the store"))?
    })
    .await
}
