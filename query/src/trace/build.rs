//! Rows of one trace to the answer.
//!
//! 1. Bind the columns of every batch once.
//! 2. Order the rows by start time; read them until the cap is reached, leaving out identical copies.
//! 3. Plan the tree, put the spans into its order.
//! 4. Sum up: times, services, root.

use std::collections::HashSet;

use arrow::record_batch::RecordBatch;
use schemas::TraceId;

use super::{
    columns::UnexpectedType,
    order::{LinkColumns, order},
    read::{Shared, SpanColumns},
    tree::{self, Link},
    view::{Root, Span, Time, Trace},
};

/// The view of trace `trace_id`, whose rows are in `batches` in any order, with at most `spans_max` spans.
///
/// # Errors
/// When a batch is not one of the spans table.
pub fn build(trace_id: TraceId, batches: &[RecordBatch], spans_max: usize) -> Result<Trace, UnexpectedType> {
    let (spans, left_over) = distinct_spans(batches, spans_max)?;
    let span_count = spans.len() + left_over;
    let spans = in_tree_order(spans);

    let start_ns = spans.iter().map(|span| span.start_time.0).min().unwrap_or_default();
    let end_ns = spans.iter().map(|span| span.end_time.0).max().unwrap_or_default();
    Ok(Trace {
        trace_id,
        start_time: Time(start_ns),
        duration_ns: end_ns.saturating_sub(start_ns),
        services: services(&spans),
        root: root(&spans),
        span_count,
        truncated: left_over > 0,
        spans,
    })
}

/// The earliest `spans_max` spans without identical copies, and how many rows were left unread.
fn distinct_spans(batches: &[RecordBatch], spans_max: usize) -> Result<(Vec<Span>, usize), UnexpectedType> {
    let columns = batches.iter().map(SpanColumns::bind).collect::<Result<Vec<_>, _>>()?;
    let positions = order(&LinkColumns::bind_all(batches)?);
    let mut spans: Vec<Span> = Vec::with_capacity(positions.len().min(spans_max));
    let mut shared = Shared::default();
    let mut read = 0;
    for namesakes in positions.chunk_by(|one, other| one.key() == other.key()) {
        let mut texts = HashSet::new();
        for at in namesakes {
            if spans.len() == spans_max {
                return Ok((spans, positions.len() - read));
            }
            read += 1;
            let Some(span) = columns[at.batch as usize].span(at.row as usize, &mut shared)? else { continue };
            if namesakes.len() == 1 || texts.insert(text(&span)) {
                spans.push(span);
            }
        }
    }
    Ok((spans, 0))
}

/// Copies are equal in everything that is shown. Namesakes are rare, so the texts are made only for them.
pub(crate) fn text(span: &Span) -> Vec<u8> {
    serde_json::to_vec(span).expect("string keys and finite numbers always serialize")
}

fn in_tree_order(spans: Vec<Span>) -> Vec<Span> {
    let links: Vec<Link> = spans.iter().map(|span| Link { span_id: span.span_id, parent_span_id: span.parent_span_id }).collect();
    let mut unplaced: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(unplaced.len());
    for place in tree::plan(&links) {
        let mut span = unplaced[place.row as usize].take().expect("the plan places every row once");
        span.depth = place.depth;
        span.parent_missing = place.parent_missing;
        ordered.push(span);
    }
    ordered
}

fn services(spans: &[Span]) -> Vec<String> {
    let mut seen = HashSet::new();
    spans.iter().filter_map(|span| span.service_name.as_ref()).filter(|name| seen.insert(*name)).cloned().collect()
}

fn root(spans: &[Span]) -> Option<Root> {
    let roots = || spans.iter().filter(|span| span.depth == 0);
    let root = roots().find(|span| span.parent_span_id.is_none()).or_else(|| roots().next())?;
    Some(Root { span_id: root.span_id, name: root.name.clone(), service_name: root.service_name.clone() })
}
