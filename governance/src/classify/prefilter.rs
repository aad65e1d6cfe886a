//! Which rows may match a rule: literals of all rules, looked for in one pass over the bytes of a whole column.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use arrow::array::{Array, StringArray};

/// The literals of all rules that look into a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefilter(Option<AhoCorasick>);

impl Prefilter {
    pub fn new(literals: &BTreeSet<String>) -> Self {
        // What contains another literal is found with it.
        let is_needed = |literal: &&String| !literals.iter().any(|other| other != *literal && literal.contains(other.as_str()));
        let needed: Vec<&String> = literals.iter().filter(is_needed).collect();
        if needed.is_empty() {
            return Self(None);
        }
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needed);
        Self(Some(searcher.expect("a rule file is too small to hold 2^31 bytes of literals")))
    }

    /// Calls `hit` with every row of `column` that holds a literal, rising. Now and then with one more: literals that span two rows.
    pub fn mark(&self, column: &StringArray, mut hit: impl FnMut(usize)) {
        let Some(searcher) = &self.0 else { return };
        let offsets = column.value_offsets();
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return };
        let (mut at, end) = (*first as usize, *last as usize);
        let mut row = 0;
        while at < end && row < column.len() {
            let Some(found) = searcher.find(Input::new(column.value_data()).span(at..end)) else { return };
            // The first row that ends behind the place.
            row += offsets[row + 1..].partition_point(|offset| (*offset as usize) <= found.start());
            hit(row);
            at = offsets[row + 1] as usize;
            row += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(literals: &[&str], rows: &[Option<&str>], expected: &[usize]) {
        let prefilter = Prefilter::new(&literals.iter().map(|literal| (*literal).to_owned()).collect());
        let mut hits = Vec::new();
        prefilter.mark(&StringArray::from(rows.to_vec()), |row| hits.push(row));
        assert_eq!(hits, expected, "{literals:?} in {rows:?}");
    }

    #[test]
    fn rows_with_a_literal_are_hit_once() {
        check(&["open"], &[Some("open open"), None, Some(""), Some("closed"), Some("is open")], &[0, 4]);
        check(&["circuit breaker", "circuit", "rate"], &[Some("x"), Some("the circuit"), Some("a rate")], &[1, 2]);
        check(&[], &[Some("anything")], &[]);
        check(&["x"], &[], &[]);
    }

    #[test]
    fn a_slice_of_a_column_has_its_own_rows() {
        let column = StringArray::from(vec!["open", "no", "open"]).slice(1, 2);
        let mut hits = Vec::new();
        Prefilter::new(&["open".to_owned()].into()).mark(&column, |row| hits.push(row));
        assert_eq!(hits, [1]);
    }

    #[test]
    fn what_lies_between_two_rows_hides_nothing() {
        // "op" + "en" is no text of any row; the row after it still is found.
        check(&["open", "endive"], &[Some("op"), Some("endive"), Some("open")], &[0, 1, 2]);
    }
}
