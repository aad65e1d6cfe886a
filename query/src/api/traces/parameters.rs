//! What a request may say, and what is wrong with it when it says something else.

use schemas::{SpanId, TraceId, ids::ParseIdError};

use super::super::problem::Problem;
use crate::trace::{Cursor, PAGE_SPANS_MAX};

/// Fewer spans than this and a page could hold no child besides its root.
const LIMIT_MIN: usize = 2;

/// Which part of a trace is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageRequest {
    /// The span whose subtree is asked for; all of the trace without one.
    pub(super) root: Option<SpanId>,
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { root: None, after: None, limit: PAGE_SPANS_MAX }
    }
}

impl PageRequest {
    /// Takes `name=value` in when it is about pages; says whether it was.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match name {
            "root" => self.root = Some(parse_span_id("root", value)?),
            "page_token" => self.after = Some(parse_page_token(value)?),
            "limit" => self.limit = parse_limit(value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The pairs of a query string, as they came: no value of these routes needs an escape.
pub(super) fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Refuses `name`; `known` says what the route does know, for instance "only `format`".
pub(super) fn unknown(name: &str, known: &str) -> Problem {
    Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), format!("this route knows {known}"))
}

/// For routes that take no parameters.
pub(super) fn refuse_any(query: Option<&str>) -> Result<(), Problem> {
    pairs(query).next().map_or(Ok(()), |(name, _)| Err(unknown(name, "no parameters")))
}

pub(super) fn parse_trace_id(param: &'static str, text: &str) -> Result<TraceId, Problem> {
    digits(text).parse().map_err(|error: ParseIdError| {
        Problem::invalid_parameter(param, error.to_string(), "a trace id is 32 hex digits, for instance 4bf92f3577b34da6a3ce929d0e0e4736")
    })
}

pub(super) fn parse_span_id(param: &'static str, text: &str) -> Result<SpanId, Problem> {
    digits(text).parse().map_err(|error: ParseIdError| {
        Problem::invalid_parameter(param, error.to_string(), "a span id is 16 hex digits, for instance 00f067aa0ba902b7")
    })
}

fn digits(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text).trim()
}

fn parse_page_token(text: &str) -> Result<Cursor, Problem> {
    text.parse().map_err(|_| {
        Problem::invalid_parameter(
            "page_token",
            "not a page token of this server",
            "pass `next_page_token` of the page before as it is, with the same `root`",
        )
    })
}

fn parse_limit(text: &str) -> Result<usize, Problem> {
    let limit = text.parse().ok().filter(|limit| (LIMIT_MIN..=PAGE_SPANS_MAX).contains(limit));
    limit.ok_or_else(|| {
        Problem::invalid_parameter(
            "limit",
            format!("{text:?} is not a number of spans that can be asked for"),
            format!("use a number from {LIMIT_MIN} to {PAGE_SPANS_MAX}, which is also the default"),
        )
    })
}
