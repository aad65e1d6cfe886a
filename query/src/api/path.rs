//! What stands in the path of a request.

use axum::extract::{Path, rejection::PathRejection};

use super::problem::Problem;

/// As a handler gets it.
pub(super) type InPath<T> = Result<Path<T>, PathRejection>;

/// The value of `param`, or what is wrong with it.
pub(super) fn in_path<T>(param: &'static str, path: InPath<T>) -> Result<T, Problem> {
    let invalid = |error: PathRejection| Problem::invalid_parameter(param, error.body_text(), "the path is UTF-8, percent-encoded");
    path.map(|Path(value)| value).map_err(invalid)
}
