//! Row numbers as ascending, disjoint, half-open ranges that do not touch.

use std::ops::Range;

pub(super) type Ranges = Vec<Range<usize>>;

/// Appends a range that begins at or after the end of the last.
pub(super) fn push(ranges: &mut Ranges, range: Range<usize>) {
    match ranges.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// Of the rows, which ascend, those inside of `within`; all without it.
pub(super) fn of_rows(rows: &[u32], within: Option<&Ranges>) -> Ranges {
    let mut ranges = Ranges::new();
    let mut pages = within.into_iter().flatten();
    let mut page = if within.is_some() { pages.next().cloned() } else { Some(0..usize::MAX) };
    for row in rows {
        let row = *row as usize;
        while page.as_ref().is_some_and(|page| page.end <= row) {
            page = pages.next().cloned();
        }
        match &page {
            Some(page) if page.contains(&row) => push(&mut ranges, row..row + 1),
            Some(_) => {}
            None => break,
        }
    }
    ranges
}

pub(super) fn count(ranges: &Ranges) -> usize {
    ranges.iter().map(ExactSizeIterator::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_within_pages() {
        let check = |rows: &[u32], within: Option<&[Range<usize>]>, expected: &[Range<usize>]| {
            let within = within.map(<[_]>::to_vec);
            assert_eq!(of_rows(rows, within.as_ref()), expected, "{rows:?} within {within:?}");
        };
        check(&[], None, &[]);
        check(&[0, 1, 2, 5, 7, 8], None, &[0..3, 5..6, 7..9]);
        check(&[0, 1, 2, 5, 7, 8], Some(&[1..3, 4..5, 8..20]), &[1..3, 8..9]);
        check(&[0, 1, 2], Some(&[]), &[]);
        check(&[9], Some(&[1..3, 4..5]), &[]);
    }
}
