//! Two traces, side by side.
//!
//! Spans are matched by their path: the (service, operation, kind) of every span from the root down to them. Spans of one trace
//! with the same path are one node, so a call that is made three times here and ten times there is one row with both counts.
//!
//! 1. Give every (service, operation, kind) of both traces one number.
//! 2. Walk each trace in tree order, and a common tree of paths with it; add up what each node has on each side.
//! 3. Give each node a verdict, and list the nodes depth first.

use std::collections::HashMap;

use schemas::TraceId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    analysis::Analysis,
    shape::TraceShape,
    tree::NONE,
    view::{EnumText, display},
};

/// Rows of one comparison; the first in tree order are kept. The summary counts all.
pub const PATHS_MAX: usize = 10_000;
/// What differs by less is the same: a tenth of the larger time, and this much at least.
pub const DIFFERENCE_NS_MIN: i64 = 100_000;

/// The answer, without its `meta`. `a` is what was before, `b` what it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Comparison<'a> {
    pub a: Whole,
    pub b: Whole,
    pub summary: Summary,
    /// Depth first, at most [`PATHS_MAX`].
    pub paths: Vec<PathDifference<'a>>,
    /// There are more than `paths` holds.
    pub truncated: bool,
}

/// One of the two traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ComparedTrace)]
pub struct Whole {
    #[serde(serialize_with = "display")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    /// Of the root span.
    pub duration_ns: i64,
    pub span_count: usize,
    pub error_count: u64,
}

/// Paths by verdict, and the spans of those that only one trace has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ComparisonSummary)]
pub struct Summary {
    pub path_count: usize,
    pub added: usize,
    pub removed: usize,
    pub slower: usize,
    pub faster: usize,
    pub same: usize,
    pub added_spans: u64,
    pub removed_spans: u64,
    /// Paths that fail in `b` alone, and in `a` alone.
    pub newly_failing: usize,
    pub no_longer_failing: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PathDifference<'a> {
    /// Place in `paths` of the path that this one continues; null for a root.
    pub parent: Option<u32>,
    pub depth: u32,
    pub service_name: Option<&'a str>,
    pub name: &'a str,
    pub kind: EnumText,
    pub verdict: Verdict,
    /// One side fails and the other does not.
    pub status_differs: bool,
    pub a: Side,
    pub b: Side,
}

/// By `total_ns`, so that a call that is made more often is slower even when each one is as fast as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Only in `b`.
    Added,
    /// Only in `a`.
    Removed,
    Slower,
    Faster,
    Same,
}

/// All spans with one path in one trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PathSide)]
pub struct Side {
    pub count: u64,
    pub error_count: u64,
    pub total_ns: i64,
    /// Tells where a difference comes from: callers of a slower span are slower too, but not by themselves.
    pub self_ns: i64,
}

/// Compares two traces. n spans of both together cost n steps and about 20 bytes each besides shapes and analyses.
pub fn compare<'a>(a: (&'a TraceShape, &Analysis), b: (&'a TraceShape, &Analysis)) -> Comparison<'a> {
    let mut paths = Paths::default();
    paths.add(a.0, a.1, |node| &mut node.a);
    paths.add(b.0, b.1, |node| &mut node.b);
    let mut summary = Summary { path_count: paths.nodes.len(), ..Summary::default() };
    paths.nodes.iter().for_each(|node| summary.add(node));
    let truncated = paths.nodes.len() > PATHS_MAX;
    Comparison { a: whole(a.0, a.1), b: whole(b.0, b.1), summary, paths: paths.depth_first(PATHS_MAX), truncated }
}

fn whole(shape: &TraceShape, analysis: &Analysis) -> Whole {
    Whole {
        trace_id: shape.trace_id,
        duration_ns: shape.root().map_or(0, |root| analysis.intervals[root].duration_ns()),
        span_count: shape.span_count(),
        error_count: shape.spans.iter().filter(|span| span.is_error()).count() as u64,
    }
}

type Operation<'a> = (Option<&'a str>, &'a str, i32);

/// The tree of paths of both traces.
#[derive(Default)]
struct Paths<'a> {
    numbers: HashMap<Operation<'a>, u32>,
    operations: Vec<Operation<'a>>,
    /// By parent node ([`NONE`] for the roots) and operation.
    by_step: HashMap<(u32, u32), u32>,
    nodes: Vec<Node>,
}

