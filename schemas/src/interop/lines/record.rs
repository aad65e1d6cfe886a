//! What a line says.

use std::borrow::Cow;

use super::{json, logfmt, spring, text, time::LocalOffset};
use crate::{SpanId, TraceId, interop::trace, otlp::attributes_json::Attributes};

/// How the lines of a file are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LineFormat {
    /// Each line as what it looks like; lines that go on with a record are joined to it.
    #[default]
    Auto,
    /// A JSON object per line; what is none is kept as it is.
    Json,
    /// Text, also where it looks like JSON; lines that go on with a record are joined to it.
    Text,
    /// Each line as it is.
    Raw,
}

/// One record.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Record<'a> {
    /// `None`: the line does not say.
    pub time_ns: Option<u64>,
    /// The level as it is written, and its number in OTLP; 0 for a word that says nothing.
    pub severity: Option<(Cow<'a, str>, i32)>,
    pub body: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
}

impl LineFormat {
    pub const NAMES: [(&'static str, Self); 4] = [("auto", Self::Auto), ("json", Self::Json), ("text", Self::Text), ("raw", Self::Raw)];

    /// Whether lines can go on with the record before them.
    pub fn joins(self) -> bool {
        matches!(self, Self::Auto | Self::Text)
    }
}

/// The record in `text`, one line or several that belong together, without the last end of line.
pub(super) fn read<'a>(format: LineFormat, text: &'a str, local: LocalOffset<'_>) -> Record<'a> {
    let json = || json::read(text, local);
    let laid_out = || spring::read(text, local).or_else(|| logfmt::read(text, local)).unwrap_or_else(|| text::read(text, local));
    let mut record = match format {
        LineFormat::Auto => json().unwrap_or_else(laid_out),
        LineFormat::Json => json().unwrap_or_else(|| Record { body: text.into(), ..Record::default() }),
        LineFormat::Text => laid_out(),
        LineFormat::Raw => Record { body: text.into(), ..Record::default() },
    };
    if record.trace_id.is_none()
        && let Some((trace_id, span_id)) = trace::named(text)
    {
        record.trace_id = Some(trace_id);
        record.span_id = record.span_id.or(span_id);
    }
    record
}
