//! One row as extraction sees it, borrowed from its columns.

use schemas::UnixNanos;

use crate::facts::{Source, SpanKind};

/// A span, a log record or a data point. Texts are empty where the row has null.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub source: Source,
    /// When the error is to have happened: the end of a span, the time of a log record or point.
    pub time: UnixNanos,
    pub scope: &'a str,
    /// The span's or metric's name; of a log what is known of its operation.
    pub operation: &'a str,
    pub span_kind: Option<SpanKind>,
    pub span_status: SpanStatus,
    pub status_message: &'a str,
    pub duration_ns: Option<i64>,
    /// OTLP's number: 13 and up is a warning, 17 and up an error, 0 not said.
    pub severity: i32,
    /// A log's body as it stands in its column: text, or the JSON of another value.
    pub body: &'a str,
    /// The JSON of the attributes that have no column.
    pub attributes: &'a str,
    /// Span events in the order sent.
    pub events: &'a [Event<'a>],
    pub http_status: Option<i64>,
    /// `rpc.status_code` when a string.
    pub rpc_status: &'a str,
    pub rpc_grpc_status: Option<i64>,
    pub error_type: &'a str,
    pub exception_type: &'a str,
    pub exception_message: &'a str,
}

/// An event of a span.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    pub name: &'a str,
    pub attributes: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpanStatus {
    #[default]
    Unset,
    Ok,
    Error,
}

/// From here on a log record is a warning.
pub const SEVERITY_WARN: i32 = 13;
/// From here on a log record is an error, whatever it says.
pub const SEVERITY_ERROR: i32 = 17;

impl<'a> Record<'a> {
    /// A row that says nothing; set what it has.
    pub fn empty(source: Source, time: UnixNanos) -> Self {
        Self {
            source,
            time,
            scope: "",
            operation: "",
            span_kind: None,
            span_status: SpanStatus::Unset,
            status_message: "",
            duration_ns: None,
            severity: 0,
            body: "",
            attributes: "",
            events: &[],
            http_status: None,
            rpc_status: "",
            rpc_grpc_status: None,
            error_type: "",
            exception_type: "",
            exception_message: "",
        }
    }

    pub fn failed(&self) -> bool {
        self.span_status == SpanStatus::Error
    }

    /// Whether free text of this record may be read for a code: a failed span or a log record from WARN on.
    pub fn is_alarming(&self) -> bool {
        self.failed() || self.severity >= SEVERITY_WARN
    }
}

impl SpanStatus {
    /// Of OTLP's number in column `status_code`.
    pub fn of(number: i32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }
}
