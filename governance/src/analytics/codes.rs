//! Which errors came before a trip, more often than usual.

use std::collections::BTreeMap;

use schemas::UnixNanos;

use super::SECOND;
use crate::{
    facts::{Amount, Error, Source},
    fold::Breaker,
};

/// What came before counts for two windows of the breaker, and at least that long.
const RUN_UP_MIN: i64 = 10 * SECOND;
/// What is usual is what happened in that time before.
pub const BASELINE: i64 = 30 * 60 * SECOND;
const SHOWN: usize = 5;
const SHARE_MIN: f64 = 0.05;
/// Between so many last failures one sees how often they come.
const FAILURES_THAT_OPEN: usize = 6;
/// How much better two rates must explain failures than one: a chance of one in some hundreds, with the choice among all places.
const CHANGE_MIN: f64 = 8.0;

/// A call that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failure<'a> {
    pub time: UnixNanos,
    pub code: &'a str,
    pub count: f64,
}

impl<'a> Failure<'a> {
    /// A running total says nothing of when.
    pub fn of(error: &Error, code: &'a str) -> Self {
        let count = match error.amount {
            Amount::Count(count) => count,
            Amount::Cumulative { .. } => 0.0,
        };
        Self { time: error.time, code, count }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct PrecedingCode {
    pub code: String,
    /// In the run-up.
    pub count: f64,
    /// Of all failures in the run-up.
    pub share: f64,
    /// What was to be expected in the run-up, by the half hour before.
    pub expected: f64,
    /// `(count - expected) / sqrt(expected + 1)`.
    pub z: f64,
    /// `(count + 0.5) / (expected + 0.5)`.
    pub lift: f64,
}

/// How long the run-up of a breaker is that looks at `window_ns`.
pub fn run_up_ns(window_ns: i64) -> i64 {
    window_ns.saturating_mul(2).max(RUN_UP_MIN)
}

/// At most five codes with a share of at least 5 %, the most unusual first. `failures` are those that the breaker counts, in any order.
pub fn preceding_codes(failures: &[Failure<'_>], opened: UnixNanos, window_ns: i64) -> Vec<PrecedingCode> {
    let run_up = run_up_ns(window_ns);
    let begin = opened.0.saturating_sub(run_up);
    let baseline = begin.saturating_sub(BASELINE);
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for failure in failures {
        let time = failure.time.0;
        if (begin..=opened.0).contains(&time) {
            counts.entry(failure.code).or_default().0 += failure.count;
        } else if (baseline..begin).contains(&time) {
            counts.entry(failure.code).or_default().1 += failure.count;
        }
    }
    let all: f64 = counts.values().map(|(count, _)| count).sum();
    let mut codes: Vec<PrecedingCode> = counts
        .into_iter()
        .filter(|(_, (count, _))| *count > 0.0 && count / all >= SHARE_MIN)
        .map(|(code, (count, before))| {
            let expected = before * run_up as f64 / BASELINE as f64;
            let z = (count - expected) / (expected + 1.0).sqrt();
            PrecedingCode { code: code.to_owned(), count, share: count / all, expected, z, lift: (count + 0.5) / (expected + 0.5) }
        })
        .collect();
    codes.sort_by(|a, b| b.z.total_cmp(&a.z).then_with(|| a.code.cmp(&b.code)));
    codes.truncate(SHOWN);
    codes
}

/// [`preceding_codes`] of errors by their names.
pub fn before(failures: &[&Error], opened: UnixNanos, window_ns: i64) -> Vec<PrecedingCode> {
    let named: Vec<(String, &Error)> = failures.iter().map(|error| (name_of(error), *error)).collect();
    let counted: Vec<Failure<'_>> = named.iter().map(|(code, error)| Failure::of(error, code)).collect();
    preceding_codes(&counted, opened, window_ns)
}

/// What of a failed call says whether a breaker counts it.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    pub operation: &'a str,
    pub http_status: Option<i64>,
    pub grpc_status: &'a str,
    pub is_span: bool,
}

impl<'a> Failed<'a> {
    fn of(error: &'a Error) -> Self {
        let is_span = matches!(error.evidence.source, Source::Span | Source::SpanEvent);
        Self { operation: &error.operation, http_status: error.http_status, grpc_status: &error.grpc_status, is_span }
    }
}

/// Of `errors` of its service what the breaker counts: see [`counted`]. What breakers and limiters refuse is not what failed.
pub fn failures_of<'a>(breaker: &Breaker, errors: impl IntoIterator<Item = &'a Error>) -> Vec<&'a Error> {
    let failed = errors.into_iter().filter(|error| !error.is_rejection && matches!(error.amount, Amount::Count(_)));
    counted(breaker, failed, |error| Failed::of(error))
}

