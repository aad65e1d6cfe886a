//! Clock skew: spans that seem to lie outside their parent because another machine's clock is off.
//!
//! The adjuster of Jaeger (`model/adjuster/clockskew.go`), with message queues left alone:
//!
//! 1. From the root down. A span that took its times from its parent's clock moves as its parent does.
//! 2. A span of another clock that lies within its (moved) parent stays.
//! 3. One that is shorter than its parent and sticks out is moved to the parent's middle, as if both ways took equally long.
//! 4. One that is longer ran on alone or its caller gave up; it moves only when it seems to start before its parent.
//! 5. A message is consumed whenever it is; its consumer too moves only when it seems to start before the producer.
//!
//! This is a guess. The times as sent are always reported beside it.

use super::shape::{Interval, SpanShape, TraceShape, kind};

/// What to add to the start and the end of each span, in nanoseconds, in the order of [`TraceShape::spans`].
pub fn adjustments(shape: &TraceShape) -> Vec<i64> {
    let mut adjustments: Vec<i64> = Vec::with_capacity(shape.spans().len());
    for span in shape.spans() {
        let adjustment = match span.parent() {
            None => 0,
            Some(index) => {
                let parent = &shape.spans()[index];
                if clocks_may_differ(parent, span) { adjustment(parent, adjustments[index], span) } else { adjustments[index] }
            }
        };
        adjustments.push(adjustment);
    }
    adjustments
}

/// When each span ran, after adjustment.
pub fn intervals(shape: &TraceShape, adjustments_ns: &[i64]) -> Vec<Interval> {
    shape.spans().iter().zip(adjustments_ns).map(|(span, adjustment)| Interval::of(span, *adjustment)).collect()
}

/// Services that say no host, pod or instance may have replicas, and a call between two spans of the same service may cross.
fn clocks_may_differ(parent: &SpanShape, span: &SpanShape) -> bool {
    let call = parent.kind == kind::CLIENT && span.kind == kind::SERVER;
    span.clock != parent.clock || (call && span.clock_guessed())
}

fn adjustment(parent: &SpanShape, parent_adjustment: i64, span: &SpanShape) -> i64 {
    let outer = Interval::of(parent, parent_adjustment);
    let inner = Interval::of(span, 0);
    let slack_ns = outer.duration_ns() - inner.duration_ns();
    let message = parent.kind == kind::PRODUCER || span.is_consumer();
    if message || slack_ns < 0 {
        return outer.from_ns.saturating_sub(inner.from_ns).max(0);
    }
    if outer.contains(inner) { 0 } else { outer.from_ns.saturating_add(slack_ns / 2).saturating_sub(inner.from_ns) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample::{named, shape};

    /// `expected` names every span that moves, and by how much.
    fn check(outline: &str, expected: &str) {
        let shape = shape(outline);
        let adjustments = adjustments(&shape);
        assert_eq!(adjustments.len(), shape.spans().len());
        let moved = adjustments.iter().copied().enumerate().filter(|(_, adjustment)| *adjustment != 0);
        assert_eq!(named(&shape, moved.map(|(index, by)| (index, format!("{by:+}")))), expected, "{outline}");
    }

    #[test]
    fn a_server_span_that_sticks_out_is_centred_in_its_caller() {
        check("web@a call client 100..200\n  pay@b pay server 110..150", "");
        check("web@a call client 100..200\n  pay@b pay server 100..200", "");
        check("web@a call client 100..200\n  pay@b pay server 90..150", "pay +30");
        check("web@a call client 100..200\n  pay@b pay server 500..540", "pay -370");
        check("web@a call client 100..200\n  pay@b pay server 99..199", "pay +1");
        check("web@a call client 100..200\n  pay@b pay server 180..211", "pay -46");
    }

    #[test]
    fn a_longer_span_must_only_not_start_before_its_caller() {
        check("web@a call client 100..200\n  pay@b pay server 90..400", "pay +10");
        check("web@a call client 100..200\n  pay@b pay server 150..400", "");
    }

    #[test]
    fn spans_of_one_clock_move_together() {
        let outline = "
            web@a call client 100..200
              pay@b pay server 1000..1040
                pay@b check internal 1010..1020
                  pay@b deep internal 1012..1900
                pay@b query client 1020..1030
                  db@c select server 20..26";
        check(outline, "pay -870, check -870, deep -870, query -870, select +132");
        check("web@a call client 100..200\n  web@a late internal 300..310", "");
        check("web@a call client 100..200\n  bank@a pay server 300..310", "");
    }

    #[test]
    fn replicas_behind_one_service_name_are_told_by_the_call() {
        check("web call client 100..200\n  web call-2 server 300..310", "call-2 -155");
        check("web call client 100..200\n  web step internal 300..310", "");
        check("web call internal 100..200\n  pay step internal 300..310", "step -155");
    }

    #[test]
    fn a_message_may_be_consumed_at_any_later_time() {
        check("web@a send producer 100..110\n  mail@b receive consumer 900..905", "");
        check("web@a send producer 100..110\n  mail@b receive consumer 40..45", "receive +60");
        check("web@a send producer 100..110\n  mail@b work internal 900..905", "");
    }

    #[test]
    fn extreme_times_overflow_nothing() {
        let outline = format!("web@a call client {}..{}\n  pay@b pay server {}..{}", i64::MIN, i64::MIN + 10, i64::MAX - 3, i64::MAX);
        check(&outline, &format!("pay {}", i64::MIN));
        check("web@a call client 200..100\n  pay@b pay server 300..250", "pay -100");
    }
}
