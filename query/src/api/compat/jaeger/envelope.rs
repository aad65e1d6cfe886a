//! What Jaeger puts around its answers, and around what went wrong.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::super::super::{answer, problem::Problem};

/// Why an answer may be incomplete: neither version has a place for it that does not read as a failure.
const PARTIAL: HeaderName = HeaderName::from_static("fusebox-partial");

/// A list of version 1, of elements in JSON.
pub(super) fn list(elements: &[String], partial: &[String]) -> Response {
    let data = elements.join(",");
    let body = format!(r#"{{"data":[{data}],"total":{},"limit":0,"offset":0,"errors":null}}"#, elements.len());
    said(body, partial)
}

/// As [`list`].
pub(super) fn values(elements: impl Iterator<Item = Value>) -> Response {
    list(&elements.map(|element| element.to_string()).collect::<Vec<_>>(), &[])
}

pub(super) fn said(body: String, partial: &[String]) -> Response {
    let mut response = answer::json(body.into_bytes());
    if let Ok(reasons) = HeaderValue::from_str(&partial.join("; "))
        && !partial.is_empty()
    {
        response.headers_mut().insert(PARTIAL, reasons);
    }
    response
}

/// What went wrong, in version 1.
pub(super) fn problem_1(problem: &Problem) -> Response {
    let code = problem.status();
    let body = json!({"data": null, "total": 0, "limit": 0, "offset": 0, "errors": [{"code": code.as_u16(), "msg": problem.detail()}]});
    (code, answer::json(body.to_string().into_bytes())).into_response()
}

/// What went wrong, in version 3.
pub(super) fn problem_3(problem: &Problem) -> Response {
    let code = problem.status();
    let body = json!({"error": {"httpCode": code.as_u16(), "message": problem.detail()}});
    (code, answer::json(body.to_string().into_bytes())).into_response()
}

pub(super) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "trace_not_found", "No such trace", "trace not found")
}

/// As Jaeger calls a kind of span in its lists of operations.
pub(super) fn kind_word(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "",
    }
}
