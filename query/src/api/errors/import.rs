//! `POST /api/v1/error-catalog:import`: more codes, into the overlay.

use std::{sync::Arc, time::Instant};

use governance::codes::catalogue::Conflict;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta, to_json},
    breakers::internal,
    problem::Problem,
};
use crate::{
    codes::{Codes, CodesError, Format, ImportError, Imported},
    engine::Position,
};

/// Contradictions in one answer.
const CONFLICTS_MAX: usize = 1000;

/// Codes to take in. Unknown members are refused.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ErrorCatalogImport)]
pub(super) struct Body {
    /// `toml`, `csv`, `proto` (Kratos' `errors.proto`) or `java` (enums).
    format: String,
    /// The file as it is.
    text: String,
    /// Of codes that do not say whose they are.
    #[serde(default)]
    service: String,
    /// What was imported before gives way; without it what is there stays. Files of the configuration never give way.
    #[serde(default)]
    replace: bool,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What was taken in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogImported)]
pub(super) struct ImportAnswer {
    added: usize,
    /// Codes that got fields they did not have.
    completed: usize,
    unchanged: usize,
    /// Codes imported before that gave way.
    replaced: usize,
    layouts_added: usize,
    parts_added: usize,
    /// Fields that say something else than what is there, which stays. At most 1000.
    conflicts: Vec<ImportConflict>,
    conflicts_total: usize,
    /// In the catalogue now.
    codes_total: usize,
    dry_run: bool,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A field that says something else than what is there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogConflict)]
struct ImportConflict {
    /// In the text, counted from 1.
    line: usize,
    code: String,
    field: String,
    kept: String,
    refused: String,
}

pub(super) async fn answer(codes: Arc<Codes>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let Body { format, text, service, replace, dry_run } = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
            .hint(r#"send {"format": "csv", "text": "code,title\n5001003,Insufficient stock\n"}"#)
    })?;
    let format = Format::from_name(&format).ok_or_else(|| {
        let names = Format::ALL.map(|(name, _)| name).join(", ");
        Problem::invalid_parameter("format", format!("codes are not read from {format:?}"), format!("use {names}"))
    })?;
    // Reading, checking and writing to the disk take time.
    let work = tokio::task::spawn_blocking(move || {
        let mut file = format.read(&text)?;
        file.codes.iter_mut().filter(|code| code.value.service.is_empty()).for_each(|code| code.value.service.clone_from(&service));
        codes.import(file, replace, dry_run)
    });
    let Imported { merged, replaced, layouts, parts, codes_total } =
        work.await.map_err(|_| internal("a bug ended the import"))?.map_err(problem)?;
    let conflicts_total = merged.conflicts.len();
    let conflict = |Conflict { line, code, field, kept, refused }| ImportConflict { line, code, field, kept, refused };
    Ok(to_json(&ImportAnswer {
        added: merged.added,
        completed: merged.completed,
        unchanged: merged.unchanged,
        replaced,
        layouts_added: layouts,
        parts_added: parts,
        conflicts: merged.conflicts.into_iter().take(CONFLICTS_MAX).map(conflict).collect(),
        conflicts_total,
        codes_total,
        dry_run,
        meta: Cost::default().meta(started),
    }))
}

/// Nothing was changed, and why.
pub(super) fn problem(error: ImportError) -> Problem {
    let text = error.to_string();
    let invalid = |status, code| Problem::new(status, code, "Nothing was taken in", text.clone());
    match error {
        ImportError::Text(error) => {
            let at = Position { line: error.line as u64, column: 1 };
            invalid(StatusCode::BAD_REQUEST, "invalid_import").query_error("text", error.what, Some(at), None)
        }
        ImportError::Layout(_) => invalid(StatusCode::BAD_REQUEST, "invalid_layout"),
        ImportError::NotChangeable { .. } => {
            invalid(StatusCode::CONFLICT, "layout_not_changeable").hint("change the file, or give the layout another `id`")
        }
        ImportError::TooMany { .. } => invalid(StatusCode::UNPROCESSABLE_ENTITY, "too_many_codes"),
        ImportError::Codes(CodesError::Write { path, source }) => {
            tracing::error!(path = %path.display(), error = %source, "codes cannot be written");
            let detail = format!("{text}: {source}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_written", "The codes could not be written", detail)
                .hint("nothing was changed; ask again when there is room on the disk")
        }
        ImportError::Codes(_) => invalid(StatusCode::BAD_REQUEST, "invalid_import"),
    }
}
