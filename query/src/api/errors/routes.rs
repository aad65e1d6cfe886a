//! Paths to handlers.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        answer,
        dropped::Losses,
        language::{in_language, language},
        openapi::{AskProblems, OtherProblems},
        path::{InPath, in_path},
        router::Shared,
        search::{Asked, pairs, respond},
        window::Window,
    },
    catalog::{self, CatalogAnswer},
    deltas,
    import::{self, ImportAnswer},
    layouts::{self, LayoutsAnswer, TestAnswer},
    list::{self, CodesAnswer},
    load::Folds,
    one::{self, CodeAnswer},
    propagation::{self, PropagationAnswer},
    tree::{self, TreeAnswer},
};

/// What the handlers answer from.
#[derive(Clone)]
struct Room {
    folds: Folds,
    shared: Arc<Shared>,
}

pub(crate) fn routes(shared: Shared) -> OpenApiRouter {
    let folds = Folds::new(shared.engine.clone(), Arc::clone(&shared.codes), Losses::of(&shared));
    OpenApiRouter::default()
        .routes(routes!(get_codes))
        .routes(routes!(get_code))
        .routes(routes!(get_propagation))
        .routes(routes!(get_deltas))
        .routes(routes!(get_tree))
        .routes(routes!(get_catalog))
        .routes(routes!(get_catalog_code))
        .routes(routes!(post_import))
        .routes(routes!(get_layouts, put_layouts))
        .routes(routes!(post_test))
        .with_state(Room { folds, shared: Arc::new(shared) })
}

/// Error codes of a window
#[utoipa::path(
    get,
    path = "/api/v1/errors/codes",
    tag = "errors",
    params(
        Window,
        ("q" = Option<String>, Query, description = "a code, the beginning of one (`5001*`), or a part of its reason, title or message"),
        ("service" = Option<String>, Query, description = "only errors that this service reports"),
        ("environment" = Option<String>, Query, description = "only errors from this environment"),
        ("count" = Option<String>, Query, description = "`born` (once, where it is born; when left out) or `every_hop`"),
        ("limit" = Option<usize>, Query, description = "codes of a page, 1 to 2000; 100 when left out"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
        ("accept-language" = Option<String>, Header, description = "English or Chinese titles and solutions"),
    ),
    responses((status = 200, description = "codes, the most frequent first", body = CodesAnswer), AskProblems)
)]
async fn get_codes(State(room): State<Room>, headers: HeaderMap, asked: Asked) -> Response {
    in_language(respond(async { list::answer(&room.folds, pairs(asked)?, language(&headers)).await }).await)
}

/// One error code
#[utoipa::path(
    get,
    path = "/api/v1/errors/codes/{code}",
    tag = "errors",
    params(
        ("code" = String, Path, description = "as the list has it"),
        Window,
        ("service" = Option<String>, Query, description = "only errors that this service reports"),
        ("environment" = Option<String>, Query, description = "only errors from this environment"),
        ("count" = Option<String>, Query, description = "`born` (once, where it is born; when left out) or `every_hop`"),
        ("accept-language" = Option<String>, Header, description = "English or Chinese title and solution"),
    ),
    responses((status = 200, description = "the code", body = CodeAnswer), AskProblems)
)]
async fn get_code(State(room): State<Room>, path: InPath<String>, headers: HeaderMap, asked: Asked) -> Response {
    in_language(respond(async { one::answer(&room.folds, &in_path("code", path)?, pairs(asked)?, language(&headers)).await }).await)
}

/// What a code becomes on its way
#[utoipa::path(
    get,
    path = "/api/v1/errors/codes/{code}/propagation",
    tag = "errors",
    params(
        ("code" = String, Path, description = "as the list has it"),
        Window,
    ),
    responses((status = 200, description = "ways from where it is born to the last that it becomes", body = PropagationAnswer), AskProblems)
)]
async fn get_propagation(State(room): State<Room>, path: InPath<String>, asked: Asked) -> Response {
    respond(async { propagation::answer(&room.folds, &in_path("code", path)?, pairs(asked)?).await }).await
}

/// What sets spans with a code apart
#[utoipa::path(
    get,
    path = "/api/v1/errors/codes/{code}/deltas",
    tag = "errors",
    params(
        ("code" = String, Path, description = "as the list has it"),
        Window,
        ("service" = Option<String>, Query, description = "only spans of this service; of those where the code is born when left out"),
        ("table" = Option<String>, Query, description = "`spans` (when left out) or `logs`"),
        ("limit" = Option<usize>, Query, description = "attributes, 1 to 200; 10 when left out"),
        ("values" = Option<usize>, Query, description = "values of each, 1 to 100; 3 when left out"),
    ),
    responses((status = 200, description = "attributes, those that differ most first", body = super::super::deltas::Comparison), AskProblems)
)]
async fn get_deltas(State(room): State<Room>, path: InPath<String>, asked: Asked) -> Response {
    respond(async { deltas::answer(&room.folds, Arc::clone(&room.shared), &in_path("code", path)?, pairs(asked)?).await }).await
}

