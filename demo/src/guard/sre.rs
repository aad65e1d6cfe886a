//! Kratos' adaptive breaker (`circuitbreaker/sre`): drops a share of calls, has no half-open, and counts what it drops as failed.
//!
//! 1. Over the last three seconds, in ten buckets: `total` calls, `accepts` of them that went well.
//! 2. Below `calls_min` calls, or while `total < K * accepts`, everything passes.
//! 3. Otherwise a call is dropped with probability `max(0, (total - K * accepts) / (total + 1))`.
//!
//! Source: aegis `circuitbreaker/sre/sre.go`; v3 of Kratos has its own copy with other defaults.

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, rngs::SmallRng};
use schemas::UnixNanos;

use crate::topology::Stack;

const BUCKET_NS: i64 = 300_000_000;
const BUCKETS: i64 = 10;

/// One breaker: of one operation in one client process.
#[derive(Debug)]
pub(crate) struct Sre {
    pub(crate) operation: &'static str,
    k: f64,
    calls_min: u64,
    clock: UnixNanos,
    buckets: VecDeque<Bucket>,
    pending: BTreeMap<(UnixNanos, u64), bool>,
    sequence: u64,
}

#[derive(Debug)]
struct Bucket {
    index: i64,
    total: u64,
    accepts: u64,
}

impl Sre {
    /// With the defaults of that version. `None`: no Kratos.
    pub(crate) fn new(stack: Stack, operation: &'static str) -> Option<Self> {
        let (k, calls_min) = match stack {
            Stack::KratosV2 => (1.0 / 0.6, 100),
            Stack::KratosV3 => (1.0 / 0.5, 20),
            Stack::Envoy | Stack::Gin | Stack::Spring | Stack::Python => return None,
        };
        let clock = UnixNanos(i64::MIN);
        Some(Self { operation, k, calls_min, clock, buckets: VecDeque::new(), pending: BTreeMap::new(), sequence: 0 })
    }

    /// Whether a call may go out at `at`. One that may not counts as failed.
    pub(crate) fn ask(&mut self, at: UnixNanos, rng: &mut SmallRng) -> bool {
        while let Some(entry) = self.pending.first_entry().filter(|entry| entry.key().0 <= at) {
            let ((end, _), accepted) = entry.remove_entry();
            self.count(end, accepted);
        }
        self.advance(at);
        let dropped = self.drop_share();
        let refused = dropped > 0.0 && rng.random_bool(dropped);
        if refused {
            self.count(at, false);
        }
        !refused
    }

    pub(crate) fn tell(&mut self, end: UnixNanos, failed: bool) {
        self.sequence += 1;
        self.pending.insert((end, self.sequence), !failed);
    }

    pub(crate) fn settle(&mut self, before: UnixNanos) {
        while let Some(entry) = self.pending.first_entry().filter(|entry| entry.key().0 < before) {
            let ((end, _), accepted) = entry.remove_entry();
            self.count(end, accepted);
        }
    }

    fn drop_share(&self) -> f64 {
        let (total, accepts) = self.buckets.iter().fold((0, 0), |sum, bucket| (sum.0 + bucket.total, sum.1 + bucket.accepts));
        let wanted = self.k * accepts as f64;
        if total < self.calls_min || (total as f64) < wanted {
            return 0.0;
        }
        ((total as f64 - wanted) / (total as f64 + 1.0)).max(0.0)
    }

    fn count(&mut self, at: UnixNanos, accepted: bool) {
        self.advance(at);
        if let Some(bucket) = self.buckets.back_mut() {
            bucket.total += 1;
            bucket.accepts += u64::from(accepted);
        }
    }

    /// Moves the window on. What comes late counts now.
    fn advance(&mut self, at: UnixNanos) {
        self.clock = self.clock.max(at);
        let index = self.clock.0.div_euclid(BUCKET_NS);
        if self.buckets.back().is_none_or(|newest| newest.index < index) {
            self.buckets.push_back(Bucket { index, total: 0, accepts: 0 });
        }
        while self.buckets.front().is_some_and(|oldest| oldest.index <= index - BUCKETS) {
            self.buckets.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Second by second: calls refused of 30, while all that go out in `failing` fail.
    fn refused(stack: Stack, calls_per_second: i64, failing: std::ops::Range<i64>) -> Vec<u32> {
        let (mut sre, mut rng) = (Sre::new(stack, "/a.B/C").expect("Kratos"), SmallRng::seed_from_u64(3));
        let mut second = |second: i64| {
            let calls = (0..calls_per_second).map(|call| UnixNanos(second * 1_000_000_000 + call * 1_000_000_000 / calls_per_second));
            calls
                .filter(|at| {
                    let admitted = sre.ask(*at, &mut rng);
                    if admitted {
                        sre.tell(UnixNanos(at.0 + 2_000_000), failing.contains(&second));
                    }
                    !admitted
                })
                .count() as u32
        };
        (0..60).map(&mut second).collect()
    }

    #[test]
    fn it_sheds_while_calls_fail_and_lets_go_slowly() {
        let seen = refused(Stack::KratosV3, 30, 10..25);
        assert!(seen[..10].iter().all(|refused| *refused == 0), "{seen:?}");
        assert!(seen[14..25].iter().all(|refused| *refused > 20), "{seen:?}");
        assert!(seen[25..28].iter().sum::<u32>() > 30, "lets go at once: {seen:?}");
        assert!(seen[50..].iter().all(|refused| *refused == 0), "never lets go: {seen:?}");
    }

    #[test]
    fn it_cannot_trip_below_its_traffic_floor() {
        let none = |stack, calls_per_second| refused(stack, calls_per_second, 0..60).iter().sum::<u32>() == 0;
        assert!(none(Stack::KratosV3, 6) && !none(Stack::KratosV3, 8));
        assert!(none(Stack::KratosV2, 32) && !none(Stack::KratosV2, 35));
    }
}
