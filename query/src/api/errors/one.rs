//! `GET /api/v1/errors/codes/{code}`: one code of a window.

use std::time::Instant;

use governance::codes::{catalogue::Language, statistics::CodeCount};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, rfc3339, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now},
        window::unknown_parameter,
    },
    asked::Asked,
    decisions::Decisions,
    list::cost,
    load::{Folds, Told},
    row::{CodeRow, Context},
};

/// One code of a window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCodeAnswer)]
pub(super) struct CodeAnswer {
    #[serde(flatten)]
    row: CodeRow,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

pub(super) async fn answer(folds: &Folds, code: &str, pairs: Pairs, language: Language) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (asked, others) = Asked::parse(pairs, now)?;
    nothing_else(&others)?;
    let (told, past) = tokio::try_join!(folds.told(&asked, now), folds.past(&asked))?;
    let code = find(&told, code, &asked)?;
    let known = folds.known();
    let decisions = Decisions::of(&told.counts.codes, &asked.environment, &known);
    let context = Context { asked: &asked, told: &told, past: &past, known: &known, decisions: &decisions, language };
    let row = context.row(code);
    let cost = cost(&told, &past);
    let completeness = folds.completeness([code], (&asked, told.left_out), &cost);
    Ok(to_json(&CodeAnswer { row, completeness, meta: cost.meta(started) }))
}

pub(super) fn find<'a>(told: &'a Told, code: &str, asked: &Asked) -> Result<&'a CodeCount, Problem> {
    told.counts.codes.iter().find(|counted| counted.code == code).ok_or_else(|| not_found(code, asked))
}

fn not_found(code: &str, asked: &Asked) -> Problem {
    let (start, end) = (rfc3339(asked.window.start), rfc3339(asked.window.end));
    let (what, hint) = match asked.every_hop {
        true => ("is carried by", "GET /api/v1/errors/codes lists those of a window; ask for another `start` and `end`"),
        false => {
            ("is born in", "one that other codes became on their way is found with count=every_hop; or ask for another `start` and `end`")
        }
    };
    let detail = format!("{code:?} {what} no error that counts from {start} to {end}");
    Problem::new(StatusCode::NOT_FOUND, "code_not_found", "There is no such error code", detail).hint(hint)
}

pub(super) fn nothing_else(others: &Pairs) -> Result<(), Problem> {
    match others.first() {
        Some((name, _)) => Err(unknown_parameter(name, "this route knows `start`, `end`, `range`, `service`, `environment` and `count`")),
        None => Ok(()),
    }
}
