//! Spans as far as they tell who calls whom: some 50 bytes each.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{SpanId, TraceId, columns as c, sampling::adjusted_count};
use xxhash_rust::xxh3::xxh3_64;

use super::peer::{NodeKind, SaidColumns};
use crate::{
    analytics::minutes::{Completeness, LATE_NS},
    trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType},
};

/// Spans kept; more are left out, and counted.
pub const SPANS_MAX: usize = 1_000_000;
const ERROR: i32 = 2;

/// Columns of spans that [`Spans::add`] reads, beside [`super::PEER_COLUMNS`].
pub const COLUMNS: [&str; 11] = [
    c::TRACE_ID,
    c::SPAN_ID,
    c::PARENT_SPAN_ID,
    c::SERVICE_NAME,
    c::NAME,
    c::KIND,
    c::STATUS_CODE,
    c::START_TIME,
    c::DURATION_NS,
    c::RECEIVED_AT,
    c::TRACE_STATE,
];

/// A span; texts are numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Hash of trace and parent; 0 of a root.
    pub parent: u64,
    pub service: u32,
    pub operation: u32,
    /// Index into `peers`, plus one; 0: nothing says whom it calls.
    pub peer: u32,
    pub kind: u8,
    pub failed: bool,
    /// Of the window; others are only read for their relatives.
    pub counts: bool,
}

impl Span {
    /// Whether it calls somebody: client and producer spans.
    pub(super) fn calls(&self) -> bool {
        matches!(self.kind, 3 | 4)
    }

    /// Whether a call came in: server and consumer spans.
    pub(super) fn is_entry(&self) -> bool {
        matches!(self.kind, 2 | 5)
    }
}

/// What is asked of a call beyond whom it reaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    pub trace: TraceId,
    pub start_ns: i64,
    pub instance: u32,
    pub scope: u32,
    /// A breaker or limiter refused it.
    pub refused: bool,
    /// Spans that it stands for, itself included.
    pub weight: f64,
}

/// Columns that [`Spans::detailed`] needs beside the others.
pub const DETAIL_COLUMNS: [&str; 3] = [c::SERVICE_INSTANCE_ID, c::SCOPE_NAME, c::REJECTION_KIND];

/// Spans of a window and of its edges.
#[derive(Debug)]
pub struct Spans {
    start_ns: i64,
    end_ns: i64,
    pub(super) spans: HashMap<u64, Span>,
    pub(super) texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// Kind, and the numbers of name and system.
    pub(super) peers: Vec<(NodeKind, u32, u32)>,
    peer_numbers: HashMap<(NodeKind, u32, u32), u32>,
    /// Of calls within the window; `None`: not asked for.
    pub(super) details: Option<HashMap<u64, Detail>>,
    pub completeness: Completeness,
}

impl Spans {
    /// Those that begin from `start_ns` to before `end_ns` count.
    pub fn new(start_ns: i64, end_ns: i64) -> Self {
        Self {
            start_ns,
            end_ns,
            spans: HashMap::new(),
            texts: Vec::new(),
            numbers: HashMap::new(),
            peers: Vec::new(),
            peer_numbers: HashMap::new(),
            details: None,
            completeness: Completeness::default(),
        }
    }

    /// So too, with what [`super::by_operation`] asks: 50 bytes more for each call.
    pub fn detailed(start_ns: i64, end_ns: i64) -> Self {
        Self { details: Some(HashMap::new()), ..Self::new(start_ns, end_ns) }
    }

