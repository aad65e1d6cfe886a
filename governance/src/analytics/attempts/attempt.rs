//! One call as its caller saw it.

use schemas::TraceId;

/// How a call ended, as far as it matters for whether it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Well,
    Failed,
    /// Failed in a way that sending it again does not mend: the caller's own mistake.
    FailedForGood,
    /// The answer was to ask elsewhere.
    Redirected,
}

/// The span of whoever served a call, by the clock of its own host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    pub start_ns: i64,
    pub end_ns: i64,
}

/// A call that was let out: one client span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Number of the edge: caller, called and operation.
    pub edge: usize,
    /// What made it; attempts of one logical call have it in common. `None`: nothing tells.
    pub parent: Option<u64>,
    /// Of what is asked (an address, a statement), a hash; 0: nothing tells.
    pub asks: u64,
    pub start_ns: i64,
    pub end_ns: i64,
    pub ending: Ending,
    /// Its failure is that time ran out.
    pub says_timeout: bool,
    /// The record says that it was sent before.
    pub says_resent: bool,
    pub served: Option<Served>,
    /// Calls that it stands for, itself included: more than one where traces are sampled.
    pub weight: f64,
    /// Within the window that is asked for; others are known for their relatives only.
    pub counts: bool,
    pub trace: TraceId,
}

impl Attempt {
    /// Calls that it counts for.
    pub fn counted(&self) -> f64 {
        if self.counts { self.weight } else { 0.0 }
    }

    pub fn duration_ns(&self) -> i64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    pub fn failed(&self) -> bool {
        matches!(self.ending, Ending::Failed | Ending::FailedForGood)
    }

    /// For how long the called one went on after the caller had failed; `None`: it did not, or nothing tells.
    ///
    /// Clocks of two hosts differ, so what durations tell counts first: who served for longer than the caller waited was not done in time.
    /// Otherwise the times are believed where the serving began within the call, and the caller says that time ran out.
    pub fn overrun_ns(&self) -> Option<i64> {
        let served = self.served.filter(|_| self.failed())?;
        let longer = served.end_ns.saturating_sub(served.start_ns) - self.duration_ns();
        let agrees = (self.start_ns..=self.end_ns).contains(&served.start_ns);
        let later = served.end_ns.saturating_sub(self.end_ns);
        let overrun = if agrees && (longer > 0 || self.says_timeout) { later } else { longer };
        (overrun > 0).then_some(overrun)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const MS: i64 = 1_000_000;

    /// A call of edge 0 that its parent 1 makes from and to these milliseconds.
    pub(crate) fn attempt(from_ms: i64, to_ms: i64, ending: Ending) -> Attempt {
        Attempt {
            edge: 0,
            parent: Some(1),
            asks: 0,
            start_ns: from_ms * MS,
            end_ns: to_ms * MS,
            ending,
            says_timeout: false,
            says_resent: false,
            served: None,
            weight: 1.0,
            counts: true,
            trace: TraceId([1; 16]),
        }
    }

    #[test]
    fn how_long_the_called_one_went_on() {
        let check = |ending, says_timeout, served: (i64, i64), expected: Option<i64>| {
            let served = Some(Served { start_ns: served.0 * MS, end_ns: served.1 * MS });
            let told = Attempt { says_timeout, served, ..attempt(100, 200, ending) }.overrun_ns();
            assert_eq!(told, expected.map(|ms| ms * MS), "{ending:?} {served:?}");
        };
        check(Ending::Failed, false, (110, 500), Some(300));
        check(Ending::Well, false, (110, 500), None);
        check(Ending::Failed, false, (110, 190), None);
        // Ends later by the clock alone: only a caller that says that time ran out is believed.
        check(Ending::Failed, false, (110, 205), None);
        check(Ending::Failed, true, (110, 205), Some(5));
        // Clocks that differ by a minute: what durations tell is left.
        check(Ending::Failed, true, (60_110, 60_205), None);
        check(Ending::Failed, true, (60_110, 60_260), Some(50));
        check(Ending::FailedForGood, false, (-60_000, -59_850), Some(50));
        assert_eq!(attempt(100, 200, Ending::Failed).overrun_ns(), None);
    }
}