/// Of failed calls of its service those that the breaker counts: of its operations if that is known, of the service if not; of spans if
/// there are any.
pub(super) fn counted<'a, T>(breaker: &Breaker, calls: impl IntoIterator<Item = T>, failed: impl Fn(&T) -> Failed<'a>) -> Vec<T> {
    let guarded = breaker.guarded();
    let mut calls: Vec<T> = calls.into_iter().filter(|call| counts_as_failure(&breaker.key.family, failed(call))).collect();
    let is_guarded = |call: &T| guarded.iter().any(|operation| operation == failed(call).operation);
    if calls.iter().any(is_guarded) {
        calls.retain(is_guarded);
    }
    if calls.iter().any(|call| failed(call).is_span) {
        calls.retain(|call| failed(call).is_span);
    }
    calls
}

/// Since when calls failed without a break, more often than before: when the run-up began.
///
/// 1. Backwards from the opening, a break is a time without a failure of more than ten seconds. Where few call it is longer: three times
///    what lies between the last failures, at most the run-up.
/// 2. Failures that always happen may reach far back without a break. Then it began where they became more frequent: where two rates, one
///    before and one after, say best when the failures came, much better than one rate, and the second one is twice the first at least.
pub fn first_failure(failures: &[Failure<'_>], opened: UnixNanos, window_ns: i64) -> Option<UnixNanos> {
    let baseline = opened.0.saturating_sub(BASELINE);
    let mut times: Vec<i64> = failures.iter().map(|failure| failure.time.0).filter(|time| (baseline..=opened.0).contains(time)).collect();
    times.sort_unstable();
    let break_ns = break_ns(&times, window_ns);
    let mut begin = times.len();
    let mut next = opened.0;
    while let Some(before) = begin.checked_sub(1).filter(|before| next - times[*before] <= break_ns) {
        (begin, next) = (before, times[before]);
    }
    let stretch = &times[begin..];
    stretch.get(more_frequent(stretch, opened.0)).map(|time| UnixNanos(*time))
}

/// The longest time between two failures of one stretch. `times` rise.
fn break_ns(times: &[i64], window_ns: i64) -> i64 {
    let last = &times[times.len().saturating_sub(FAILURES_THAT_OPEN)..];
    let mut gaps: Vec<i64> = last.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    usual.saturating_mul(3).clamp(RUN_UP_MIN, run_up_ns(window_ns))
}

/// The place in `times`, rising until `opened`, from which on they are more frequent than before; 0 when they are not. Linear.
fn more_frequent(times: &[i64], opened: i64) -> usize {
    let Some(first) = times.first() else { return 0 };
    // A rate within less than a second says nothing: failures that came together are not frequent.
    let seconds = |from: i64, to: i64| ((to - from) as f64 / SECOND as f64).max(1.0);
    // Logarithm of the likelihood of so many failures in that time, at their own rate.
    let likelihood = |count: usize, seconds: f64| if count == 0 { 0.0 } else { count as f64 * (count as f64 / seconds).ln() };
    let at_one_rate = likelihood(times.len(), seconds(*first, opened));
    let mut best = (CHANGE_MIN, 0);
    for (place, time) in times.iter().enumerate().skip(1) {
        let (before, after) = (seconds(*first, *time), seconds(*time, opened));
        let rises = (times.len() - place) as f64 / after >= 2.0 * place as f64 / before;
        let gain = likelihood(place, before) + likelihood(times.len() - place, after) - at_one_rate;
        if rises && gain > best.0 {
            best = (gain, place);
        }
    }
    best.1
}

/// What of an error says how it is called.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Code, reason, exception type, status of gRPC.
    pub texts: [&'a str; 4],
    pub http_status: Option<i64>,
    pub fingerprint: u64,
}

impl Named<'_> {
    /// Its code, else its reason, its exception, its status.
    pub fn name(&self) -> String {
        let status = || self.http_status.map(|status| format!("http:{status}"));
        let text = self.texts.into_iter().find(|text| !text.is_empty());
        text.map(str::to_owned).or_else(status).unwrap_or_else(|| format!("{:016x}", self.fingerprint))
    }

    /// Whether nothing but its fingerprint names it.
    pub(super) fn is_nameless(&self) -> bool {
        self.http_status.is_none() && self.texts.iter().all(|text| text.is_empty())
    }
}