    /// Those with a span within the window, each once, in no order.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        let numbers: std::collections::BTreeSet<u32> = self.spans.values().filter(|span| span.counts).map(|span| span.service).collect();
        numbers.into_iter().map(move |number| &*self.texts[number as usize])
    }

    pub fn is_detailed(&self) -> bool {
        self.details.is_some()
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text): (u32, Arc<str>) = (self.texts.len() as u32, text.into());
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    fn peer(&mut self, peer: Option<(NodeKind, &str, &str)>) -> u32 {
        let Some((kind, name, system)) = peer else { return 0 };
        let peer = (kind, self.text(name), self.text(system));
        if let Some(number) = self.peer_numbers.get(&peer) {
            return *number;
        }
        self.peers.push(peer);
        let number = self.peers.len() as u32;
        self.peer_numbers.insert(peer, number);
        number
    }

    /// Adds the spans of a batch that has [`COLUMNS`] and [`super::PEER_COLUMNS`].
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let text = |name| TextColumn::of(batch, name);
        let id = |name| BytesColumn::of(batch, name);
        let number = |name| NumberColumn::<Int32Type>::of(batch, name);
        let time = |name| NumberColumn::<TimestampNanosecondType>::of(batch, name);
        let [trace, span, parent] = [id(c::TRACE_ID)?, id(c::SPAN_ID)?, id(c::PARENT_SPAN_ID)?];
        let [service, name] = [text(c::SERVICE_NAME)?, text(c::NAME)?];
        let [kind, status] = [number(c::KIND)?, number(c::STATUS_CODE)?];
        let [start, received] = [time(c::START_TIME)?, time(c::RECEIVED_AT)?];
        let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
        let said = SaidColumns::of(batch)?;
        let [instance, scope, refused] = [text(c::SERVICE_INSTANCE_ID)?, text(c::SCOPE_NAME)?, text(c::REJECTION_KIND)?];
        let trace_state = text(c::TRACE_STATE)?;
        for row in 0..batch.num_rows() {
            let (Some(trace), Some(span), Some(start)) = (trace.get(row), span.get(row), start.get(row)) else { continue };
            let duration_ns = duration.get(row).unwrap_or_default();
            let counts = (self.start_ns..self.end_ns).contains(&start);
            let key = key(trace, span);
            if self.spans.len() >= SPANS_MAX && !self.spans.contains_key(&key) {
                self.completeness.left_out += u64::from(counts);
                continue;
            }
            let weight = adjusted_count(trace_state.get(row));
            if counts {
                let received = received.get(row);
                let late = |received: i64| received.saturating_sub(start.saturating_add(duration_ns)) > LATE_NS;
                self.completeness.watermark_ns = self.completeness.watermark_ns.max(received);
                self.completeness.late += u64::from(received.is_some_and(late));
                self.completeness.sampled_out += weight - 1.0;
            }
            let kind = u8::try_from(kind.get(row).unwrap_or_default()).unwrap_or_default();
            let said = said.get(row);
            let calls = matches!(kind, 3 | 4);
            let kept = Span {
                parent: parent.get(row).map_or(0, |parent| self::key(trace, parent)),
                service: self.text(service.get(row).unwrap_or_default()),
                operation: self.text(name.get(row).unwrap_or_default()),
                peer: if calls { self.peer(said.peer()) } else { 0 },
                kind,
                failed: status.get(row) == Some(ERROR),
                counts,
            };
            self.spans.insert(key, kept);
            if self.details.is_some() && counts && calls {
                let (instance, scope) = (self.text(instance.get(row).unwrap_or_default()), self.text(scope.get(row).unwrap_or_default()));
                let Ok(trace) = trace.try_into().map(TraceId) else { continue };
                let refused = refused.get(row).is_some_and(|kind| !kind.starts_with("unknown"));
                self.details.get_or_insert_default().insert(key, Detail { trace, start_ns: start, instance, scope, refused, weight });
            }
        }
        Ok(())
    }
}

pub(super) fn key_of(trace: TraceId, span: SpanId) -> u64 {
    key(&trace.0, &span.0)
}

pub(super) fn key(trace: &[u8], span: &[u8]) -> u64 {
    let mut both = [0; 24];
    both.iter_mut().zip(trace.iter().chain(span)).for_each(|(to, from)| *to = *from);
    // 0 means none.
    xxh3_64(&both).max(1)
}
