//! Callers that gave up while the called one went on, and how long callers wait.

use schemas::TraceId;

use super::{TRACES_MAX, attempt::Attempt};

/// Calls that gave up which it takes to learn a timeout.
const GAVE_UP_MIN: usize = 3;
/// So far from the median: the same timeout.
const SPREAD: f64 = 0.1;
/// Of these calls, at least so many took as long as the median.
const ALIKE_MIN: f64 = 0.6;

/// Calls of one edge, adjusted by sampling weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waits {
    pub calls: f64,
    /// Their caller did not wait any longer: it says that time ran out, and no answer is known that came before.
    pub gave_up: f64,
    /// Failed for the caller while the called one went on.
    pub abandoned: f64,
    /// What called ones did for nobody.
    pub wasted_ns: i64,
    /// Of one call.
    pub wasted_max_ns: i64,
    /// How long the caller waits, learned from calls that gave up after the same time.
    pub timeout_ns: Option<i64>,
    /// The longest call, however it ended.
    pub longest_ns: i64,
    /// Of abandoned calls, those that wasted most first.
    pub traces: Vec<TraceId>,
}

/// By edge, of which there are `edges`.
pub fn waits(attempts: &[Attempt], edges: usize) -> Vec<Waits> {
    let mut told = vec![Told::default(); edges];
    for one in attempts.iter().filter(|one| one.counts) {
        if let Some(told) = told.get_mut(one.edge) {
            told.add(one);
        }
    }
    told.into_iter().map(Told::finish).collect()
}

#[derive(Debug, Clone, Default)]
struct Told {
    waits: Waits,
    /// Durations of calls that gave up.
    gave_up_ns: Vec<i64>,
    /// Waste and the trace, most first.
    traces: Vec<(i64, TraceId)>,
}

impl Told {
    fn add(&mut self, one: &Attempt) {
        let waits = &mut self.waits;
        waits.calls += one.weight;
        waits.longest_ns = waits.longest_ns.max(one.duration_ns());
        let overrun = one.overrun_ns();
        // Where the called one had ended before, it is its answer that says so.
        if one.failed() && one.says_timeout && (one.served.is_none() || overrun.is_some()) {
            waits.gave_up += one.weight;
            self.gave_up_ns.push(one.duration_ns());
        }
        let Some(wasted) = overrun else { return };
        waits.abandoned += one.weight;
        waits.wasted_ns = waits.wasted_ns.saturating_add((wasted as f64 * one.weight) as i64);
        waits.wasted_max_ns = waits.wasted_max_ns.max(wasted);
        let known = self.traces.iter().position(|(_, trace)| *trace == one.trace);
        match known {
            Some(at) if self.traces[at].0 >= wasted => return,
            Some(at) => drop(self.traces.remove(at)),
            None => {}
        }
        let place = self.traces.partition_point(|(more, trace)| (*more, *trace) > (wasted, one.trace));
        self.traces.insert(place, (wasted, one.trace));
        self.traces.truncate(TRACES_MAX);
    }

    fn finish(mut self) -> Waits {
        let traces = self.traces.into_iter().map(|(_, trace)| trace).collect();
        Waits { timeout_ns: timeout(&mut self.gave_up_ns), traces, ..self.waits }
    }
}

/// The time after which most gave up. Deadlines that are passed on vary, and teach none.
fn timeout(gave_up_ns: &mut [i64]) -> Option<i64> {
    if gave_up_ns.len() < GAVE_UP_MIN {
        return None;
    }
    gave_up_ns.sort_unstable();
    let median = gave_up_ns[gave_up_ns.len() / 2];
    let alike = gave_up_ns.iter().filter(|one| (**one - median).abs() as f64 <= median as f64 * SPREAD).count();
    (median > 0 && alike as f64 >= ALIKE_MIN * gave_up_ns.len() as f64).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::{
        super::attempt::{
            Ending::{Failed, Well},
            Served,
            tests::{MS, attempt},
        },
        *,
    };

    fn served(from_ms: i64, to_ms: i64, one: Attempt) -> Attempt {
        Attempt { served: Some(Served { start_ns: from_ms * MS, end_ns: to_ms * MS }), ..one }
    }

    fn late(one: Attempt) -> Attempt {
        Attempt { says_timeout: true, ..one }
    }

    #[test]
    fn work_for_nobody() {
        let of = |trace: u8, one: Attempt| Attempt { trace: TraceId([trace; 16]), ..one };
        let attempts = [
            of(1, served(10, 250, late(attempt(0, 100, Failed)))),
            of(2, served(10, 900, late(attempt(0, 100, Failed)))),
            of(2, served(210, 400, late(attempt(200, 300, Failed)))),
            // The called one says that its own dependency was late: it was the caller's answer.
            of(3, served(10, 80, late(attempt(0, 90, Failed)))),
            of(4, served(10, 80, attempt(0, 90, Well))),
            of(5, late(attempt(0, 101, Failed))),
            of(6, Attempt { counts: false, ..served(10, 9_000, late(attempt(0, 100, Failed))) }),
        ];
        let [told] = &waits(&attempts, 1)[..] else { panic!("one edge") };
        assert_eq!((told.calls, told.gave_up, told.abandoned), (6.0, 4.0, 3.0));
        assert_eq!((told.wasted_ns, told.wasted_max_ns, told.longest_ns), ((150 + 800 + 100) * MS, 800 * MS, 101 * MS));
        assert_eq!((told.timeout_ns, &told.traces[..]), (Some(100 * MS), &[TraceId([2; 16]), TraceId([1; 16])][..]));
        assert_eq!(waits(&[], 1), [Waits::default()]);
    }

    #[test]
    fn timeouts_are_learned_from_calls_that_took_as_long() {
        let check = |ms: &[i64], expected: Option<i64>| {
            let mut durations: Vec<i64> = ms.iter().map(|ms| ms * MS).collect();
            assert_eq!(timeout(&mut durations), expected.map(|ms| ms * MS), "{ms:?}");
        };
        check(&[500, 501], None);
        check(&[500, 501, 499], Some(500));
        check(&[500, 501, 20, 500, 502], Some(500));
        check(&[50, 120, 300, 480], None);
        check(&[0, 0, 0], None);
    }
}
