//! `GET /api/v1/errors/codes`: every code of a window, the most frequent first.

use std::time::Instant;

use governance::codes::{
    catalogue::{self, Language, Seen, unknown_codes},
    statistics::CodeCount,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, to_json, total},
        completeness::Completeness,
        page_token::PageToken,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        window::unknown_parameter,
    },
    asked::Asked,
    decisions::Decisions,
    load::{Folds, Told},
    past::Past,
    row::{CodeRow, Context, main_service},
};

const LIMITS: Limits = Limits { default: 100, max: 2000 };
const UNKNOWN_MAX: usize = 50;
const KNOWN: &str = "this route knows `start`, `end`, `range`, `q`, `service`, `environment`, `count`, `limit` and `page_token`";

/// Codes of a window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCodes)]
pub(super) struct CodesAnswer {
    /// Most frequent first.
    codes: Vec<CodeRow>,
    /// That `q` leaves, on all pages.
    codes_total: usize,
    /// Of the next page; null on the last.
    next_page_token: Option<String>,
    /// Errors of all of them.
    count: f64,
    /// Codes that no catalogue knows, by their shape. `q` does not matter for them.
    unknown: Vec<UnknownCodes>,
    /// Of the errors of all codes that `q` leaves.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// Codes of one shape that nobody wrote down.
#[derive(Debug, Serialize, ToSchema)]
struct UnknownCodes {
    /// What they have in common, as a regular expression.
    shape: String,
    /// How many different ones.
    forms: usize,
    count: f64,
    /// The most frequent ones.
    samples: Vec<UnknownCode>,
    /// TOML for a file of codes, to begin with.
    suggestion: String,
}

/// A code that nobody wrote down.
#[derive(Debug, Serialize, ToSchema)]
struct UnknownCode {
    code: String,
    service: String,
    message: String,
    count: f64,
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs, language: Language) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let after = pairs.iter().find(|(name, _)| name == "page_token").map(|(_, token)| PageToken::parse(token)).transpose()?;
    let (mut asked, others) = Asked::parse(pairs, now)?;
    if let Some(after) = &after {
        asked.window = after.window;
    }
    let (mut q, mut limit) = (String::new(), LIMITS.default);
    for (name, value) in others {
        match name.as_str() {
            "q" => q = value,
            "limit" => limit = parse_limit(&value, LIMITS)?,
            "page_token" => {}
            _ => return Err(unknown_parameter(&name, KNOWN)),
        }
    }
    let (told, past) = tokio::try_join!(folds.told(&asked, now), folds.past(&asked))?;
    let known = folds.known();
    let decisions = Decisions::of(&told.counts.codes, &asked.environment, &known);
    let context = Context { asked: &asked, told: &told, past: &past, known: &known, decisions: &decisions, language };
    let wanted = Wanted::of(&q);
    let found: Vec<&CodeCount> = told.counts.codes.iter().filter(|code| wanted.finds(code, &context)).collect();
    let seen = told.counts.codes.iter().map(|code| Seen {
        code: &code.code,
        service: main_service(code),
        count: code.count,
        message: &code.message,
    });
    let unknown = unknown_codes(seen, &known.layouts, &known.catalogue);
    let from = match &after {
        // The fold of a window that is over gives the same order again.
        Some(after) => found.iter().position(|code| code.code == after.id).map_or(found.len(), |place| place + 1),
        None => 0,
    };
    let page: Vec<&CodeCount> = found.iter().skip(from).take(limit).copied().collect();
    let left = found.len() - from - page.len();
    let cost = cost(&told, &past);
    let completeness = folds.completeness(found.iter().copied(), (&asked, told.left_out), &cost);
    let mut meta = cost.meta(started);
    if left > 0 {
        meta.truncated = true;
        meta.warnings.push(format!("{left} more codes are less frequent than these"));
    }
    let token = |code: &&CodeCount| PageToken { window: asked.window, id: code.code.clone() }.text();
    Ok(to_json(&CodesAnswer {
        codes: page.iter().map(|code| context.row(code)).collect(),
        codes_total: found.len(),
        next_page_token: page.last().filter(|_| left > 0).map(token),
        count: total(found.iter().map(|code| code.count)),
        unknown: unknown.into_iter().take(UNKNOWN_MAX).map(UnknownCodes::of).collect(),
        completeness,
        meta,
    }))
}

/// Of all that was read.
pub(super) fn cost(told: &Told, past: &Past) -> Cost {
    let mut cost = told.cost.clone();
    cost.scanned_rows += past.cost.scanned_rows;
    cost.scanned_bytes += past.cost.scanned_bytes;
    cost.partial.extend(past.cost.partial.iter().cloned());
    cost.partial.sort_unstable();
    cost.partial.dedup();
    cost.warnings.extend(past.cost.warnings.iter().cloned());
    cost
}

/// What `q` looks for: a code, the beginning of one (`5001*`), or a part of what is said.
struct Wanted {
    text: String,
    is_start: bool,
}

impl Wanted {
    fn of(q: &str) -> Self {
        let q = q.trim();
        let start = q.strip_suffix('*');
        Self { text: start.unwrap_or(q).to_lowercase(), is_start: start.is_some() }
    }

    fn finds(&self, code: &CodeCount, context: &Context<'_>) -> bool {
        let is_in = |text: &str| text.to_lowercase().contains(&self.text);
        if self.text.is_empty() {
            return true;
        }
        if self.is_start {
            return [&code.code, &code.reason].iter().any(|text| text.to_lowercase().starts_with(&self.text));
        }
        let titles = || context.entry(code).is_some_and(|entry| is_in(&entry.title.en) || is_in(&entry.title.zh));
        is_in(&code.code) || is_in(&code.reason) || is_in(&code.message) || titles()
    }
}

impl UnknownCodes {
    fn of(unknown: catalogue::Unknown) -> Self {
        let catalogue::Unknown { shape, forms, count, samples, suggestion } = unknown;
        let samples = samples.into_iter().map(|sample| UnknownCode {
            code: sample.code,
            service: sample.service,
            message: sample.message,
            count: sample.count,
        });
        Self { shape, forms, count, samples: samples.collect(), suggestion }
    }
}
