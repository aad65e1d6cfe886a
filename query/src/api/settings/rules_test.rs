//! `POST /api/v1/settings/rules:test`: what rules would tell from records, before they count.

use std::{sync::Arc, time::Instant};

use governance::classify::{RuleError, RuleErrors, Rules, with_facts};
use http::StatusCode;
use schemas::{
    Signal, Table, TableBatch, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta, to_json},
    breakers::internal,
    problem::Problem,
};
use crate::encode::object_rows;

/// Facts in one answer.
const FACTS_MAX: usize = 1000;
/// Name of the text in its mistakes.
const FILE: &str = "rules";

/// Records, and rules for them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GovernanceRulesTest)]
pub(super) struct Test {
    /// A rule file, laid over the shipped rules. When left out, the rules that count now are tried.
    rules: Option<String>,
    /// A request of OTLP/JSON as exporters send it: `resourceSpans`, `resourceLogs` or `resourceMetrics`. When left out, the file is only
    /// checked.
    #[schema(value_type = Option<Object>)]
    otlp: Option<Value>,
}

/// What is wrong with the rules, or what they tell.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceRulesTested)]
pub(super) struct Tested {
    /// Of the file, by line. With one, nothing is told.
    mistakes: Vec<Mistake>,
    /// In the order of the records. At most 1000.
    facts: Vec<Fact>,
    facts_total: usize,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceRuleMistake)]
struct Mistake {
    /// From 1.
    line: usize,
    /// The rule and its field.
    place: String,
    why: String,
}

/// A row that would be stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceFact)]
struct Fact {
    /// `rejections`, `breaker_signals`, `resilience_actions` or `errors`.
    table: &'static str,
    /// Its columns that have a value, as in SQL.
    #[schema(value_type = Object)]
    row: Value,
}

pub(super) async fn test(rules_now: Arc<Rules>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let start = Instant::now();
    let test: Test = serde_json::from_slice(body)
        .map_err(|error| unreadable(error, r#"send {"rules": "[[rule]]\n…", "otlp": {"resourceLogs": […]}}"#))?;
    let work = tokio::task::spawn_blocking(move || tell(&rules_now, &test, start));
    work.await.map_err(|_| internal("a bug ended the test of the rules"))?.map(|tested| to_json(&tested))
}

fn tell(rules_now: &Rules, Test { rules, otlp }: &Test, start: Instant) -> Result<Tested, Problem> {
    let tested = |mistakes, facts: Vec<Fact>, facts_total| Tested { mistakes, facts, facts_total, meta: Cost::default().meta(start) };
    let own = match rules.as_deref().map(|text| Rules::with_overlay(FILE, text)).transpose() {
        Ok(own) => own,
        Err(RuleErrors(mistakes)) => return Ok(tested(mistakes.into_iter().map(Mistake::of).collect(), Vec::new(), 0)),
    };
    let Some(otlp) = otlp else { return Ok(tested(Vec::new(), Vec::new(), 0)) };
    let batches = with_facts(own.as_ref().unwrap_or(rules_now), records(otlp)?, UnixNanos(0));
    let mut facts = Vec::new();
    let mut facts_total = 0;
    for TableBatch { table, batch } in batches {
        if matches!(table, Table::Spans | Table::Logs | Table::Metrics) {
            continue;
        }
        facts_total += batch.num_rows();
        let batch = batch.slice(0, batch.num_rows().min(FACTS_MAX - facts.len()));
        let mut rows = b"[".to_vec();
        object_rows(&mut rows, &batch, true).map_err(|error| internal(&error.to_string()))?;
        rows.push(b']');
        let rows: Vec<Value> = serde_json::from_slice(&rows).map_err(|error| internal(&error.to_string()))?;
        facts.extend(rows.into_iter().map(|row| Fact { table: table.name(), row }));
    }
    Ok(tested(Vec::new(), facts, facts_total))
}

fn records(otlp: &Value) -> Result<Vec<TableBatch>, Problem> {
    const HINT: &str = "an OTLP/JSON request has resourceSpans, resourceLogs or resourceMetrics";
    let has = |key: &str| otlp.get(key).is_some();
    let signal = match () {
        () if has("resourceSpans") => Signal::Traces,
        () if has("resourceLogs") => Signal::Logs,
        () if has("resourceMetrics") => Signal::Metrics,
        () => return Err(unreadable("`otlp` has none of the three", HINT)),
    };
    let decoded = decode(signal, Format::Json, otlp.to_string().as_bytes(), UnixNanos(0), &DecodeLimits::NONE);
    decoded.map(|decoded| decoded.batches).map_err(|error| unreadable(format_args!("`otlp`: {error}"), HINT))
}

impl Mistake {
    fn of(error: RuleError) -> Self {
        let RuleError { line, place, why, .. } = error;
        Self { line, place, why }
    }
}

fn unreadable(why: impl ToString, hint: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", why.to_string()).hint(hint)
}