struct Node {
    parent: u32,
    operation: u32,
    a: Side,
    b: Side,
}

impl<'a> Paths<'a> {
    fn add(&mut self, shape: &'a TraceShape, analysis: &Analysis, side: impl Fn(&mut Node) -> &mut Side) {
        let mut node_of: Vec<u32> = Vec::with_capacity(shape.spans.len());
        for (index, span) in shape.spans.iter().enumerate() {
            let operation = self.operation((shape.service_name(span), shape.name(span), span.kind));
            let node = self.node(span.parent().map_or(NONE, |parent| node_of[parent]), operation);
            node_of.push(node);
            let side = side(&mut self.nodes[node as usize]);
            side.count += 1;
            side.error_count += u64::from(span.is_error());
            side.total_ns = side.total_ns.saturating_add(analysis.intervals[index].duration_ns());
            side.self_ns = side.self_ns.saturating_add(analysis.self_ns[index]);
        }
    }

    fn operation(&mut self, operation: Operation<'a>) -> u32 {
        let next = self.operations.len() as u32;
        *self.numbers.entry(operation).or_insert_with(|| {
            self.operations.push(operation);
            next
        })
    }

    fn node(&mut self, parent: u32, operation: u32) -> u32 {
        let next = self.nodes.len() as u32;
        *self.by_step.entry((parent, operation)).or_insert_with(|| {
            self.nodes.push(Node { parent, operation, a: Side::default(), b: Side::default() });
            next
        })
    }

    /// The first `count_max` nodes; children in order of first appearance, those of `a` before what only `b` has.
    fn depth_first(&self, count_max: usize) -> Vec<PathDifference<'a>> {
        let mut first_child = vec![NONE; self.nodes.len()];
        let mut next_sibling = vec![NONE; self.nodes.len()];
        let mut first_root = NONE;
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let first = first_child.get_mut(node.parent as usize).unwrap_or(&mut first_root);
            next_sibling[index] = std::mem::replace(first, index as u32);
        }
        let mut listed: Vec<PathDifference<'a>> = Vec::new();
        let mut stack = vec![(first_root, None, 0)];
        while let Some((index, parent, depth)) = stack.pop().filter(|_| listed.len() < count_max) {
            let Some(node) = self.nodes.get(index as usize) else { continue };
            stack.push((next_sibling[index as usize], parent, depth));
            stack.push((first_child[index as usize], Some(listed.len() as u32), depth + 1));
            let (service_name, name, kind) = self.operations[node.operation as usize];
            listed.push(PathDifference {
                parent,
                depth,
                service_name,
                name,
                kind: EnumText::kind(kind),
                verdict: node.verdict(),
                status_differs: node.a.count > 0 && node.b.count > 0 && node.a.fails() != node.b.fails(),
                a: node.a,
                b: node.b,
            });
        }
        listed
    }
}

impl Node {
    fn verdict(&self) -> Verdict {
        let (before, after) = (self.a.total_ns, self.b.total_ns);
        let difference = after.saturating_sub(before);
        match () {
            () if self.a.count == 0 => Verdict::Added,
            () if self.b.count == 0 => Verdict::Removed,
            () if difference.abs() < (before.max(after) / 10).max(DIFFERENCE_NS_MIN) => Verdict::Same,
            () if difference > 0 => Verdict::Slower,
            () => Verdict::Faster,
        }
    }
}

impl Side {
    fn fails(&self) -> bool {
        self.error_count > 0
    }
}

impl Summary {
    fn add(&mut self, node: &Node) {
        let counter = match node.verdict() {
            Verdict::Added => &mut self.added,
            Verdict::Removed => &mut self.removed,
            Verdict::Slower => &mut self.slower,
            Verdict::Faster => &mut self.faster,
            Verdict::Same => &mut self.same,
        };
        *counter += 1;
        self.added_spans += if node.a.count == 0 { node.b.count } else { 0 };
        self.removed_spans += if node.b.count == 0 { node.a.count } else { 0 };
        self.newly_failing += usize::from(node.b.fails() && !node.a.fails());
        self.no_longer_failing += usize::from(node.a.fails() && !node.b.fails());
    }
}

#[cfg(test)]
mod tests;
