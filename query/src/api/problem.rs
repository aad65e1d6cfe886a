//! What goes wrong, as the client reads it: RFC 9457 problem details.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::Position;

/// A problem answer. Boxed, so that results that may carry one stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem(Box<Members>);

/// What went wrong (RFC 9457). `code` is stable and meant for programs; the texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Members {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
}

/// Which parameter is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct FieldError {
    param: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Where in a query.
    #[serde(flatten)]
    at: Option<Position>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Members {
            kind: format!("urn:fusebox:problem:{}", code.replace('_', "-")),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            hint: None,
            retry_after_s: None,
        }))
    }

    /// 400: the parameter `param` cannot be used as it is.
    pub(crate) fn invalid_parameter(param: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", "A parameter is not valid", format!("parameter `{param}`: {message}"));
        problem.0.errors.push(FieldError { param, message, hint: Some(hint.into()), at: None });
        problem
    }

    /// Says what is wrong with the query in `param`, and where.
    pub(crate) fn query_error(mut self, param: &'static str, message: String, at: Option<Position>, hint: Option<String>) -> Self {
        self.0.hint.clone_from(&hint);
        self.0.errors.push(FieldError { param, message, hint, at });
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).expect("made from a StatusCode")
    }

    /// What programs tell it by.
    pub(super) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What is wrong, in a sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn retry_after_s(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self.0).expect("strings and numbers always serialize");
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
