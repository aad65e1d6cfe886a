//! Why a question has no answer, in three families: the asker's mistake, a limit, our bug or a broken disk.

use std::time::Duration;

use datafusion::{
    common::{DataFusionError, Diagnostic, SchemaError},
    sql::sqlparser::parser::ParserError,
};

/// Names shown as candidates for a mistyped one.
const SUGGESTIONS_MAX: usize = 3;
/// How alike a name has to be to be shown, of 1.
const SIMILARITY_MIN: f64 = 0.72;

/// How DataFusion reports a pattern that is wrong or compiles to too much, as a bug of its own.
const BAD_REGEX: &str = "Regular expression did not compile: ";
/// How it reports one that it reads while it plans: the last line says why.
const NO_REGEX: &str = "regex parse error:";
/// How it reports that the limit of spill files is reached, as a failure of the disk.
const SPILL_IS_FULL: &str = "used disk space during the spilling process has exceeded";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// The text cannot be understood, or not be answered as it stands.
    #[error("{message}")]
    Invalid { message: String, at: Option<Position>, hint: Option<String> },
    /// Understood, and not allowed here.
    #[error("{what} is not allowed: SQL here only reads")]
    Forbidden { what: String },
    #[error("{running} questions run and {waiting} wait: more are not taken")]
    Busy { running: usize, waiting: usize },
    #[error("no answer within {} s", .deadline.as_secs())]
    Deadline { deadline: Duration },
    #[error("the question needs more than its share of memory or disk: {message}")]
    Resources { message: String },
    /// More than one answer may be made of.
    #[error("{message}")]
    TooMuch { message: String, hint: &'static str },
    #[error("the question was cancelled")]
    Cancelled,
    #[error("{message}")]
    Internal { message: String },
}

/// Where in the text, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Position {
    pub line: u64,
    pub column: u64,
}

impl EngineError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), at: None, hint: None }
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        let at = place(&error);
        match error.find_root() {
            DataFusionError::SQL(error, _) => syntax(error),
            DataFusionError::SchemaError(error, _) => unknown_name(error, at),
            DataFusionError::Plan(message) | DataFusionError::NotImplemented(message) | DataFusionError::Configuration(message) => {
                planning(message, at)
            }
            // What rows make of an expression: a division by zero, a text that is no number.
            DataFusionError::Execution(message) => Self::Invalid { message: first_line(message), at, hint: None },
            DataFusionError::ResourcesExhausted(message) => Self::Resources { message: first_line(message) },
            DataFusionError::Internal(message) if message.contains(BAD_REGEX) => {
                let what = message.split(BAD_REGEX).nth(1).unwrap_or_default();
                Self::Invalid { message: format!("a regular expression cannot be used: {}", first_line(what)), at, hint: None }
            }
            root => match root.to_string() {
                message if message.contains(NO_REGEX) => {
                    let why = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    Self::Invalid { message: format!("a regular expression cannot be used: {why}"), at, hint: None }
                }
                message if message.contains(SPILL_IS_FULL) => {
                    Self::Resources { message: "more would spill to disk than is allowed".to_owned() }
                }
                message if matches!(root, DataFusionError::ArrowError(..)) => {
                    Self::Invalid { message: first_line(&message), at, hint: None }
                }
                message => Self::Internal { message: first_line(&message) },
            },
        }
    }
}

/// Where in the query, when one of the wrappers knows.
fn place(error: &DataFusionError) -> Option<Position> {
    match error {
        DataFusionError::Diagnostic(diagnostic, inner) => position(diagnostic).or_else(|| place(inner)),
        DataFusionError::Context(_, inner) => place(inner),
        DataFusionError::Shared(inner) => place(inner),
        DataFusionError::Collection(errors) => errors.first().and_then(place),
        _ => None,
    }
}

fn position(diagnostic: &Diagnostic) -> Option<Position> {
    diagnostic.span.map(|span| Position { line: span.start.line, column: span.start.column })
}

/// The parser says where at the end of its message: ` at Line: 1, Column: 8`.
fn syntax(error: &ParserError) -> EngineError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => "it is nested too deeply",
    };
    let Some((message, place)) = text.rsplit_once(" at Line: ") else { return EngineError::invalid(first_line(text)) };
    let at = place.split_once(", Column: ").and_then(|(line, column)| {
        let digits = |text: &str| text.trim().trim_end_matches('.').parse().ok();
        Some(Position { line: digits(line)?, column: digits(column)? })
    });
    EngineError::Invalid { message: first_line(message), at, hint: None }
}

fn unknown_name(error: &SchemaError, at: Option<Position>) -> EngineError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let names = valid_fields.iter().map(|column| column.name.as_str());
            let hint = near(&field.name, names)
                .unwrap_or_else(|| format!("attributes without a column of their own are read with attributes->>'{}'", field.name));
            EngineError::Invalid { message: format!("there is no column {}", field.name), at, hint: Some(hint) }
        }
        other => EngineError::Invalid { message: first_line(&other.to_string()), at, hint: None },
    }
}

fn planning(message: &str, at: Option<Position>) -> EngineError {
    let message = first_line(message);
    if let Some(table) = message.strip_prefix("table '").and_then(|rest| rest.split('\'').next()) {
        let name = table.rsplit('.').next().unwrap_or(table);
        let tables = schemas::Table::ALL.map(schemas::Table::name);
        let hint = near(name, tables.into_iter()).unwrap_or_else(|| format!("the tables are {}", tables.join(", ")));
        return EngineError::Invalid { message: format!("there is no table {name}"), at, hint: Some(hint) };
    }
    EngineError::Invalid { message, at, hint: None }
}

/// `did you mean …?` when some names are alike.
fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut alike: Vec<(f64, &str)> = candidates.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate)).collect();
    alike.retain(|(similarity, _)| *similarity >= SIMILARITY_MIN);
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.dedup_by_key(|(_, name)| *name);
    let names: Vec<&str> = alike.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| format!("did you mean {}?", names.join(", ")))
}

/// Messages go to people: without back traces and lists of functions.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches(['.', ' ']).to_owned()
}
