//! The language that a reader asks for.

use axum::response::Response;
use governance::codes::catalogue::{Language, choose};
use http::{HeaderMap, HeaderValue, header};

/// What the reader asks for.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let asked = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    choose(&asked.collect::<Vec<_>>().join(","))
}

/// Says that the answer depends on it.
pub(super) fn in_language(mut response: Response) -> Response {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}
