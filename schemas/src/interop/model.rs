//! Spans as plain values.

use std::borrow::Cow;

use crate::{
    SpanId, TraceId,
    otlp::{Rejected, attributes_json::Attributes},
};

/// Spans of one resource and one scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanGroup<'a> {
    pub resource: Attributes<'a>,
    pub scope: Scope<'a>,
    pub spans: Vec<Span<'a>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope<'a> {
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub attributes: Attributes<'a>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Span<'a> {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub parent_span_id: Option<SpanId>,
    pub trace_state: Cow<'a, str>,
    pub flags: u32,
    pub name: Cow<'a, str>,
    pub kind: SpanKind,
    /// Unix time in nanoseconds, as in OTLP.
    pub start_ns: u64,
    pub end_ns: u64,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub events: Vec<Event<'a>>,
    pub dropped_events_count: u32,
    pub links: Vec<Link<'a>>,
    pub dropped_links_count: u32,
    pub status: Status<'a>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event<'a> {
    pub time_ns: u64,
    pub name: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Link<'a> {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub trace_state: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status<'a> {
    pub code: StatusCode,
    pub message: Cow<'a, str>,
}

/// The discriminant is the number in OTLP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SpanKind {
    #[default]
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// The discriminant is the number in OTLP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatusCode {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// What a document of another system holds.
#[derive(Debug, Default)]
pub struct Foreign {
    pub groups: Vec<SpanGroup<'static>>,
    /// Spans that cannot be OTLP, and why.
    pub rejected: Rejected,
}

/// Why nothing of a document can be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    #[error("malformed {format} JSON")]
    Json { format: &'static str, source: serde_json::Error },
    #[error("malformed {format} protobuf: {what}")]
    Protobuf { format: &'static str, what: &'static str },
    #[error("malformed {format} thrift at byte {offset}: {what}")]
    Thrift { format: &'static str, offset: usize, what: &'static str },
    #[error("malformed {format} labels {labels:?}: {what}")]
    Labels { format: &'static str, labels: String, what: &'static str },
    #[error("{format} would be more than {limit} bytes as OTLP")]
    TooLarge { format: &'static str, limit: usize },
}

impl SpanKind {
    const ALL: [Self; 6] = [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer];

    /// The kind of a number in OTLP; those of later versions are unspecified.
    pub fn of_number(number: u64) -> Self {
        Self::ALL.into_iter().find(|kind| *kind as u64 == number).unwrap_or_default()
    }

    /// Lowercase, as OpenTracing has it; `None` for what others leave unsaid.
    pub fn foreign_name(self) -> Option<&'static str> {
        match self {
            Self::Unspecified | Self::Internal => None,
            Self::Server => Some("server"),
            Self::Client => Some("client"),
            Self::Producer => Some("producer"),
            Self::Consumer => Some("consumer"),
        }
    }

    /// The kind of such a name in either case. Some of Jaeger's clients do say `internal`.
    pub fn of_foreign_name(name: &str) -> Option<Self> {
        let named = |kind: &Self| kind.foreign_name().is_some_and(|known| known.eq_ignore_ascii_case(name));
        Self::ALL.into_iter().find(named).or_else(|| name.eq_ignore_ascii_case("internal").then_some(Self::Internal))
    }
}

impl StatusCode {
    /// The code of a number in OTLP; those of later versions are unset.
    pub fn of_number(number: u64) -> Self {
        [Self::Ok, Self::Error].into_iter().find(|code| *code as u64 == number).unwrap_or_default()
    }

    /// The value of `otel.status_code`; `None` when it must not be set.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Unset => None,
            Self::Ok => Some("OK"),
            Self::Error => Some("ERROR"),
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Error].into_iter().find(|code| code.name().is_some_and(|known| known.eq_ignore_ascii_case(name)))
    }
}

impl Span<'_> {
    /// A span that says nothing yet but who it is.
    pub(super) fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self {
            trace_id,
            span_id,
            parent_span_id: None,
            trace_state: Cow::default(),
            flags: 0,
            name: Cow::default(),
            kind: SpanKind::default(),
            start_ns: 0,
            end_ns: 0,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::default(),
        }
    }
}
