//! Which attempts are of the same logical call.

use std::collections::BTreeMap;

use schemas::TraceId;

use super::{
    TRACES_MAX,
    attempt::{Attempt, Ending},
};
use crate::analytics::SECOND;

/// Who waits longer before sending again means another call.
const PAUSE_MAX_NS: i64 = 60 * SECOND;

/// Calls of one edge, adjusted by sampling weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retries {
    /// Attempts.
    pub sent: f64,
    /// Calls that were meant.
    pub logical: f64,
    /// Logical calls that were sent more than once.
    pub retried: f64,
    /// Of these, that went well in the end.
    pub rescued: f64,
    /// Retries whose own record says so.
    pub said: f64,
    /// Attempts after a failed one of which nothing tells whether they ask the same: the same parent makes such calls in a loop.
    pub unsure: f64,
    /// Of one logical call.
    pub attempts_max: u32,
    /// With most attempts first.
    pub traces: Vec<TraceId>,
}

impl Retries {
    pub fn retries(&self) -> f64 {
        (self.sent - self.logical).max(0.0)
    }

    /// Sent for each that was meant; `None`: no call began within the window.
    pub fn amplification(&self) -> Option<f64> {
        (self.logical > 0.0).then(|| self.sent / self.logical)
    }

    /// Of what is sent, the part that is sent again; `None`: nothing is sent.
    pub fn share(&self) -> Option<f64> {
        (self.sent > 0.0).then(|| self.retries() / self.sent)
    }
}

/// By edge, of which there are `edges`.
///
/// 1. Attempts that one parent makes on one edge, asking the same, are looked at in order of time.
/// 2. One that follows a failed one within a minute, and was not begun before that one ended, is its retry.
/// 3. One whose record says that it was sent before is a retry after any failure, and no attempt of its own where the answer was to ask
///    elsewhere.
/// 4. Where a parent makes calls in a loop (several go well) and nothing tells what each asks, only what records say counts.
pub fn retries(mut attempts: Vec<Attempt>, edges: usize) -> Vec<Retries> {
    let mut told = vec![Told::default(); edges];
    attempts.sort_by_key(|one| (one.edge, one.parent, one.asks, one.start_ns, one.end_ns, one.trace));
    for same in attempts.chunk_by(|a, b| a.parent.is_some() && (a.edge, a.parent, a.asks) == (b.edge, b.parent, b.asks)) {
        if let Some(told) = told.get_mut(same[0].edge) {
            told.add(same);
        }
    }
    told.into_iter().map(Told::finish).collect()
}

#[derive(Debug, Clone, Default)]
struct Told {
    retries: Retries,
    /// Attempts, when, and the trace.
    traces: Vec<(u32, i64, TraceId)>,
}

/// A call that was meant.
struct Logical {
    attempts: u32,
    /// Whether a retry of it is within the window.
    retried: bool,
    ended_well: bool,
    last_ns: i64,
    weight: f64,
    trace: TraceId,
}

/// Attempts that may be followed by another: when they ended, and their logical call.
type Ended = BTreeMap<(i64, usize), ()>;

impl Told {
    fn add(&mut self, same: &[Attempt]) {
        let went_well = same.iter().filter(|one| one.ending == Ending::Well).count();
        let is_loop = same[0].asks == 0 && went_well > 1;
        let mut calls: Vec<Logical> = Vec::new();
        let (mut failed, mut for_good, mut redirected) = (Ended::new(), Ended::new(), Ended::new());
        for one in same {
            let mut call = latest(&mut failed, one);
            if one.says_resent {
                call = call.or_else(|| latest(&mut for_good, one));
            } else if is_loop && call.take().is_some() {
                self.retries.unsure += one.counted();
            }
            let is_retry = call.is_some();
            if call.is_none() && one.says_resent {
                if let Some(at) = latest(&mut redirected, one) {
                    // Asked elsewhere, as it was told to: the same attempt goes on.
                    self.end(one, at, &mut calls, (&mut failed, &mut for_good, &mut redirected));
                    continue;
                }
                // Its first attempt is not known.
                self.retries.sent += one.counted();
                self.retries.said += one.counted();
                continue;
            }
            let at = *call.get_or_insert_with(|| {
                let (last_ns, weight, trace) = (one.end_ns, one.weight, one.trace);
                calls.push(Logical { attempts: 0, retried: false, ended_well: false, last_ns, weight, trace });
                calls.len() - 1
            });
            calls[at].attempts += 1;
            if one.counts {
                self.retries.sent += one.weight;
                self.retries.logical += if is_retry { 0.0 } else { one.weight };
                self.retries.said += if is_retry && one.says_resent { one.weight } else { 0.0 };
                calls[at].retried |= is_retry;
            }
            self.end(one, at, &mut calls, (&mut failed, &mut for_good, &mut redirected));
        }
        for call in calls.iter().filter(|call| call.retried) {
            self.retries.retried += call.weight;
            self.retries.rescued += if call.ended_well { call.weight } else { 0.0 };
            self.retries.attempts_max = self.retries.attempts_max.max(call.attempts);
            self.traces.push((call.attempts, call.last_ns, call.trace));
        }
        // Few are shown: the others go now and then, so that not all are kept.
        if self.traces.len() > 100 * TRACES_MAX {
            self.shorten();
        }
    }

