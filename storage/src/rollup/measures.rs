//! What is added up of a key.
//!
//! INVARIANT: [`Measures::add`] is associative and commutative, to the bit. Counts are multiples of 1/65,536, which add exactly in
//! 64-bit floats up to 2^37; sums of durations saturate, and none is negative; of equals the larger trace id is kept.

use super::key::MINUTE_NS;

/// Counts are multiples of `1 / COUNT_UNITS`.
const COUNT_UNITS: f64 = 65_536.0;

/// A span that arrives so long after its end is late.
const LATE_NS: i64 = MINUTE_NS;

/// Of a duration that no row has.
pub(super) const NO_DURATION: i64 = -1;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measures {
    pub received_at: i64,
    pub count: f64,
    pub spans: i64,
    pub late: i64,
    pub errors: f64,
    pub negative: f64,
    pub zero: f64,
    pub duration_sum_ns: i64,
    /// [`NO_DURATION`] when all are negative.
    pub duration_max_ns: i64,
    pub slowest: [u8; 16],
    pub newest_time: i64,
    pub newest: [u8; 16],
}

/// One span, as far as it is added up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub trace: [u8; 16],
    pub start: i64,
    pub received_at: i64,
    pub duration_ns: i64,
    pub failed: bool,
    /// How many spans it stands for.
    pub weight: f64,
}

impl Span {
    /// As it is counted.
    pub(super) fn count(&self) -> f64 {
        ((self.weight * COUNT_UNITS).round() / COUNT_UNITS).max(1.0)
    }

    fn is_late(&self) -> bool {
        let end = self.start.saturating_add(self.duration_ns.max(0));
        self.received_at.saturating_sub(end) > LATE_NS
    }

    fn weighted_ns(&self) -> i64 {
        let duration = self.duration_ns.max(0);
        // From a float to an integer Rust saturates.
        if self.weight == 1.0 { duration } else { (duration as f64 * self.count()).round() as i64 }
    }
}

impl Measures {
    pub(super) fn of(span: &Span) -> Self {
        let count = span.count();
        let only = |condition: bool| if condition { count } else { 0.0 };
        Self {
            received_at: span.received_at,
            count,
            spans: 1,
            late: i64::from(span.is_late()),
            errors: only(span.failed),
            negative: only(span.duration_ns < 0),
            zero: only(span.duration_ns == 0),
            duration_sum_ns: span.weighted_ns(),
            duration_max_ns: span.duration_ns.max(NO_DURATION),
            slowest: if span.duration_ns < 0 { [0; 16] } else { span.trace },
            newest_time: span.start,
            newest: span.trace,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.received_at = self.received_at.max(other.received_at);
        self.count += other.count;
        self.spans = self.spans.saturating_add(other.spans);
        self.late = self.late.saturating_add(other.late);
        self.errors += other.errors;
        self.negative += other.negative;
        self.zero += other.zero;
        self.duration_sum_ns = self.duration_sum_ns.saturating_add(other.duration_sum_ns);
        (self.duration_max_ns, self.slowest) = (self.duration_max_ns, self.slowest).max((other.duration_max_ns, other.slowest));
        (self.newest_time, self.newest) = (self.newest_time, self.newest).max((other.newest_time, other.newest));
    }
}
