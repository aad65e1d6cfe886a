//! Sentinel's flow control with direct reject: so many passes per second, counted in two buckets of half a second.

use schemas::UnixNanos;

use crate::topology::Limit;

const BUCKET_NS: i64 = 500_000_000;

#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) rule: &'static Limit,
    passes_max: u64,
    /// Index of the current bucket, its passes, and those of the one before.
    bucket: (i64, u64, u64),
}

impl Limiter {
    pub(crate) fn new(rule: &'static Limit, passes_max: u64) -> Self {
        Self { rule, passes_max, bucket: (i64::MIN, 0, 0) }
    }

    pub(crate) fn passes(&mut self, at: UnixNanos) -> bool {
        let index = at.0.div_euclid(BUCKET_NS).max(self.bucket.0);
        self.bucket = match index.saturating_sub(self.bucket.0) {
            0 => self.bucket,
            1 => (index, 0, self.bucket.1),
            _ => (index, 0, 0),
        };
        let passes = self.bucket.1 + self.bucket.2 < self.passes_max;
        self.bucket.1 += u64::from(passes);
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::LIMITS;

    #[test]
    fn so_many_pass_in_a_second() {
        let mut limiter = Limiter::new(&LIMITS[0], 4);
        let passed = |limiter: &mut Limiter, from_ms: i64| {
            (0..20).filter(|call| limiter.passes(UnixNanos((from_ms + call * 50) * 1_000_000))).count()
        };
        assert_eq!(passed(&mut limiter, 0), 4);
        assert_eq!(passed(&mut limiter, 1_000), 4);
        assert_eq!(passed(&mut limiter, 10_000), 4);
    }
}