/// What an error is called.
pub fn name_of(error: &Error) -> String {
    let texts = [&error.code, &error.reason, &error.exception_type, &error.grpc_status].map(String::as_str);
    Named { texts, http_status: error.http_status, fingerprint: error.fingerprint }.name()
}

/// Whether a breaker of `family` counts the call as failed.
fn counts_as_failure(family: &str, failed: Failed<'_>) -> bool {
    let grpc = |codes: &[&str]| codes.contains(&failed.grpc_status);
    let unknown = failed.http_status.is_none() && failed.grpc_status.is_empty();
    match family {
        "kratos" => {
            unknown
                || failed.http_status.is_some_and(|status| matches!(status, 500 | 503 | 504))
                || grpc(&["UNKNOWN", "INTERNAL", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED"])
        }
        "go-zero" => {
            unknown
                || failed.http_status.is_some_and(|status| status >= 500)
                || grpc(&["DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"])
        }
        _ => !grpc(&["CANCELLED"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: i64 = 10_000 * SECOND;

    fn failures(of: &[(&'static str, i64, usize)]) -> Vec<Failure<'static>> {
        let one = |(code, before, times): &(&'static str, i64, usize)| {
            vec![Failure { time: UnixNanos(OPENED - before * SECOND), code, count: 1.0 }; *times]
        };
        of.iter().flat_map(one).collect()
    }

    #[test]
    fn what_is_unusual_comes_first() {
        // 5001007 fails all the time: 720 in the half hour before are 4 in ten seconds.
        let failures = failures(&[("5001003", 2, 58), ("5001007", 3, 11), ("5001007", 600, 720), ("deadline", 4, 3), ("5001003", -5, 99)]);
        let codes = preceding_codes(&failures, UnixNanos(OPENED), 3 * SECOND);
        let names: Vec<&str> = codes.iter().map(|code| code.code.as_str()).collect();
        assert_eq!(names, ["5001003", "5001007"], "deadline has less than 5 %");
        assert_eq!((codes[0].count, codes[0].expected, codes[0].z, codes[0].lift), (58.0, 0.0, 58.0, 117.0));
        assert_eq!((codes[1].expected, codes[1].z.round(), codes[1].lift.round()), (4.0, 3.0, 3.0));
        assert!(preceding_codes(&[], UnixNanos(OPENED), 0).is_empty());
        assert_eq!(run_up_ns(60 * SECOND), 120 * SECOND);
    }

    #[test]
    fn when_it_began() {
        let check = |name: &str, before: &[f64], window_ns: i64, expected: Option<f64>| {
            let at = |before: f64| UnixNanos(OPENED - (before * SECOND as f64) as i64);
            let failures: Vec<Failure<'_>> = before.iter().map(|before| Failure { time: at(*before), code: "a", count: 1.0 }).collect();
            assert_eq!(first_failure(&failures, UnixNanos(OPENED), window_ns), expected.map(at), "{name}");
        };
        let every = |step: f64, from: f64, to: f64| -> Vec<f64> {
            (0..).map(|nth| from - f64::from(nth) * step).take_while(|at| *at >= to).collect()
        };
        check("nothing failed", &[], 0, None);
        check("a break of more than ten seconds", &[1.0, 9.0, 18.0, 300.0, 300.0], 0, Some(18.0));
        check("long before only", &[300.0, 301.0], 0, None);
        check("and not after", &[-1.0], 0, None);
        check("few call: a break is longer, within the run-up", &[0.0, 20.0, 40.0, 60.0, 80.0, 300.0], 60 * SECOND, Some(80.0));
        check("a long window of the breaker is no reason", &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 90.0, 180.0, 270.0], 60 * SECOND, Some(0.5));
        let always = every(5.0, 1200.0, 0.0);
        check("failures that always happen are no run-up", &[&always[..], &every(0.25, 3.0, 0.25)].concat(), 3 * SECOND, Some(3.0));
        check("if they alone opened it, it failed all the time", &always, 3 * SECOND, Some(1200.0));
    }
}
