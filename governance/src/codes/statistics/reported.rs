//! An error as statistics see it.

use schemas::TraceId;

use crate::{
    codes::lineage::Hop,
    facts::{Amount, Error, Source},
};

/// A row of `errors`, borrowed from its columns.
#[derive(Debug, Clone, Copy)]
pub struct Reported<'a> {
    pub hop: Hop<'a>,
    pub trace: Option<TraceId>,
    pub environment: &'a str,
    pub solution: &'a str,
    pub http_status: Option<i64>,
    pub grpc_status: &'a str,
    pub is_rejection: bool,
    pub span_failed: bool,
    pub source: Source,
    /// How many errors the row stands for.
    pub weight: f64,
    /// When it arrived, in nanoseconds.
    pub received_ns: i64,
}

impl<'a> Reported<'a> {
    pub fn of(error: &'a Error, received_ns: i64) -> Self {
        Self {
            hop: Hop::of(error),
            trace: error.evidence.trace_id,
            environment: &error.emitter.environment,
            solution: &error.solution,
            http_status: error.http_status,
            grpc_status: &error.grpc_status,
            is_rejection: error.is_rejection,
            span_failed: error.span_failed,
            source: error.evidence.source,
            weight: match error.amount {
                Amount::Count(count) => count,
                Amount::Cumulative { .. } => 0.0,
            },
            received_ns,
        }
    }

    /// When it happened, in nanoseconds.
    pub fn time(&self) -> i64 {
        self.hop.end
    }

    /// Of a span; 0 of others.
    pub fn took_ns(&self) -> i64 {
        self.hop.end.saturating_sub(self.hop.start)
    }
}
