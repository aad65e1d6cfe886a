//! `GET` and `PUT /api/v1/settings/rules`: the rules that count now, and those of the overlay, which the API may write.

use std::{sync::Arc, time::Instant};

use governance::classify::{Described, RuleErrors, Rules};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta, to_json},
    breakers::internal,
    problem::Problem,
};
use crate::{
    engine::Position,
    rules::{OVERLAY_NAME, RuleBook, SetError},
};

/// Rules that turn records into refusals, states of breakers and actions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceRules)]
pub(super) struct RulesAnswer<'a> {
    /// Facts that carry this version were made by these rules: sixteen hex digits.
    version: String,
    /// By id.
    rules: Vec<RuleRow<'a>>,
    /// The text of `settings/rules.toml` in the data directory, which `PUT` replaces; empty when there is none.
    overlay: &'a str,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceRule)]
struct RuleRow<'a> {
    id: &'a str,
    /// What it sees, as its file says it; may be empty.
    about: &'a str,
    /// Kinds of records it looks at: `span`, `log`, `gauge`, `sum`, `histogram`.
    on: Vec<&'static str>,
    /// Rules of higher priority are asked first.
    priority: i32,
    /// How sure a match is, 0 to 100.
    confidence: u8,
    /// What a match becomes: `rejection`, `signal`, `action`.
    gives: Vec<&'static str>,
    /// Name of the file it is from; `settings/rules.toml` is the overlay.
    file: &'a str,
    /// It is shipped with the server, and no file took its place.
    built_in: bool,
}

impl<'a> RulesAnswer<'a> {
    fn new(rules: &'a Rules, overlay: &'a str, start: Instant) -> Self {
        let row = |rule: Described<'a>| {
            let Described { id, about, on, priority, confidence, gives, file, built_in } = rule;
            RuleRow { id, about, on, priority, confidence, gives, file, built_in }
        };
        let rows = rules.described().into_iter().map(row).collect();
        Self { version: format!("{:016x}", rules.version()), rules: rows, overlay, meta: Cost::default().meta(start) }
    }
}

pub(super) fn shown(book: &RuleBook) -> Vec<u8> {
    let start = Instant::now();
    to_json(&RulesAnswer::new(&book.get(), &book.overlay(), start))
}

/// Rules of this server. Unknown members are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GovernanceRulesChange)]
pub(super) struct Change {
    /// A rule file. It takes the place of the whole overlay; an empty one removes it. Files of the configuration win over it.
    overlay: String,
    /// Of the rules that it was made for: nothing is changed when others count by now.
    version: Option<String>,
    /// Only check it, and say which rules would count.
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn change(book: Arc<RuleBook>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let start = Instant::now();
    let Change { overlay, version, dry_run } = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
            .hint(r#"send {"overlay": "[[rule]]\n…"}"#)
    })?;
    let version = version.as_deref().map(parse_version).transpose()?;
    // Compiling and writing to the disk take time.
    let work = tokio::task::spawn_blocking(move || {
        let rules = book.set_overlay(overlay.clone(), version, dry_run)?;
        Ok(to_json(&RulesAnswer::new(&rules, &overlay, start)))
    });
    work.await.map_err(|_| internal("a bug ended the change of the rules"))?.map_err(problem)
}

fn parse_version(text: &str) -> Result<u64, Problem> {
    u64::from_str_radix(text, 16).map_err(|_| {
        Problem::invalid_parameter("version", format!("{text:?} is no version"), "send the `version` that GET /api/v1/settings/rules says")
    })
}

/// Nothing was changed, and why.
fn problem(error: SetError) -> Problem {
    let text = error.to_string();
    let invalid = |status, code| Problem::new(status, code, "The rules stay as they are", text.clone());
    match error {
        SetError::Wrong(RuleErrors(mistakes)) => {
            let mut problem = invalid(StatusCode::BAD_REQUEST, "invalid_rules");
            for mistake in mistakes {
                let param = if mistake.file == OVERLAY_NAME { "overlay" } else { "files" };
                let at = Position { line: mistake.line as u64, column: 1 };
                problem = problem.query_error(param, format!("{}: {}", mistake.place, mistake.why), Some(at), None);
            }
            problem.hint("POST /api/v1/settings/rules:test tries rules on records")
        }
        SetError::Changed { .. } => {
            invalid(StatusCode::CONFLICT, "rules_changed").hint("look at the rules that count now, and send their `version`")
        }
        SetError::TooLarge { .. } => invalid(StatusCode::UNPROCESSABLE_ENTITY, "rules_too_large"),
        SetError::Write { path, source } => {
            tracing::error!(path = %path.display(), error = %source, "rules cannot be written");
            let detail = format!("{text}: {source}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_written", "The rules could not be written", detail)
                .hint("nothing was changed; ask again when there is room on the disk")
        }
    }
}
