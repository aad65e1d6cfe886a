//! The critical path: what the caller of the root really waited for. Making anything else faster does not make the trace faster.
//!
//! The definition of Jaeger and of CRISP (Zhang et al., USENIX ATC 2022): walk backwards from the root's end.
//!
//! 1. The span's own work lies between the end of its last-finishing child and the moment it was waited for.
//! 2. The path goes on inside that child, and returns to the span where the child starts.
//! 3. From there, the next child is the last one that had ended by then. A sibling that still ran was not waited for.
//! 4. No child left: the rest, down to its start, is the span's own.
//!
//! ```text
//! root   [==------------======--=]     = own work on the path
//!  a        [==========]               a and b are waited for; c runs beside b and ends before nothing waits for it
//!  b                         [==]
//!  c                   [.......]
//! ```
//! Children count as far as they lie within their parent: what outlives it is clipped, what lies outside is left out, and so is
//! a consumer that outlives its producer, for which nobody waits.

use super::shape::{Interval, TraceShape};

/// A stretch of the path. Segments follow one another without gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Index into [`TraceShape::spans`].
    pub span: usize,
    pub from_ns: i64,
    pub to_ns: i64,
}

/// The path through the spans below `root`, by time; the lengths sum up to the root's duration. Empty when that is none.
///
/// Needs no recursion, so depth is no danger to the stack; n spans cost n log n steps.
pub fn critical_path(shape: &TraceShape, intervals: &[Interval], root: usize) -> Vec<Segment> {
    let mut backwards = Backwards::default();
    let mut visits = vec![Visit::start(shape, intervals, root, intervals[root])];
    while let Some(visit) = visits.last_mut() {
        match visit.next_child() {
            Some((child, interval)) => {
                backwards.push(Segment { span: visit.span, from_ns: interval.to_ns, to_ns: visit.until_ns });
                visit.until_ns = interval.from_ns;
                visits.push(Visit::start(shape, intervals, child, interval));
            }
            None => {
                backwards.push(Segment { span: visit.span, from_ns: visit.from_ns, to_ns: visit.until_ns });
                visits.pop();
            }
        }
    }
    backwards.segments.reverse();
    backwards.segments
}

/// The `count_max` longest segments, by time, and how long the others are together.
pub fn longest(path: &[Segment], count_max: usize) -> (Vec<Segment>, i64) {
    let mut kept = path.to_vec();
    if kept.len() > count_max {
        kept.sort_unstable_by_key(|segment| (std::cmp::Reverse(segment.duration_ns()), segment.from_ns));
        kept.truncate(count_max);
        kept.sort_unstable_by_key(|segment| segment.from_ns);
    }
    let total_ns = |segments: &[Segment]| segments.iter().map(|segment| segment.duration_ns()).sum::<i64>();
    let left_out_ns = total_ns(path) - total_ns(&kept);
    (kept, left_out_ns)
}

impl Segment {
    pub fn duration_ns(&self) -> i64 {
        self.to_ns.saturating_sub(self.from_ns)
    }
}

/// How much of the path each span takes, in the order of [`TraceShape::spans`].
pub fn time_on_path(shape: &TraceShape, path: &[Segment]) -> Vec<i64> {
    let mut times = vec![0; shape.spans().len()];
    for segment in path {
        times[segment.span] += segment.duration_ns();
    }
    times
}

/// A span the path is inside of.
struct Visit {
    span: usize,
    from_ns: i64,
    /// The path has come back to here.
    until_ns: i64,
    /// Not looked at yet; the last to end comes last.
    children: Vec<(usize, Interval)>,
}

impl Visit {
    fn start(shape: &TraceShape, intervals: &[Interval], span: usize, interval: Interval) -> Self {
        let waited_for = |child: &usize| !(shape.spans()[*child].is_consumer() && intervals[*child].to_ns > interval.to_ns);
        let children = shape.children(Some(span)).filter(waited_for);
        let mut children: Vec<(usize, Interval)> =
            children.filter_map(|child| Some((child, intervals[child].clipped_to(interval)?))).collect();
        // Of children that end together the longest explains most; the index makes it the same every time.
        children.sort_unstable_by_key(|(child, interval)| (interval.to_ns, std::cmp::Reverse((interval.from_ns, *child))));
        Self { span, from_ns: interval.from_ns, until_ns: interval.to_ns, children }
    }

    fn next_child(&mut self) -> Option<(usize, Interval)> {
        while let Some((child, interval)) = self.children.pop() {
            if interval.to_ns <= self.until_ns {
                return Some((child, interval));
            }
        }
        None
    }
}

#[derive(Default)]
struct Backwards {
    segments: Vec<Segment>,
}

