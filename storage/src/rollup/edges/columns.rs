//! The columns of spans that tell calls.

use arrow::array::{Array, FixedSizeBinaryArray, RecordBatch};
use schemas::columns as c;
use xxhash_rust::xxh3::xxh3_64;

use super::half::Half;
use crate::rollup::{
    columns::{RollupError, ids},
    rows::id,
    spans::{SPAN_COLUMNS, Spans, Sparse, Words, sparse, text},
    texts::{NULL, Texts},
};

/// Columns of spans that [`EdgeMinutes::add_cut`](super::EdgeMinutes::add_cut) reads.
pub const EDGE_SPAN_COLUMNS: [&str; SPAN_COLUMNS.len() + OWN_COLUMNS.len()] = {
    let mut all = [""; SPAN_COLUMNS.len() + OWN_COLUMNS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < SPAN_COLUMNS.len() { SPAN_COLUMNS[at] } else { OWN_COLUMNS[at - SPAN_COLUMNS.len()] };
        at += 1;
    }
    all
};

const OWN_COLUMNS: [&str; 4] = [c::SPAN_ID, c::PARENT_SPAN_ID, c::RPC_SYSTEM, c::HTTP_REQUEST_METHOD];

pub(super) struct EdgeSpans<'a> {
    spans: Spans<'a>,
    trace: &'a FixedSizeBinaryArray,
    span: &'a FixedSizeBinaryArray,
    parent: &'a FixedSizeBinaryArray,
    rpc_system: Sparse<'a>,
    http_method: Sparse<'a>,
}

impl<'a> EdgeSpans<'a> {
    pub(super) fn of(batch: &'a RecordBatch, texts: &mut Texts, words: Words) -> Result<Self, RollupError> {
        Ok(Self {
            spans: Spans::of(batch, texts, words)?,
            trace: ids(batch, c::TRACE_ID, 16)?,
            span: ids(batch, c::SPAN_ID, 8)?,
            parent: ids(batch, c::PARENT_SPAN_ID, 8)?,
            rpc_system: sparse(batch, c::RPC_SYSTEM)?,
            http_method: sparse(batch, c::HTTP_REQUEST_METHOD)?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.span.len()
    }

    /// Trace and span.
    pub(super) fn place(&self, row: usize) -> Option<([u8; 16], [u8; 8])> {
        Some((id(self.trace, row)?, id(self.span, row)?))
    }

    /// Hash of trace and span; never 0.
    pub(super) fn key(&self, row: usize) -> u64 {
        key(self.trace.value(row), self.span.value(row))
    }

    /// That of the parent; 0 of a root.
    pub(super) fn parent_key(&self, row: usize) -> u64 {
        if self.parent.is_valid(row) { key(self.trace.value(row), self.parent.value(row)) } else { 0 }
    }

    pub(super) fn parent(&self, row: usize) -> Option<[u8; 8]> {
        id(self.parent, row)
    }

    pub(super) fn service(&self, row: usize) -> u32 {
        self.spans.service(row)
    }

    pub(super) fn kind(&self, row: usize) -> i32 {
        self.spans.kind(row)
    }

    pub(super) fn start(&self, row: usize) -> i64 {
        self.spans.start(row)
    }

    /// All that a half tells of the span, but for what is above it.
    pub(super) fn half(&self, row: usize, texts: &mut Texts) -> Half {
        let span = self.spans.span(row);
        let kind = self.kind(row);
        let [service, namespace, environment] = self.spans.whose(row);
        let mut half = Half {
            trace: span.trace,
            span: None,
            up: None,
            kind,
            start: span.start,
            received_at: span.received_at,
            duration_ns: span.duration_ns,
            failed: span.failed,
            weight: span.count(),
            answered: false,
            texts: [service, namespace, environment, self.spans.operation(row, texts), NULL, NULL, NULL],
        };
        let http = || text(self.http_method, row).map(|_| "http");
        let protocol = self.spans.system(row).or_else(|| text(self.rpc_system, row)).or_else(http);
        half.set_protocol(protocol.map_or(NULL, |protocol| texts.number(protocol)));
        half
    }

    /// So too, of a span that calls: with its id, and whom it calls.
    pub(super) fn caller(&self, row: usize, texts: &mut Texts) -> Half {
        let mut half = self.half(row, texts);
        half.span = id(self.span, row);
        half.set_called(self.spans.called(row, texts).unwrap_or((NULL, NULL)));
        half
    }
}

fn key(trace: &[u8], span: &[u8]) -> u64 {
    let mut both = [0; 24];
    both.iter_mut().zip(trace.iter().chain(span)).for_each(|(to, from)| *to = *from);
    // 0 means none.
    xxh3_64(&both).max(1)
}
