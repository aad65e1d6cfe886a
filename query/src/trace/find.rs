//! One span out of its trace, with everything that was sent.

use std::collections::HashSet;

use arrow::record_batch::RecordBatch;
use schemas::SpanId;

use super::{
    build::text,
    columns::UnexpectedType,
    order::{LinkColumns, links, order},
    read::{Shared, SpanColumns},
    tree,
    view::Span,
};

/// At most `spans_max` spans with id `span_id` among the rows of one trace, without identical copies, in tree order; depth and
/// parent are those in the whole trace. More than one is rare: Zipkin's shared spans, and senders that use an id twice.
///
/// # Errors
/// When a batch is not one of the spans table.
pub fn find(batches: &[RecordBatch], span_id: SpanId, spans_max: usize) -> Result<Vec<Span>, UnexpectedType> {
    let keys = LinkColumns::bind_all(batches)?;
    let positions = order(&keys);
    let columns = batches.iter().map(SpanColumns::bind).collect::<Result<Vec<_>, _>>()?;
    let mut found = Vec::new();
    let mut texts = HashSet::new();
    let mut shared = Shared::default();
    for place in tree::plan(&links(&keys, &positions)) {
        let at = positions[place.row as usize];
        if at.span_id != span_id || found.len() == spans_max {
            continue;
        }
        let Some(mut span) = columns[at.batch as usize].span(at.row as usize, &mut shared)? else { continue };
        if texts.insert(text(&span)) {
            span.depth = place.depth;
            span.parent_missing = place.parent_missing;
            found.push(span);
        }
    }
    Ok(found)
}
