//! `GET /api/v1/settings/rules`: the rules that count now.

use std::time::Instant;

use governance::classify::{Described, Rules};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::answer::{Cost, Meta};

/// Rules that turn records into refusals, states of breakers and actions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernanceRules)]
pub(super) struct RulesAnswer<'a> {
    /// Facts that carry this version were made by these rules: sixteen hex digits.
    version: String,
    /// By id.
    rules: Vec<RuleRow<'a>>,
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
    /// Name of the file it is from.
    file: &'a str,
    /// It is shipped with the server, and no file took its place.
    built_in: bool,
}

impl<'a> RulesAnswer<'a> {
    pub fn new(rules: &'a Rules, start: Instant) -> Self {
        let row = |rule: Described<'a>| {
            let Described { id, about, on, priority, confidence, gives, file, built_in } = rule;
            RuleRow { id, about, on, priority, confidence, gives, file, built_in }
        };
        let rows = rules.described().into_iter().map(row).collect();
        Self { version: format!("{:016x}", rules.version()), rules: rows, meta: Cost::default().meta(start) }
    }
}