impl Backwards {
    /// Leaves out empty segments and joins those that a child of no duration parted.
    fn push(&mut self, segment: Segment) {
        if segment.from_ns >= segment.to_ns {
            return;
        }
        match self.segments.last_mut() {
            Some(later) if later.span == segment.span && later.from_ns == segment.to_ns => later.from_ns = segment.from_ns,
            _ => self.segments.push(segment),
        }
    }
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
        let root = shape.root().expect("an outline has a root");
        let path = critical_path(&shape, &intervals, root);
        let words = path.iter().map(|segment| (segment.span, format!("{}..{}", segment.from_ns, segment.to_ns)));
        assert_eq!(named(&shape, words), expected, "{outline}");
        assert_eq!(time_on_path(&shape, &path).iter().sum::<i64>(), intervals[root].duration_ns(), "{outline}");
    }

    #[test]
    fn one_after_the_other() {
        check("a root server 0..100", "root 0..100");
        check(
            "a root server 0..100\n  a one internal 10..30\n  a two internal 50..90",
            "root 0..10, one 10..30, root 30..50, two 50..90, root 90..100",
        );
        check("a root server 0..100\n  a one internal 0..50\n  a two internal 50..100", "one 0..50, two 50..100");
        check("a root server 0..100\n  a one internal 0..100\n    b deep server 20..80", "one 0..20, deep 20..80, one 80..100");
    }

    #[test]
    fn of_siblings_side_by_side_the_last_to_end_is_waited_for() {
        check("a root server 0..100\n  a one internal 10..50\n  a two internal 20..90", "root 0..20, two 20..90, root 90..100");
        check("a root server 0..100\n  a one internal 10..90\n  a two internal 20..50", "root 0..10, one 10..90, root 90..100");
        let three = "a root server 0..100\n  a one internal 5..30\n  a two internal 20..60\n  a three internal 40..90";
        check(three, "root 0..5, one 5..30, root 30..40, three 40..90, root 90..100");
        check("a root server 0..100\n  a short internal 60..90\n  a long internal 20..90", "root 0..20, long 20..90, root 90..100");
    }

    #[test]
    fn what_outlives_its_parent_is_clipped_or_left_out() {
        check("a root server 0..100\n  a one internal 60..150", "root 0..60, one 60..100");
        check("a root server 10..100\n  a one internal 0..50", "one 10..50, root 50..100");
        check("a root server 0..100\n  a one internal 100..150\n  a two internal 200..300", "root 0..100");
        check("a root server 0..100\n  a send producer 10..20\n    b receive consumer 15..500", "root 0..10, send 10..20, root 20..100");
        check(
            "a root server 0..100\n  a send producer 10..80\n    b receive consumer 15..50",
            "root 0..10, send 10..15, receive 15..50, send 50..80, root 80..100",
        );
        check("a root server 0..100\n  a one internal 50..200\n    a deep internal 90..180", "root 0..50, one 50..90, deep 90..100");
    }

    #[test]
    fn spans_without_duration_are_no_part_of_it() {
        check("a root server 50..50\n  a one internal 50..50", "");
        check("a root server 50..20", "");
        check("a root server 0..100\n  a tick internal 40..40\n  a tock internal 40..40", "root 0..100");
        check("a root server 0..100\n  a one internal 40..60\n  a tick internal 60..60", "root 0..40, one 40..60, root 60..100");
    }

    #[test]
    fn a_path_too_long_keeps_what_takes_longest() {
        let segment = |span, from_ns, to_ns| Segment { span, from_ns, to_ns };
        let path = [segment(0, 0, 5), segment(1, 5, 7), segment(2, 7, 20), segment(0, 20, 21)];
        assert_eq!(longest(&path, 4), (path.to_vec(), 0));
        assert_eq!(longest(&path, 2), (vec![path[0], path[2]], 3));
        assert_eq!(longest(&path, 0), (vec![], 21));
    }

    #[test]
    fn a_very_deep_and_a_very_wide_trace_are_walked() {
        let deep: String = (0..3_000).map(|level| format!("{}a s internal {level}..{}\n", "  ".repeat(level), 10_000 - level)).collect();
        let wide: String = (0..3_000).map(|number| format!("  a s internal {}..{}\n", number * 3, number * 3 + 2)).collect();
        for (outline, segments) in [(deep, 2 * 3_000 - 1), (format!("a root server 0..9000\n{wide}"), 2 * 3_000)] {
            let shape = shape(&outline);
            let intervals = skew::intervals(&shape, &vec![0; shape.spans().len()]);
            let path = critical_path(&shape, &intervals, 0);
            assert_eq!(path.len(), segments);
            assert_eq!(time_on_path(&shape, &path).iter().sum::<i64>(), intervals[0].duration_ns());
        }
    }
}