    fn end(
        &mut self,
        one: &Attempt,
        at: usize,
        calls: &mut [Logical],
        (failed, for_good, redirected): (&mut Ended, &mut Ended, &mut Ended),
    ) {
        let call = &mut calls[at];
        (call.ended_well, call.last_ns) = (one.ending == Ending::Well, one.end_ns);
        let ended = match one.ending {
            Ending::Well => return,
            Ending::Failed => failed,
            Ending::FailedForGood => for_good,
            Ending::Redirected => redirected,
        };
        ended.insert((one.end_ns, at), ());
    }

    fn shorten(&mut self) {
        self.traces.sort_by(|a, b| b.cmp(a));
        let mut seen: Vec<TraceId> = Vec::new();
        self.traces.retain(|(_, _, trace)| {
            let fresh = seen.len() < TRACES_MAX && !seen.contains(trace);
            seen.extend(fresh.then_some(*trace));
            fresh
        });
    }

    fn finish(mut self) -> Retries {
        self.shorten();
        let attempts_max = self.retries.attempts_max.max(u32::from(self.retries.sent > 0.0));
        Retries { attempts_max, traces: self.traces.into_iter().map(|(_, _, trace)| trace).collect(), ..self.retries }
    }
}

/// Takes the one that ended last before this attempt began.
fn latest(ended: &mut Ended, one: &Attempt) -> Option<usize> {
    let (&(end_ns, at), ()) = ended.range(..=(one.start_ns, usize::MAX)).next_back()?;
    if one.start_ns.saturating_sub(end_ns) > PAUSE_MAX_NS {
        return None;
    }
    ended.remove(&(end_ns, at));
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::{
        super::attempt::tests::{MS, attempt},
        *,
    };
    use Ending::{Failed, FailedForGood, Redirected, Well};

    /// Sent, meant, retried, rescued, most attempts of one.
    fn check(about: &str, attempts: &[Attempt], expected: (u64, u64, u64, u64, u32)) {
        let mut reversed = attempts.to_vec();
        reversed.reverse();
        for attempts in [attempts.to_vec(), reversed] {
            let [told] = &retries(attempts, 1)[..] else { panic!("one edge") };
            let counts = [told.sent, told.logical, told.retried, told.rescued].map(|count| count as u64);
            assert_eq!((counts[0], counts[1], counts[2], counts[3], told.attempts_max), expected, "{about}");
        }
    }

    fn said(one: Attempt) -> Attempt {
        Attempt { says_resent: true, ..one }
    }

    #[test]
    fn attempts_of_one_call() {
        check("nothing", &[], (0, 0, 0, 0, 0));
        check("one", &[attempt(0, 10, Well)], (1, 1, 0, 0, 1));
        check("a retry that goes well", &[attempt(0, 10, Failed), attempt(50, 60, Well)], (2, 1, 1, 1, 2));
        check("three in vain", &[attempt(0, 10, Failed), attempt(10, 20, Failed), attempt(50, 60, Failed)], (3, 1, 1, 0, 3));
        check("what went well is not sent again", &[attempt(0, 10, Well), attempt(50, 60, Failed)], (2, 2, 0, 0, 1));
        check("nor the caller's own mistake", &[attempt(0, 10, FailedForGood), attempt(50, 60, Well)], (2, 2, 0, 0, 1));
        check("side by side", &[attempt(0, 10, Failed), attempt(5, 15, Failed)], (2, 2, 0, 0, 1));
        check(
            "two side by side, each with its retry",
            &[attempt(0, 10, Failed), attempt(0, 12, Failed), attempt(20, 30, Failed), attempt(25, 35, Well)],
            (4, 2, 2, 1, 2),
        );
        check("much later", &[attempt(0, 10, Failed), attempt(60_011, 60_020, Well)], (2, 2, 0, 0, 1));
        let other = |one: Attempt| Attempt { parent: Some(2), ..one };
        check("of another parent", &[attempt(0, 10, Failed), other(attempt(50, 60, Well))], (2, 2, 0, 0, 1));
        let roots = [attempt(0, 10, Failed), attempt(50, 60, Well)].map(|one| Attempt { parent: None, ..one });
        check("of no parent", &roots, (2, 2, 0, 0, 1));
    }

    #[test]
    fn what_the_record_says_counts_first() {
        check("it says so", &[attempt(0, 10, Failed), said(attempt(50, 60, Well))], (2, 1, 1, 1, 2));
        check("after logging in", &[attempt(0, 10, FailedForGood), said(attempt(50, 60, Well))], (2, 1, 1, 1, 2));
        check("elsewhere", &[attempt(0, 10, Redirected), said(attempt(10, 20, Well))], (1, 1, 0, 0, 1));
        check(
            "elsewhere, and there again",
            &[attempt(0, 10, Redirected), said(attempt(10, 20, Failed)), said(attempt(30, 40, Well))],
            (2, 1, 1, 1, 2),
        );
        let [told] = &retries(vec![said(attempt(50, 60, Failed))], 1)[..] else { panic!("one edge") };
        assert_eq!((told.sent, told.logical, told.said, told.amplification(), told.share()), (1.0, 0.0, 1.0, None, Some(1.0)));
    }

    #[test]
    fn loops_are_no_retries_unless_they_ask_the_same() {
        let calls = [attempt(0, 10, Well), attempt(20, 30, Failed), attempt(40, 50, Well), attempt(60, 70, Well)];
        check("nothing tells what is asked", &calls, (4, 4, 0, 0, 1));
        assert_eq!(retries(calls.to_vec(), 1)[0].unsure, 1.0);
        check("the same address", &calls.map(|one| Attempt { asks: 7, ..one }), (4, 3, 1, 1, 2));
        let addresses: Vec<Attempt> = calls.iter().zip(1..).map(|(one, asks)| Attempt { asks, ..*one }).collect();
        check("each its own address", &addresses, (4, 4, 0, 0, 1));
    }

    #[test]
    fn only_what_is_within_the_window_counts() {
        let before = Attempt { counts: false, ..attempt(0, 10, Failed) };
        check("its first attempt was before", &[before, attempt(50, 60, Well)], (1, 0, 1, 1, 2));
        let after = Attempt { counts: false, ..attempt(50, 60, Well) };
        check("it is sent again after", &[attempt(0, 10, Failed), after], (1, 1, 0, 0, 1));
    }

    #[test]
    fn one_of_a_sampled_trace_stands_for_many() {
        let of = |one: Attempt| Attempt { weight: 4.0, parent: Some(2), ..one };
        let attempts = vec![of(attempt(0, 10, Failed)), of(attempt(50, 60, Well)), attempt(70, 80, Well)];
        let [told] = &retries(attempts, 1)[..] else { panic!("one edge") };
        assert_eq!((told.sent, told.logical, told.retried, told.rescued, told.attempts_max), (9.0, 5.0, 4.0, 4.0, 2));
    }

    #[test]
    fn traces_with_most_attempts_and_edges_apart() {
        let of = |trace: u8, edge: usize, one: Attempt| Attempt { trace: TraceId([trace; 16]), parent: Some(trace.into()), edge, ..one };
        let mut attempts: Vec<Attempt> =
            (1..=9).flat_map(|trace| [of(trace, 0, attempt(0, 10, Failed)), of(trace, 0, attempt(20, 30, Failed))]).collect();
        attempts.push(of(4, 0, attempt(40, 50, Failed)));
        attempts.push(of(4, 1, attempt(60, 70, Well)));
        let told = retries(attempts, 2);
        assert_eq!(told[0].traces, [4, 9, 8].map(|trace| TraceId([trace; 16])));
        assert_eq!((told[0].retries(), told[0].amplification(), told[0].share()), (10.0, Some(19.0 / 9.0), Some(10.0 / 19.0)));
        assert_eq!((told[1].sent, told[1].traces.len()), (1.0, 0));
        assert_eq!(attempt(3, 5, Well).duration_ns(), 2 * MS);
    }
}
