//! What the fold is given.

use std::{collections::HashMap, sync::Arc};

use schemas::{SpanId, TraceId, UnixNanos};

use super::{Parameters, Refusal, RefusedCalls, Series, hash::Plain};
use crate::facts::BreakerSignal;

/// Facts from `since` to before `until`, in any order, and what else the caller knows. `until` is the present.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    pub rejections: Vec<Refusal<'a>>,
    /// More rejections: refused calls of stretches of time that do not overlap, put in order before.
    pub refused: &'a [Arc<RefusedCalls>],
    pub signals: Vec<&'a BreakerSignal>,
    /// More signals: those of metrics, as series.
    pub series: &'a [Series],
    /// When instances were heard of; empty when not asked.
    pub presence: &'a [Presence],
    /// Other spans of the traces of `rejections`.
    pub spans: Option<&'a TraceShape>,
    /// What was before is unknown.
    pub since: UnixNanos,
    pub until: UnixNanos,
    pub parameters: Parameters,
}

impl<'a> Input<'a> {
    pub fn new(
        rejections: impl IntoIterator<Item: Into<Refusal<'a>>>,
        signals: impl IntoIterator<Item = &'a BreakerSignal>,
        since: UnixNanos,
        until: UnixNanos,
    ) -> Self {
        Self {
            rejections: rejections.into_iter().map(Into::into).collect(),
            refused: &[],
            signals: signals.into_iter().collect(),
            series: &[],
            presence: &[],
            spans: None,
            since,
            until,
            parameters: Parameters::default(),
        }
    }
}

/// When anything at all was heard of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub service: String,
    pub instance: String,
    pub first: UnixNanos,
    pub last: UnixNanos,
}

/// A span and its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub trace: TraceId,
    pub span: SpanId,
    pub parent: Option<SpanId>,
}

/// Who is whose parent, in traces that hold rejections.
#[derive(Debug, Clone, Default)]
pub struct TraceShape {
    parents: HashMap<(TraceId, SpanId), Option<SpanId>, Plain>,
    with_children: std::collections::HashSet<(TraceId, SpanId), Plain>,
}

impl FromIterator<Link> for TraceShape {
    fn from_iter<T: IntoIterator<Item = Link>>(links: T) -> Self {
        let links = links.into_iter();
        let mut shape = Self::default();
        shape.parents.reserve(links.size_hint().0);
        links.for_each(|Link { trace, span, parent }| shape.add(trace, span, parent));
        shape
    }
}

impl TraceShape {
    /// Log lines of a span know no parent: those that do are believed, in any order.
    pub fn add(&mut self, trace: TraceId, span: SpanId, parent: Option<SpanId>) {
        let known = self.parents.entry((trace, span)).or_default();
        *known = (*known).max(parent);
        if let Some(parent) = parent {
            self.with_children.insert((trace, parent));
        }
    }

    pub(crate) fn parent(&self, trace: TraceId, span: SpanId) -> Option<SpanId> {
        self.parents.get(&(trace, span)).copied().flatten()
    }

    pub(crate) fn has_child(&self, trace: TraceId, span: SpanId) -> bool {
        self.with_children.contains(&(trace, span))
    }
}
