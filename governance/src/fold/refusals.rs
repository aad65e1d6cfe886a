//! Refused calls that have nearly all in common: one fact for each kind, and what each has of its own.

use std::{ops::Deref, sync::Arc};

use schemas::{SpanId, TraceId, UnixNanos};

use crate::facts::{Amount, Rejection};

/// Rejections that differ in what [`Single`] holds only.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    /// Any one of them.
    pub of: Arc<Rejection>,
    /// In any order.
    pub singles: Vec<Single>,
}

/// What one refused call, or one reading of a counter of them, has of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Single {
    pub time: UnixNanos,
    pub amount: Amount,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
    pub parent_span_id: Option<SpanId>,
}

/// One rejection. What it does not hold itself is that of `of`, whose own time, amount and ids are those of any other.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    pub of: &'a Rejection,
    pub time: UnixNanos,
    pub amount: Amount,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
    pub parent_span_id: Option<SpanId>,
}

impl Alike {
    pub fn refusals(&self) -> impl Iterator<Item = Refusal<'_>> {
        self.singles.iter().map(|single| {
            let Single { time, amount, trace_id, span_id, parent_span_id } = *single;
            Refusal { of: &self.of, time, amount, trace_id, span_id, parent_span_id }
        })
    }
}

impl<'a> From<&'a Rejection> for Refusal<'a> {
    fn from(of: &'a Rejection) -> Self {
        let Rejection { time, amount, ref evidence, .. } = *of;
        Self { of, time, amount, trace_id: evidence.trace_id, span_id: evidence.span_id, parent_span_id: evidence.parent_span_id }
    }
}

impl Deref for Refusal<'_> {
    type Target = Rejection;

    fn deref(&self) -> &Rejection {
        self.of
    }
}
