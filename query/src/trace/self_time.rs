//! Self time: how long a span ran while none of its children did.

use super::shape::{Interval, TraceShape};

/// Of each span: its duration minus the union of its children, each clipped to it. In nanoseconds, never negative, in the order
/// of [`TraceShape::spans`].
pub fn self_times(shape: &TraceShape, intervals: &[Interval]) -> Vec<i64> {
    let mut children = Vec::new();
    let self_time = |(index, outer): (usize, &Interval)| {
        children.clear();
        children.extend(shape.children(Some(index)).filter_map(|child| intervals[child].clipped_to(*outer)));
        children.sort_unstable_by_key(|child| child.from_ns);
        outer.duration_ns() - covered_ns(&children)
    };
    intervals.iter().enumerate().map(self_time).collect()
}

/// The length of the union of `intervals`, which are ordered by start.
fn covered_ns(intervals: &[Interval]) -> i64 {
    let mut covered_ns = 0;
    let mut covered_to_ns = i64::MIN;
    for interval in intervals {
        let from_ns = interval.from_ns.max(covered_to_ns);
        if interval.to_ns > from_ns {
            covered_ns += interval.to_ns - from_ns;
            covered_to_ns = interval.to_ns;
        }
    }
    covered_ns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{
        sample::{named, shape},
        skew,
    };

    fn check(outline: &str, expected: &str) {
        let shape = shape(outline);
        let intervals = skew::intervals(&shape, &vec![0; shape.spans().len()]);
        assert_eq!(named(&shape, self_times(&shape, &intervals).into_iter().enumerate()), expected, "{outline}");
    }

    #[test]
    fn children_are_subtracted_once_wherever_they_overlap() {
        check("a root server 0..100", "root 100");
        check("a root server 0..100\n  a one internal 10..30\n  a two internal 50..60", "root 70, one 20, two 10");
        check("a root server 0..100\n  a one internal 10..50\n  a two internal 30..60", "root 50, one 40, two 30");
        check("a root server 0..100\n  a one internal 10..90\n  a two internal 20..30", "root 20, one 80, two 10");
        check("a root server 0..100\n  a one internal 10..20\n  a two internal 20..30", "root 80, one 10, two 10");
        check("a root server 0..100\n  a one internal 0..100\n    a two internal 0..100", "root 0, one 0, two 100");
    }

    #[test]
    fn only_what_lies_within_the_parent_counts() {
        check("a root server 10..100\n  a one internal 0..30\n  a two internal 90..150", "root 60, one 30, two 60");
        check("a root server 10..100\n  a one internal 0..10\n  a two internal 100..150", "root 90, one 10, two 50");
        check("a root server 10..100\n  a one internal 0..200", "root 0, one 200");
        check("a root server 0..100\n  a one internal 10..40\n    a deep internal 50..60", "root 70, one 30, deep 10");
    }

    #[test]
    fn a_duration_that_is_not_positive_is_none() {
        check("a root server 50..20\n  a one internal 60..70", "root 0, one 10");
        check("a root server 0..100\n  a one internal 40..10", "root 100, one 0");
    }
}
