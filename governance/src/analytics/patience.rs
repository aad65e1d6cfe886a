//! Whether callers wait for as long as a refusal tells them to.

use schemas::UnixNanos;

/// A refusal that said when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldToWait {
    /// When the caller had the answer.
    pub at: UnixNanos,
    pub wait_ns: i64,
}

impl ToldToWait {
    fn until(&self) -> i64 {
        self.at.0.saturating_add(self.wait_ns)
    }

    /// Whether the caller waited. `calls`: when its calls of the same route begin, in order; `known_until`: later ones are not known.
    /// `None`: it has not called, and the wait is not over as far as that is known.
    pub fn honoured(&self, calls: &[i64], known_until: UnixNanos) -> Option<bool> {
        let next = calls.get(calls.partition_point(|begin| *begin <= self.at.0));
        match next {
            Some(begin) if *begin < self.until() => Some(false),
            _ if self.until() > known_until.0 => None,
            _ => Some(true),
        }
    }
}

/// What became of such refusals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patience {
    /// Whose wait is over.
    pub told: u64,
    /// Of these, after which the caller waited.
    pub honoured: u64,
}

impl Patience {
    pub fn add(&mut self, honoured: bool) {
        self.told += 1;
        self.honoured += u64::from(honoured);
    }

    pub fn merge(&mut self, other: Self) {
        self.told += other.told;
        self.honoured += other.honoured;
    }

    /// `None`: nobody was told to wait.
    pub fn share(&self) -> Option<f64> {
        (self.told > 0).then(|| self.honoured as f64 / self.told as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits() {
        let check = |wait_ns: i64, calls: &[i64], known_until: i64, expected: Option<bool>| {
            let told = ToldToWait { at: UnixNanos(100), wait_ns };
            assert_eq!(told.honoured(calls, UnixNanos(known_until)), expected, "{wait_ns} {calls:?} {known_until}");
        };
        check(50, &[], 1_000, Some(true));
        check(50, &[90, 100, 150], 1_000, Some(true));
        check(50, &[90, 149], 1_000, Some(false));
        check(50, &[149], 149, Some(false));
        // Nobody knows yet.
        check(50, &[90], 149, None);
        check(50, &[], 150, Some(true));
        // No time at all is waited for by everybody.
        check(0, &[101], 1_000, Some(true));
        let mut patience = Patience::default();
        assert_eq!(patience.share(), None);
        [true, false, true, true].into_iter().for_each(|honoured| patience.add(honoured));
        patience.merge(Patience { told: 4, honoured: 0 });
        assert_eq!((patience, patience.share()), (Patience { told: 8, honoured: 3 }, Some(0.375)));
    }
}