/// Error codes as a tree
#[utoipa::path(
    get,
    path = "/api/v1/errors/tree",
    tag = "errors",
    params(
        Window,
        ("service" = Option<String>, Query, description = "only errors that this service reports"),
        ("environment" = Option<String>, Query, description = "only errors from this environment"),
        ("count" = Option<String>, Query, description = "`born` (once, where it is born; when left out) or `every_hop`"),
        ("by" = Option<String>, Query, description = "`layout` (service, module, code; when left out) or `class` (class, service, code)"),
        ("accept-language" = Option<String>, Header, description = "English or Chinese names"),
    ),
    responses((status = 200, description = "codes below their parts, the most frequent first", body = TreeAnswer), AskProblems)
)]
async fn get_tree(State(room): State<Room>, headers: HeaderMap, asked: Asked) -> Response {
    in_language(respond(async { tree::answer(&room.folds, pairs(asked)?, language(&headers)).await }).await)
}

/// What error codes mean
#[utoipa::path(
    get,
    path = "/api/v1/error-catalog",
    tag = "errors",
    params(
        ("q" = Option<String>, Query, description = "a part of code, reason, title or message"),
        ("service" = Option<String>, Query, description = "who owns the code"),
        ("limit" = Option<usize>, Query, description = "codes, 1 to 10000; 200 when left out"),
    ),
    responses((status = 200, description = "codes that are written down, in their order", body = CatalogAnswer), AskProblems)
)]
async fn get_catalog(State(room): State<Room>, asked: Asked) -> Response {
    respond(async { catalog::list(&room.folds.known(), pairs(asked)?) }).await
}

/// What one error code means, in the reader's language
#[utoipa::path(
    get,
    path = "/api/v1/error-catalog/{code}",
    tag = "errors",
    params(
        ("code" = String, Path, description = "as records carry it"),
        ("service" = Option<String>, Query, description = "who says it, when several services have the code"),
        ("accept-language" = Option<String>, Header, description = "English or Chinese"),
        ("if-none-match" = Option<String>, Header, description = "the `ETag` of an answer that is still at hand"),
    ),
    responses(
        (status = 200, description = "title, message and solution; with `ETag` and `Content-Language`", body = catalog::CodeAnswer),
        (status = 304, description = "as it was"),
        AskProblems
    )
)]
async fn get_catalog_code(State(room): State<Room>, path: InPath<String>, headers: HeaderMap, asked: Asked) -> Response {
    let answer = || catalog::one(&room.folds.known(), &in_path("code", path)?, pairs(asked)?, language(&headers), &headers);
    answer().unwrap_or_else(IntoResponse::into_response)
}

/// Take codes into the catalogue
#[utoipa::path(
    post,
    path = "/api/v1/error-catalog:import",
    tag = "errors",
    request_body = import::Body,
    responses((status = 200, description = "what was taken in; it is on disk", body = ImportAnswer), OtherProblems)
)]
async fn post_import(State(room): State<Room>, body: Bytes) -> Response {
    respond(async { import::answer(Arc::clone(&room.shared.codes), &body).await }).await
}

/// How codes split into parts
#[utoipa::path(
    get,
    path = "/api/v1/settings/code-layouts",
    tag = "errors",
    responses((status = 200, description = "layouts in their order", body = LayoutsAnswer), OtherProblems)
)]
async fn get_layouts(State(room): State<Room>) -> Response {
    answer::json(layouts::shown(&room.shared.codes))
}

/// Change how codes split into parts
#[utoipa::path(
    put,
    path = "/api/v1/settings/code-layouts",
    tag = "errors",
    request_body = layouts::Change,
    responses((status = 200, description = "layouts as they are now; they are on disk", body = LayoutsAnswer), OtherProblems)
)]
async fn put_layouts(State(room): State<Room>, body: Bytes) -> Response {
    respond(async { layouts::change(Arc::clone(&room.shared.codes), &body).await }).await
}

/// Try how a code is read
#[utoipa::path(
    post,
    path = "/api/v1/settings/code-layouts:test",
    tag = "errors",
    request_body = layouts::Test,
    responses((status = 200, description = "its parts", body = TestAnswer), OtherProblems)
)]
async fn post_test(State(room): State<Room>, headers: HeaderMap, body: Bytes) -> Response {
    in_language(respond(async { layouts::test(&room.shared.codes, &body, language(&headers)) }).await)
}
