//! Spans to tree order: who is whose child, who is a root, and who lost its parent.
//!
//! Telemetry is written by strangers: parents are missing, spans name themselves or each other as parent, ids repeat.
//! Every row is placed exactly once, whatever the links say.
//!
//! 1. A row's parent is the earliest row with the parent's id. No such row: a root, marked as an orphan. Itself: a root.
//! 2. Walk depth first from every root, siblings in row order.
//! 3. Rows still unplaced hang on a cycle: the earliest becomes a root, and the walk goes on from there.
//!
//! A trace may have a million rows, so children are linked lists in two flat arrays, and the walk keeps its own stack.

use std::collections::HashMap;

use schemas::SpanId;

/// What the order depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) span_id: SpanId,
    pub(crate) parent_span_id: Option<SpanId>,
}

/// No row, no place.
pub(crate) const NONE: u32 = u32::MAX;

/// Where row `row` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) row: u32,
    /// The parent's place, which comes before this one; [`NONE`] for a root.
    pub(crate) parent: u32,
    pub(crate) depth: u32,
    /// The row names a parent that is not among the rows.
    pub(crate) parent_missing: bool,
}

/// All rows, depth first, siblings and roots in the order of `links`, which is by start time. At most `u32::MAX - 1` rows.
pub(crate) fn plan(links: &[Link]) -> Vec<Place> {
    let count = u32::try_from(links.len()).ok().filter(|count| *count < NONE).expect("traces are capped far below 2^32 rows");
    let mut row_of = HashMap::with_capacity(links.len());
    for (row, link) in (0..count).zip(links) {
        row_of.entry(link.span_id).or_insert(row);
    }
    let parents = (0..count).zip(links).map(|(row, link)| match link.parent_span_id.map(|id| row_of.get(&id).copied()) {
        Some(Some(parent)) if parent != row => Parent::Row(parent),
        Some(None) => Parent::Missing,
        Some(Some(_)) | None => Parent::None,
    });
    let parents: Vec<Parent> = parents.collect();
    drop(row_of);

    let mut walk = Walk::new(&parents);
    let roots = (0..count).filter(|row| !matches!(parents[*row as usize], Parent::Row(_)));
    for row in roots.chain(0..count) {
        walk.place_below(row);
    }
    walk.places
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    None,
    Missing,
    Row(u32),
}

struct Walk<'a> {
    parents: &'a [Parent],
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    placed: Vec<bool>,
    places: Vec<Place>,
}

impl<'a> Walk<'a> {
    fn new(parents: &'a [Parent]) -> Self {
        let mut first_child = vec![NONE; parents.len()];
        let mut next_sibling = vec![NONE; parents.len()];
        for (row, parent) in parents.iter().enumerate().rev() {
            if let Parent::Row(parent) = parent {
                next_sibling[row] = std::mem::replace(&mut first_child[*parent as usize], row as u32);
            }
        }
        let placed = vec![false; parents.len()];
        Self { parents, first_child, next_sibling, placed, places: Vec::with_capacity(parents.len()) }
    }

    fn place_below(&mut self, root: u32) {
        let mut stack = Vec::new();
        self.place(root, NONE, 0, &mut stack);
        while let Some((row, parent, depth)) = stack.pop() {
            let next = self.next_sibling[row as usize];
            if next != NONE {
                stack.push((next, parent, depth));
            }
            self.place(row, parent, depth, &mut stack);
        }
    }

    /// Places `row` unless a cycle led back to it, and lets its children follow.
    fn place(&mut self, row: u32, parent: u32, depth: u32, stack: &mut Vec<(u32, u32, u32)>) {
        let index = row as usize;
        if std::mem::replace(&mut self.placed[index], true) {
            return;
        }
        let place = self.places.len() as u32;
        self.places.push(Place { row, parent, depth, parent_missing: self.parents[index] == Parent::Missing });
        if self.first_child[index] != NONE {
            stack.push((self.first_child[index], place, depth + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `spans` are (id, parent, start), parent 0 = none; the answer is one word per span: dots for the depth, id, `?` for an orphan.
    fn check(spans: &[(u8, u8, i64)], expected: &str) {
        let id = |byte: u8| SpanId::from_slice(&[0, 0, 0, 0, 0, 0, 0, byte]);
        let mut spans = spans.to_vec();
        spans.sort_by_key(|(_, _, start)| *start);
        let links: Vec<Link> =
            spans.iter().map(|(span, parent, _)| Link { span_id: id(*span).expect("not 0"), parent_span_id: id(*parent) }).collect();
        let places = plan(&links);
        let words: Vec<String> = places
            .iter()
            .map(|place| {
                let mark = if place.parent_missing { "?" } else { "" };
                format!("{}{}{mark}", ".".repeat(place.depth as usize), spans[place.row as usize].0)
            })
            .collect();
        assert_eq!(words.join(" "), expected, "spans {spans:?}");
        for (index, place) in places.iter().enumerate().filter(|(_, place)| place.parent != NONE) {
            let parent = &places[..index][place.parent as usize];
            assert_eq!(Some(links[parent.row as usize].span_id), links[place.row as usize].parent_span_id, "{place:?}");
            assert_eq!(parent.depth + 1, place.depth, "{place:?}");
        }
    }

    #[test]
    fn places_every_span_once() {
        check(&[], "");
        check(&[(1, 0, 0)], "1");
        check(&[(3, 2, 2), (2, 1, 1), (1, 0, 0)], "1 .2 ..3");
        check(&[(1, 0, 0), (2, 1, 5), (3, 1, 4), (4, 3, 9)], "1 .3 ..4 .2");
        check(&[(1, 0, 0), (2, 1, 7), (3, 1, 7)], "1 .2 .3");
        check(&[(1, 0, 9), (2, 0, 1)], "2 1");
    }

    #[test]
    fn survives_what_strangers_send() {
        check(&[(2, 1, 0), (3, 2, 1)], "2? .3");
        check(&[(1, 1, 0), (2, 1, 1)], "1 .2");
        check(&[(1, 2, 0), (2, 1, 1)], "1 .2");
        check(&[(1, 0, 0), (2, 4, 3), (3, 2, 2), (4, 3, 5), (5, 4, 6)], "1 3 .4 ..2 ..5");
        check(&[(1, 2, 0), (2, 1, 1), (3, 2, 2)], "1 .2 ..3");
        check(&[(1, 0, 0), (1, 0, 1), (2, 1, 2)], "1 .2 1");
        check(&[(1, 0, 0), (1, 1, 1), (2, 1, 2)], "1 .1 .2");
    }

    #[test]
    fn a_very_deep_chain_is_walked() {
        let id = |number: u64| SpanId::from_slice(&number.to_be_bytes());
        let links: Vec<Link> =
            (1..=200_000).map(|number| Link { span_id: id(number).expect("not 0"), parent_span_id: id(number - 1) }).collect();
        let places = plan(&links);
        assert_eq!(places.len(), links.len());
        assert_eq!(places.last().map(|place| place.depth), Some(199_999));
    }
}
