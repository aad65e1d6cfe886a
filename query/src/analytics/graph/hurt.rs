//! Who is hurt when one node fails: of each service above it, the requests that failed because of it.
//!
//! A request failed because of the node when each service on the way up failed: the span that calls, and the one that was called. Where one
//! of them did not fail, a fallback spared it, and what is above failed for another reason. Spans inside of a service need not say so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::{datatypes::Int32Type, record_batch::RecordBatch};
use schemas::{SpanId, TraceId, columns as c};

use super::peer::SaidColumns;
use crate::trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType};

/// Ancestors looked at.
const DEPTH_MAX: usize = 64;
const ERROR: i32 = 2;

/// A span of a trace that touches the node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HurtSpan<'a> {
    pub trace: TraceId,
    pub span: SpanId,
    pub parent: Option<SpanId>,
    pub service: &'a str,
    pub operation: &'a str,
    pub failed: bool,
    /// Client or producer.
    pub calls: bool,
    /// Whom it calls, by what it says.
    pub peer: Option<&'a str>,
}

/// A service above the node. Requests are its own: each once, whatever they call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HurtCaller {
    pub service: String,
    /// Services between, plus one.
    pub distance: usize,
    /// That met a failure of the node.
    pub reached: usize,
    /// Of these, that failed all the way up to here.
    pub failed: usize,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hurt {
    /// Traces in which the node failed.
    pub traces: usize,
    /// Of these, whose root did not fail because of it.
    pub spared: usize,
    /// Nearest first.
    pub callers: Vec<HurtCaller>,
    /// (caller, called, calls) on the ways up.
    pub edges: Vec<(String, String, usize)>,
    /// Roots: service, operation, requests reached, failed because of the node. Most failed first.
    pub entry_points: Vec<(String, String, usize, usize)>,
}

/// Batches of spans with ids, service, name, status, and [`super::PEER_COLUMNS`].
pub struct HurtColumns<'a> {
    rows: usize,
    ids: [BytesColumn<'a>; 3],
    service: TextColumn<'a>,
    operation: TextColumn<'a>,
    kind: NumberColumn<'a, Int32Type>,
    status: NumberColumn<'a, Int32Type>,
    said: SaidColumns<'a>,
}

impl<'a> HurtColumns<'a> {
    /// # Errors
    /// When a column has another type than its table says.
    pub fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        Ok(Self {
            rows: batch.num_rows(),
            ids: [BytesColumn::of(batch, c::TRACE_ID)?, BytesColumn::of(batch, c::SPAN_ID)?, BytesColumn::of(batch, c::PARENT_SPAN_ID)?],
            service: TextColumn::of(batch, c::SERVICE_NAME)?,
            operation: TextColumn::of(batch, c::NAME)?,
            kind: NumberColumn::of(batch, c::KIND)?,
            status: NumberColumn::of(batch, c::STATUS_CODE)?,
            said: SaidColumns::of(batch)?,
        })
    }

    pub fn spans(&self) -> impl Iterator<Item = HurtSpan<'a>> {
        (0..self.rows).filter_map(|row| {
            let [trace, span, parent] = self.ids.map(|ids| ids.get(row));
            let calls = matches!(self.kind.get(row), Some(3 | 4));
            Some(HurtSpan {
                trace: TraceId(trace?.try_into().ok()?),
                span: SpanId(span?.try_into().ok()?),
                parent: parent.and_then(|parent| parent.try_into().ok()).map(SpanId),
                service: self.service.get(row).unwrap_or_default(),
                operation: self.operation.get(row).unwrap_or_default(),
                failed: self.status.get(row) == Some(ERROR),
                calls,
                peer: self.said.get(row).peer().filter(|_| calls).map(|(_, name, _)| name),
            })
        })
    }
}

type Id = (TraceId, SpanId);

