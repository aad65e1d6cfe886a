//! A trace without its attributes: links, times, service, name and status. What every analysis works on.
//!
//! A span takes 64 bytes, so a trace of a million spans is 64 MB whatever its attributes weigh. Texts that repeat are kept once.
//! Spans are in tree order, so a subtree is a contiguous range:
//!
//! ```text
//! index   0      1      2      3      4          parent 0 <- 1, 4; 1 <- 2, 3
//!         [root  [a     [b]    [c]]   [d]]       end    5, 4, 3, 4, 5
//! ```

use schemas::{SpanId, TraceId};

use super::tree::NONE;

/// `kind` of the spans table.
pub(crate) mod kind {
    pub(crate) const SERVER: i32 = 2;
    pub(crate) const CLIENT: i32 = 3;
    pub(crate) const PRODUCER: i32 = 4;
    pub(crate) const CONSUMER: i32 = 5;
}

/// `status_code` of the spans table.
const ERROR: i32 = 2;

/// One trace, in memory that is bounded by its number of spans. Made by [`TraceShape::read`].
#[derive(Debug, Clone)]
pub struct TraceShape {
    pub(crate) trace_id: TraceId,
    pub(crate) spans: Vec<SpanShape>,
    pub(crate) services: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) left_over: usize,
}

/// One span. Positions in the trace are indexes into [`TraceShape::spans`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanShape {
    pub span_id: SpanId,
    pub start_ns: i64,
    /// Negative when the sender's clock went backwards.
    pub duration_ns: i64,
    pub(crate) parent: u32,
    /// One past the last span below this one.
    pub(crate) end: u32,
    pub depth: u32,
    pub(crate) service: u32,
    pub(crate) name: u32,
    /// Spans with the same number took their times from the same clock, as far as is known.
    pub(crate) clock: u32,
    pub kind: i32,
    pub status_code: i32,
    pub(crate) facts: u8,
}

// INVARIANT: a million spans stay below 100 MB.
const _: () = assert!(size_of::<SpanShape>() <= 64);

impl SpanShape {
    pub(crate) const HAS_EVENTS: u8 = 1;
    pub(crate) const HAS_LINKS: u8 = 1 << 1;
    pub(crate) const PARENT_MISSING: u8 = 1 << 2;
    /// Nothing better than the service name says which clock it was.
    pub(crate) const CLOCK_GUESSED: u8 = 1 << 3;

    pub fn parent(&self) -> Option<usize> {
        (self.parent != NONE).then_some(self.parent as usize)
    }

    pub fn is_error(&self) -> bool {
        self.status_code == ERROR
    }

    pub fn has_events(&self) -> bool {
        self.facts & Self::HAS_EVENTS != 0
    }

    pub fn has_links(&self) -> bool {
        self.facts & Self::HAS_LINKS != 0
    }

    /// The span names a parent that is not in the trace.
    pub fn parent_missing(&self) -> bool {
        self.facts & Self::PARENT_MISSING != 0
    }

    pub(crate) fn clock_guessed(&self) -> bool {
        self.facts & Self::CLOCK_GUESSED != 0
    }

    /// Nobody waits for the span: it consumes a message.
    pub(crate) fn is_consumer(&self) -> bool {
        self.kind == kind::CONSUMER
    }

    pub fn end_ns(&self) -> i64 {
        self.start_ns.saturating_add(self.duration_ns)
    }
}

impl TraceShape {
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// In tree order: depth first, roots and siblings by start time, then by id.
    pub fn spans(&self) -> &[SpanShape] {
        &self.spans
    }

    /// Spans in the store without identical copies; more than [`TraceShape::spans`] when the trace was cut.
    pub fn span_count(&self) -> usize {
        self.spans.len() + self.left_over
    }

    /// The trace has more spans than were asked for; the earliest are here.
    pub fn truncated(&self) -> bool {
        self.left_over > 0
    }

    pub fn service_name(&self, span: &SpanShape) -> Option<&str> {
        self.services.get(span.service as usize).map(String::as_str)
    }

    pub fn name(&self, span: &SpanShape) -> &str {
        self.names.get(span.name as usize).map_or("", String::as_str)
    }

    /// The earliest start; 0 when there is no span.
    pub fn start_ns(&self) -> i64 {
        self.spans.iter().map(|span| span.start_ns).min().unwrap_or_default()
    }

    /// From the earliest start to the latest end.
    pub fn duration_ns(&self) -> i64 {
        let end_ns = self.spans.iter().map(SpanShape::end_ns).max().unwrap_or_default();
        end_ns.saturating_sub(self.start_ns())
    }

    /// The span that stands for the trace: the earliest without a parent; when every span names one, the earliest at depth 0.
    pub fn root(&self) -> Option<usize> {
        let whole = self.children(None).find(|index| !self.spans[*index].parent_missing());
        whole.or_else(|| self.children(None).next())
    }

    /// The spans right below `parent`, or the roots, by start time.
    pub fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let (first, end) = match parent {
            Some(parent) => (parent + 1, self.spans[parent].end as usize),
            None => (0, self.spans.len()),
        };
        let within = move |index: &usize| *index < end;
        std::iter::successors(Some(first).filter(within), move |index| Some(self.spans[*index].end as usize).filter(within))
    }

    /// Spans below `index`, at any depth.
    pub fn descendants(&self, index: usize) -> usize {
        self.spans[index].end as usize - index - 1
    }

    /// The first span with this id in tree order.
    pub fn find(&self, span_id: SpanId) -> Option<usize> {
        self.spans.iter().position(|span| span.span_id == span_id)
    }
}

/// When a span ran: `from_ns` to `to_ns`, which is never before `from_ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub from_ns: i64,
    pub to_ns: i64,
}

impl Interval {
    /// A negative duration counts as none.
    pub fn of(span: &SpanShape, adjustment_ns: i64) -> Self {
        let from_ns = span.start_ns.saturating_add(adjustment_ns);
        Self { from_ns, to_ns: from_ns.saturating_add(span.duration_ns.max(0)) }
    }

    pub fn duration_ns(self) -> i64 {
        self.to_ns.saturating_sub(self.from_ns)
    }

    /// The part within `outer`, `None` when they do not even touch.
    pub fn clipped_to(self, outer: Self) -> Option<Self> {
        let clipped = Self { from_ns: self.from_ns.max(outer.from_ns), to_ns: self.to_ns.min(outer.to_ns) };
        (clipped.from_ns <= clipped.to_ns).then_some(clipped)
    }

    pub fn contains(self, inner: Self) -> bool {
        self.from_ns <= inner.from_ns && inner.to_ns <= self.to_ns
    }
}
