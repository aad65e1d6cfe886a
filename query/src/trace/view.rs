//! The shape of the answer.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use schemas::{SpanId, TraceId};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::json::JsonObject;

/// One trace, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trace {
    #[serde(serialize_with = "display")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    pub start_time: Time,
    /// From the earliest start to the latest end.
    pub duration_ns: i64,
    /// Names in order of first appearance in the tree.
    pub services: Vec<String>,
    /// The earliest span without a parent; when every span names one, the earliest span at depth 0.
    pub root: Option<Root>,
    /// Spans in the store, without identical copies; more than `spans` holds when `truncated`.
    pub span_count: usize,
    /// The trace has more spans than one answer may hold; the earliest are here.
    pub truncated: bool,
    /// Depth first, siblings by start time.
    pub spans: Vec<Span>,
}

/// Which span stands for the trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Root {
    #[serde(serialize_with = "display")]
    #[schema(value_type = String)]
    pub span_id: SpanId,
    pub name: String,
    pub service_name: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Span {
    #[serde(serialize_with = "display")]
    #[schema(value_type = String)]
    pub span_id: SpanId,
    #[serde(serialize_with = "display_option")]
    #[schema(value_type = Option<String>)]
    pub parent_span_id: Option<SpanId>,
    pub depth: u32,
    /// The parent is not in this trace: not sent, not here yet, or rejected.
    pub parent_missing: bool,
    pub name: String,
    pub kind: EnumText,
    pub service_name: Option<String>,
    pub start_time: Time,
    pub end_time: Time,
    /// Negative when the sender's clock went backwards.
    pub duration_ns: i64,
    pub status_code: EnumText,
    pub status_message: Option<String>,
    pub attributes: JsonObject,
    pub dropped_attributes_count: u32,
    pub events: Vec<Event>,
    pub dropped_events_count: u32,
    pub links: Vec<Link>,
    pub dropped_links_count: u32,
    pub trace_state: Option<String>,
    pub flags: u32,
    /// Every resource attribute under the key it was sent with.
    pub resource: JsonObject,
    pub scope: Scope,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    pub time: Time,
    pub name: String,
    pub attributes: JsonObject,
    pub dropped_attributes_count: u32,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Link {
    /// Null when the sender's id was not valid; so for the span id.
    #[serde(serialize_with = "display_option")]
    #[schema(value_type = Option<String>)]
    pub trace_id: Option<TraceId>,
    #[serde(serialize_with = "display_option")]
    #[schema(value_type = Option<String>)]
    pub span_id: Option<SpanId>,
    pub trace_state: Option<String>,
    pub flags: u32,
    pub attributes: JsonObject,
    pub dropped_attributes_count: u32,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Scope {
    pub name: Option<String>,
    pub version: Option<String>,
    pub attributes: JsonObject,
}

/// Nanoseconds since 1970, in JSON as RFC 3339 with nine digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Time(pub i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(9));
        let time =
            Timestamp::from_nanosecond(i128::from(self.0)).expect("jiff's range (years -9999 to 9999) contains that of i64 nanoseconds");
        serializer.serialize_str(&PRINTER.timestamp_to_string(&time))
    }
}

/// An OTLP enum value: its lowercase name, or the number when the specification has no name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EnumText {
    Name(&'static str),
    Number(i32),
}

impl EnumText {
    pub(crate) fn kind(number: i32) -> Self {
        Self::of(&["unspecified", "internal", "server", "client", "producer", "consumer"], number)
    }

    pub(crate) fn status(number: i32) -> Self {
        Self::of(&["unset", "ok", "error"], number)
    }

    fn of(names: &[&'static str], number: i32) -> Self {
        usize::try_from(number).ok().and_then(|index| names.get(index)).map_or(Self::Number(number), |name| Self::Name(name))
    }
}

pub(super) fn display<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn display_option<S: Serializer>(value: &Option<impl std::fmt::Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