/// What failures of `target`, a service or a peer, did. A failure is a failed span of it, or a failed call of it.
pub fn hurt(spans: &[HurtSpan<'_>], target: &str) -> Hurt {
    let by_id: HashMap<Id, &HurtSpan<'_>> = spans.iter().map(|span| ((span.trace, span.span), span)).collect();
    let above = |span: &HurtSpan<'_>| span.parent.and_then(|parent| by_id.get(&(span.trace, parent)).copied());
    let mut origins: BTreeSet<Id> = BTreeSet::new();
    for span in spans {
        let caller = above(span).filter(|caller| caller.service != target);
        if span.service == target {
            match caller {
                // The caller gave up on an answer that came, or would have come.
                Some(caller) if caller.failed || span.failed => drop(origins.insert((caller.trace, caller.span))),
                None if span.failed && span.parent.is_none() => drop(origins.insert((span.trace, span.span))),
                _ => {}
            }
        } else if span.failed && span.peer == Some(target) {
            origins.insert((span.trace, span.span));
        }
    }

    let mut callers: BTreeMap<&str, (usize, BTreeMap<Id, bool>)> = BTreeMap::new();
    let mut edges: BTreeMap<(&str, &str), BTreeSet<Id>> = BTreeMap::new();
    let mut roots: BTreeMap<Id, bool> = BTreeMap::new();
    for origin in &origins {
        let Some(mut here) = by_id.get(origin).copied() else { continue };
        let mut failed = here.failed || !here.calls;
        let mut distance = usize::from(here.service != target);
        if here.service != target {
            edges.entry((here.service, target)).or_default().insert(*origin);
        }
        for _ in 0..DEPTH_MAX {
            let next = above(here);
            let leaves = next.is_none_or(|next| next.service != here.service);
            failed &= here.failed || !leaves;
            if leaves && here.service != target {
                let (nearest, requests) = callers.entry(here.service).or_insert((distance, BTreeMap::new()));
                *nearest = distance.min(*nearest);
                *requests.entry((here.trace, here.span)).or_default() |= failed;
            }
            let Some(next) = next else { break };
            if next.service != here.service {
                distance += 1;
                edges.entry((next.service, here.service)).or_default().insert((here.trace, here.span));
                failed &= next.failed || !next.calls;
            }
            here = next;
        }
        *roots.entry((here.trace, here.span)).or_default() |= failed;
    }

    let mut entry_points: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    let mut failed_traces: BTreeMap<TraceId, bool> = BTreeMap::new();
    for (root, failed) in &roots {
        *failed_traces.entry(root.0).or_default() |= *failed;
        if let Some(span) = by_id.get(root) {
            let entry = entry_points.entry((span.service, span.operation)).or_default();
            *entry = (entry.0 + 1, entry.1 + usize::from(*failed));
        }
    }
    let mut callers: Vec<HurtCaller> = callers
        .into_iter()
        .map(|(service, (distance, requests))| HurtCaller {
            service: service.to_owned(),
            distance,
            reached: requests.len(),
            failed: requests.values().filter(|failed| **failed).count(),
        })
        .collect();
    callers.sort_by(|a, b| a.distance.cmp(&b.distance).then_with(|| a.service.cmp(&b.service)));
    let mut entry_points: Vec<(String, String, usize, usize)> = entry_points
        .into_iter()
        .map(|((service, operation), (reached, failed))| (service.to_owned(), operation.to_owned(), reached, failed))
        .collect();
    entry_points.sort_by(|a, b| b.3.cmp(&a.3).then(b.2.cmp(&a.2)));
    Hurt {
        traces: failed_traces.len(),
        spared: failed_traces.values().filter(|failed| !**failed).count(),
        callers,
        edges: edges.into_iter().map(|((from, to), calls)| (from.to_owned(), to.to_owned(), calls.len())).collect(),
        entry_points,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(trace: u8, own: u8, parent: u8, service: &'static str, failed: bool) -> HurtSpan<'static> {
        let id = |id: u8| SpanId([id; 8]);
        HurtSpan {
            trace: TraceId([trace; 16]),
            span: id(own),
            parent: (parent > 0).then(|| id(parent)),
            service,
            operation: "op",
            failed,
            calls: own.is_multiple_of(2),
            peer: None,
        }
    }

    #[test]
    fn a_fallback_spares_what_is_above() {
        // gateway > cart > pay: pay fails three times. cart falls back once; once the gateway does.
        let spans: Vec<HurtSpan<'_>> = [(1, true, true), (2, true, false), (3, false, true), (4, false, false)]
            .into_iter()
            .flat_map(|(trace, cart, gateway)| {
                let pay = trace != 4;
                [
                    span(trace, 1, 0, "gateway", gateway),
                    span(trace, 2, 1, "gateway", gateway),
                    span(trace, 3, 2, "cart", cart),
                    span(trace, 4, 3, "cart", pay),
                    span(trace, 5, 4, "pay", pay),
                ]
            })
            .collect();
        let told = hurt(&spans, "pay");
        let callers: Vec<(&str, usize, usize, usize)> =
            told.callers.iter().map(|one| (&*one.service, one.distance, one.reached, one.failed)).collect();
        assert_eq!(callers, [("cart", 1, 3, 2), ("gateway", 2, 3, 1)], "the third gateway failed for another reason");
        assert_eq!((told.traces, told.spared), (3, 2));
        assert_eq!(told.edges, [("cart".to_owned(), "pay".to_owned(), 3), ("gateway".to_owned(), "cart".to_owned(), 3)]);
        assert_eq!(told.entry_points, [("gateway".to_owned(), "op".to_owned(), 3, 1)]);
    }

    #[test]
    fn who_gave_up_was_hurt_and_a_database_hurts_too() {
        let late = [span(1, 1, 0, "cart", true), span(1, 2, 1, "cart", true), span(1, 3, 2, "pay", false)];
        let told = hurt(&late, "pay");
        assert_eq!((told.callers.len(), told.callers[0].failed, told.spared), (1, 1, 0));
        let query = HurtSpan { peer: Some("db-7"), ..span(1, 2, 1, "cart", true) };
        let told = hurt(&[span(1, 1, 0, "cart", true), query], "db-7");
        assert_eq!((told.callers[0].failed, &told.edges[..]), (1, &[("cart".to_owned(), "db-7".to_owned(), 1)][..]));
        assert_eq!(hurt(&late, "web"), Hurt::default());
        // Failed at its own root: nobody is above.
        assert_eq!(hurt(&[span(1, 1, 0, "pay", true)], "pay").callers, []);
    }
}
