//! What of an error counts in lineage: borrowed, so that a day of rows needs no copies.

use schemas::SpanId;

use crate::facts::{CodeSource, Error, SpanKind};

/// One error of a trace.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    pub span: Option<SpanId>,
    pub parent: Option<SpanId>,
    pub service: &'a str,
    pub code: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    pub fingerprint: u64,
    pub code_source: CodeSource,
    pub span_kind: Option<SpanKind>,
    /// From a span itself, not from a log record inside it.
    pub is_span: bool,
    /// Nanoseconds; of a log record both are its time.
    pub start: i64,
    pub end: i64,
}

/// A span of the trace, with or without an error.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pub span: SpanId,
    pub parent: Option<SpanId>,
    pub service: &'a str,
}

/// What an error is in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing below carries an error.
    Origin,
    /// The same error as that of the hop below, by code, reason, fingerprint or as the caller's view of the call.
    Propagated { from: usize },
    /// Another code than that of the hop below.
    Translated { from: usize },
    /// The code belongs to another service, and nothing of that service failed below.
    Fabricated,
    /// The same error of the same span, told by another record.
    Duplicate { of: usize },
}

impl Role {
    /// Whether statistics that count once where born count it.
    pub fn is_born_here(self) -> bool {
        matches!(self, Self::Origin | Self::Fabricated)
    }

    /// Whether statistics that count every hop count it.
    pub fn is_hop(self) -> bool {
        !matches!(self, Self::Duplicate { .. })
    }

    /// With places among `indexes` instead of those in the trace.
    pub(crate) fn at(self, indexes: &[usize]) -> Self {
        match self {
            Self::Propagated { from } => Self::Propagated { from: indexes[from] },
            Self::Translated { from } => Self::Translated { from: indexes[from] },
            Self::Duplicate { of } => Self::Duplicate { of: indexes[of] },
            other => other,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Propagated { .. } => "propagated",
            Self::Translated { .. } => "translated",
            Self::Fabricated => "fabricated",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

impl<'a> Hop<'a> {
    pub fn of(error: &'a Error) -> Self {
        let evidence = &error.evidence;
        let is_span = error.span_kind.is_some();
        Self {
            span: evidence.span_id,
            parent: evidence.parent_span_id,
            service: &error.emitter.service,
            code: &error.code,
            reason: &error.reason,
            message: &error.message,
            fingerprint: error.fingerprint,
            code_source: error.code_source,
            span_kind: error.span_kind,
            is_span,
            start: error.time.0.saturating_sub(error.duration_ns.unwrap_or_default().max(0)),
            end: error.time.0,
        }
    }

    /// Only a status, a type or a message names it.
    pub(super) fn is_weak(&self) -> bool {
        matches!(self.code_source, CodeSource::Status | CodeSource::ExceptionType)
    }

    /// Whether both are one error by what they are called.
    pub(in crate::codes) fn is_same(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        same(self.code, other.code)
            || same(self.reason, other.reason)
            || (self.is_weak() && other.is_weak() && self.fingerprint == other.fingerprint)
    }

    /// Whether this is how a caller sees `below`: its text has the other's, or its client span has no code of its own.
    pub(super) fn is_view_of(&self, below: &Self) -> bool {
        if !self.is_weak() {
            return false;
        }
        let named_by_message = self.code_source == CodeSource::ExceptionType;
        let quotes = |text: &str| text.len() >= 4 && self.message.contains(text);
        let is_caller = matches!(self.span_kind, Some(SpanKind::Client | SpanKind::Producer));
        is_caller || (named_by_message && (quotes(below.message) || (!below.is_weak() && quotes(below.code))))
    }
}
