//! Roles of the errors of one trace.
//!
//! 1. Of several errors of one span the best named stands for it; the others are duplicates.
//! 2. Each span's error looks up its ancestors for the next error. Parents are known from the spans of the trace, if they were
//!    read, else from the errors themselves.
//! 3. Where a link is missing, an error of the same name whose time encloses this one is taken for the ancestor.
//! 4. An error without one below is the origin, or fabricated; else it is passed on or translated.

use std::collections::HashMap;

use schemas::SpanId;

use super::hop::{Hop, Link, Role};

/// Ancestors looked at; deeper traces are cut.
const DEPTH_MAX: usize = 512;

/// An error that went no further: the span above it had none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masked {
    /// The error that was swallowed.
    pub error: usize,
    /// The nearest span above that carries no error.
    pub by: SpanId,
}

/// The roles of the errors given, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    pub roles: Vec<Role>,
    /// Known only when the spans of the trace were given.
    pub masked: Vec<Masked>,
}

/// What each error of one trace is. `spans` may be empty: then only links between errors are known. `home` says which service a
/// code belongs to, when only one has it. The result does not depend on the order of `spans`, and follows that of `hops`.
pub fn trace_roles<'a>(hops: &[Hop<'_>], spans: &[Link<'_>], home: impl Fn(&str) -> Option<&'a str>) -> Roles {
    let mut roles = vec![Role::Origin; hops.len()];
    let named = stand_for_spans(hops, &mut roles);
    let parents = Parents::of(hops, spans);
    let mut below: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut masked = Vec::new();
    let mut standing: Vec<usize> = named.values().copied().collect();
    standing.sort_unstable();
    for &index in &standing {
        match climb(hops, index, &named, &parents) {
            Climb::To(above) => below.entry(above).or_default().push(index),
            Climb::Masked(by) => masked.push(Masked { error: index, by }),
            Climb::Root => {}
            Climb::Lost => {
                if let Some(above) = enclosing(hops, index, &standing) {
                    below.entry(above).or_default().push(index);
                }
            }
        }
    }
    drop_cycles(&mut below, hops);
    for &index in &standing {
        roles[index] = match below.get(&index) {
            Some(causes) => from_below(hops, index, causes),
            None if !spans.is_empty() && home(hops[index].code).is_some_and(|home| home != hops[index].service) => Role::Fabricated,
            None => Role::Origin,
        };
    }
    without_span(hops, &mut roles);
    Roles { roles, masked }
}

/// Step 1. The error that stands for each span.
fn stand_for_spans(hops: &[Hop<'_>], roles: &mut [Role]) -> HashMap<SpanId, usize> {
    let better = |a: &Hop<'_>, b: &Hop<'_>| (a.code_source, !a.is_span) < (b.code_source, !b.is_span);
    let mut named: HashMap<SpanId, usize> = HashMap::new();
    for (index, hop) in hops.iter().enumerate() {
        let Some(span) = hop.span else { continue };
        let stands = *named.entry(span).or_insert(index);
        if better(hop, &hops[stands]) {
            named.insert(span, index);
        }
    }
    for (index, hop) in hops.iter().enumerate() {
        if let Some(&of) = hop.span.and_then(|span| named.get(&span))
            && of != index
        {
            roles[index] = Role::Duplicate { of };
        }
    }
    named
}

struct Parents {
    /// `None` for a root.
    of: HashMap<SpanId, Option<SpanId>>,
    /// Every span of the trace is in it.
    complete: bool,
}

impl Parents {
    fn of(hops: &[Hop<'_>], spans: &[Link<'_>]) -> Self {
        let of_hops = hops.iter().filter(|hop| hop.is_span).filter_map(|hop| Some((hop.span?, hop.parent)));
        let of = of_hops.chain(spans.iter().map(|link| (link.span, link.parent))).collect();
        Self { of, complete: !spans.is_empty() }
    }
}

enum Climb {
    To(usize),
    /// The trace is known up to its root, and no span above carries an error.
    Masked(SpanId),
    Root,
    /// A parent is not known.
    Lost,
}

/// Step 2.
fn climb(hops: &[Hop<'_>], index: usize, named: &HashMap<SpanId, usize>, parents: &Parents) -> Climb {
    let Some(start) = hops[index].span else { return Climb::Lost };
    let mut nearest_healthy = None;
    let mut at = start;
    for _ in 0..DEPTH_MAX {
        let parent = match parents.of.get(&at) {
            Some(Some(parent)) => *parent,
            Some(None) => return nearest_healthy.map_or(Climb::Root, Climb::Masked),
            // The parent is another trace's or was never sent; what was seen healthy up to here still is.
            None => return nearest_healthy.filter(|_| parents.complete).map_or(Climb::Lost, Climb::Masked),
        };
        match named.get(&parent) {
            Some(above) if *above != index => return Climb::To(*above),
            _ if parents.complete && parents.of.contains_key(&parent) => {
                nearest_healthy.get_or_insert(parent);
            }
            _ => {}
        }
        at = parent;
    }
    Climb::Lost
}

/// Step 3. The shortest error of the same name around this one.
fn enclosing(hops: &[Hop<'_>], index: usize, standing: &[usize]) -> Option<usize> {
    let hop = &hops[index];
    let encloses = |other: &Hop<'_>| {
        let longer = other.end - other.start > hop.end - hop.start;
        other.start <= hop.start && hop.end <= other.end && longer && other.is_same(hop)
    };
    standing
        .iter()
        .copied()
        .filter(|&other| other != index && encloses(&hops[other]))
        .min_by_key(|&other| hops[other].end - hops[other].start)
}

/// Guessed links and clocks that disagree could make a ring: the link to the shorter error goes.
fn drop_cycles(below: &mut HashMap<usize, Vec<usize>>, hops: &[Hop<'_>]) {
    let above: HashMap<usize, usize> = below.iter().flat_map(|(&above, causes)| causes.iter().map(move |&cause| (cause, above))).collect();
    let in_ring = |start: usize| {
        let mut at = start;
        for _ in 0..=hops.len() {
            match above.get(&at) {
                Some(&next) if next == start => return true,
                Some(&next) => at = next,
                None => return false,
            }
        }
        false
    };
    for (at, causes) in below.iter_mut() {
        if in_ring(*at) {
            causes.retain(|&cause| !in_ring(cause));
        }
    }
    below.retain(|_, causes| !causes.is_empty());
}

/// Step 4. Of several errors below, one of the same name explains it, else the last that ended.
fn from_below(hops: &[Hop<'_>], index: usize, causes: &[usize]) -> Role {
    let hop = &hops[index];
    let last = |same: &dyn Fn(&Hop<'_>) -> bool| {
        causes.iter().copied().filter(|&cause| same(&hops[cause])).max_by_key(|&cause| (hops[cause].end, cause))
    };
    let same = last(&|below| hop.is_same(below)).or_else(|| last(&|below| hop.is_view_of(below)));
    match (same, last(&|_| true)) {
        (Some(from), _) => Role::Propagated { from },
        (None, Some(from)) => Role::Translated { from },
        (None, None) => Role::Origin,
    }
}

/// Errors of log records outside spans: the same name in a span of the trace is the same error.
fn without_span(hops: &[Hop<'_>], roles: &mut [Role]) {
    for index in 0..hops.len() {
        if hops[index].span.is_some() {
            continue;
        }
        let same = |other: &usize| *other != index && hops[*other].is_same(&hops[index]) && (hops[*other].span.is_some() || *other < index);
        if let Some(of) = (0..hops.len()).find(same) {
            roles[index] = Role::Duplicate { of };
        }
    }
}
