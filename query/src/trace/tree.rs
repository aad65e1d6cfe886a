//! Spans to tree order: who is whose child, who is a root, and who lost its parent.
//!
//! Telemetry is written by strangers: parents are missing, spans name themselves or each other as parent, ids repeat.
//! Every row is placed exactly once, whatever the links say.
//!
//! 1. Order rows by start time; among equal starts the arrival order holds.
//! 2. A row's parent is the earliest row with the parent's id. No such row: a root, marked as an orphan. Itself: a root.
//! 3. Walk depth first from every root.
//! 4. Rows still unplaced hang on a cycle: the earliest becomes a root, and the walk goes on from there.

use std::collections::HashMap;

use schemas::SpanId;

/// What the order depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) span_id: SpanId,
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) start_ns: i64,
}

/// Where row `row` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) row: usize,
    pub(crate) depth: u32,
    /// The row names a parent that is not among the rows.
    pub(crate) parent_missing: bool,
}

/// All rows, depth first, siblings and roots by start time. Needs no recursion, so depth is no danger to the stack.
pub(crate) fn plan(links: &[Link]) -> Vec<Place> {
    let mut by_start: Vec<usize> = (0..links.len()).collect();
    by_start.sort_by_key(|row| links[*row].start_ns);

    let mut row_of = HashMap::with_capacity(links.len());
    for row in &by_start {
        row_of.entry(links[*row].span_id).or_insert(*row);
    }

    let mut roots = Vec::new();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); links.len()];
    let mut orphan = vec![false; links.len()];
    for row in &by_start {
        match links[*row].parent_span_id.map(|id| row_of.get(&id).copied()) {
            Some(Some(parent)) if parent != *row => children[parent].push(*row),
            Some(None) => {
                orphan[*row] = true;
                roots.push(*row);
            }
            Some(Some(_)) | None => roots.push(*row),
        }
    }

    let mut walk = Walk { children: &children, orphan: &orphan, placed: vec![false; links.len()], places: Vec::with_capacity(links.len()) };
    for row in roots.into_iter().chain(by_start) {
        walk.place_below(row);
    }
    walk.places
}

struct Walk<'a> {
    children: &'a [Vec<usize>],
    orphan: &'a [bool],
    placed: Vec<bool>,
    places: Vec<Place>,
}

impl Walk<'_> {
    fn place_below(&mut self, root: usize) {
        let mut stack = vec![(root, 0)];
        while let Some((row, depth)) = stack.pop() {
            if std::mem::replace(&mut self.placed[row], true) {
                continue;
            }
            self.places.push(Place { row, depth, parent_missing: self.orphan[row] });
            stack.extend(self.children[row].iter().rev().map(|child| (*child, depth + 1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `spans` are (id, parent, start), parent 0 = none; the answer is one word per span: dots for the depth, id, `?` for an orphan.
    fn check(spans: &[(u8, u8, i64)], expected: &str) {
        let id = |byte: u8| SpanId::from_slice(&[0, 0, 0, 0, 0, 0, 0, byte]);
        let links: Vec<Link> = spans
            .iter()
            .map(|(span, parent, start_ns)| Link { span_id: id(*span).expect("not 0"), parent_span_id: id(*parent), start_ns: *start_ns })
            .collect();
        let words: Vec<String> = plan(&links)
            .iter()
            .map(|place| {
                let mark = if place.parent_missing { "?" } else { "" };
                format!("{}{}{mark}", ".".repeat(place.depth as usize), spans[place.row].0)
            })
            .collect();
        assert_eq!(words.join(" "), expected, "spans {spans:?}");
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
        check(&[(1, 0, 0), (1, 0, 1), (2, 1, 2)], "1 .2 1");
        check(&[(1, 0, 0), (1, 1, 1), (2, 1, 2)], "1 .1 .2");
    }

    #[test]
    fn a_very_deep_chain_is_walked() {
        let id = |number: u64| SpanId::from_slice(&number.to_be_bytes());
        let links: Vec<Link> =
            (1..=200_000).map(|number| Link { span_id: id(number).expect("not 0"), parent_span_id: id(number - 1), start_ns: 0 }).collect();
        let places = plan(&links);
        assert_eq!(places.len(), links.len());
        assert_eq!(places.last().map(|place| place.depth), Some(199_999));
    }
}
