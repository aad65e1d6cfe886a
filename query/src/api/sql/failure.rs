//! Failures of questions as problems.

use http::StatusCode;

use crate::{api::problem::Problem, engine::EngineError};

/// What the client reads when a question has no answer.
pub(crate) fn problem(error: EngineError) -> Problem {
    problem_in("query", error)
}

/// As [`problem`], of a question that came in this parameter.
pub(crate) fn problem_in(param: &'static str, error: EngineError) -> Problem {
    let detail = error.to_string();
    let of = |status, code, title| Problem::new(status, code, title, detail.clone());
    match error {
        EngineError::Invalid { message, at, hint } => {
            of(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be answered").query_error(param, message, at, hint)
        }
        EngineError::Forbidden { .. } => of(StatusCode::FORBIDDEN, "read_only", "SQL here only reads").hint("ask with SELECT"),
        EngineError::Busy { .. } => of(StatusCode::TOO_MANY_REQUESTS, "busy", "Too many questions at once").retry_after_s(5),
        EngineError::Deadline { .. } => of(StatusCode::UNPROCESSABLE_ENTITY, "deadline_exceeded", "The question takes too long")
            .hint("ask for a shorter time range, fewer columns, or an aggregate"),
        EngineError::Resources { .. } => of(StatusCode::UNPROCESSABLE_ENTITY, "too_expensive", "The question needs too much")
            .hint("ask for a shorter time range, fewer columns, or fewer groups"),
        EngineError::TooMuch { hint, .. } => {
            of(StatusCode::UNPROCESSABLE_ENTITY, "too_expensive", "The answer costs more than is allowed").hint(hint)
        }
        EngineError::Cancelled => of(StatusCode::CONFLICT, "cancelled", "The question was cancelled"),
        EngineError::Internal { .. } => {
            tracing::error!(%detail, "question failed");
            of(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server made a mistake").hint("the server log has the details")
        }
    }
}
