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
const BASELINE: i64 = 30 * 60 * SECOND;
const SHOWN: usize = 5;
const SHARE_MIN: f64 = 0.05;

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

/// Of `errors` of its service what the breaker counts: of its operations if that is known, of the service if not; of spans if there
/// are any.
pub fn failures_of<'a>(breaker: &Breaker, errors: impl IntoIterator<Item = &'a Error>) -> Vec<&'a Error> {
    let guarded = breaker.guarded();
    let is_span = |error: &&Error| matches!(error.evidence.source, Source::Span | Source::SpanEvent);
    let all: Vec<&Error> = errors.into_iter().filter(|error| counts_as_failure(&breaker.key.family, error)).collect();
    let of: Vec<&Error> = all.iter().copied().filter(|error| guarded.contains(&error.operation)).collect();
    let chosen = if of.is_empty() { all } else { of };
    let spans: Vec<&Error> = chosen.iter().copied().filter(is_span).collect();
    if spans.is_empty() { chosen } else { spans }
}

/// When the run-up began: the first failure after which none of its gaps was longer than the run-up.
pub fn first_failure(failures: &[Failure<'_>], opened: UnixNanos, window_ns: i64) -> Option<UnixNanos> {
    let mut times: Vec<i64> = failures.iter().map(|failure| failure.time.0).filter(|time| *time <= opened.0).collect();
    times.sort_unstable();
    let mut first = None;
    let mut next = opened.0;
    for time in times.into_iter().rev().take_while(|time| *time >= opened.0.saturating_sub(BASELINE)) {
        if next - time > run_up_ns(window_ns) {
            break;
        }
        (first, next) = (Some(UnixNanos(time)), time);
    }
    first
}

/// What an error is called: its code, else its reason, its exception, its status.
pub fn name_of(error: &Error) -> String {
    let status = || error.http_status.map(|status| format!("http:{status}"));
    let texts = [&error.code, &error.reason, &error.exception_type, &error.grpc_status];
    texts.into_iter().find(|text| !text.is_empty()).cloned().or_else(status).unwrap_or_else(|| format!("{:016x}", error.fingerprint))
}

/// Whether a breaker of `family` counts the error as a failure of the call. What breakers and limiters refuse is not what failed.
pub fn counts_as_failure(family: &str, error: &Error) -> bool {
    if error.is_rejection || !matches!(error.amount, Amount::Count(_)) {
        return false;
    }
    let grpc = |codes: &[&str]| codes.contains(&error.grpc_status.as_str());
    let unknown = error.http_status.is_none() && error.grpc_status.is_empty();
    match family {
        "kratos" => {
            unknown
                || error.http_status.is_some_and(|status| matches!(status, 500 | 503 | 504))
                || grpc(&["UNKNOWN", "INTERNAL", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED"])
        }
        "go-zero" => {
            unknown
                || error.http_status.is_some_and(|status| status >= 500)
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
        let failures = failures(&[("a", 1, 1), ("b", 9, 1), ("a", 18, 1), ("a", 300, 5)]);
        assert_eq!(first_failure(&failures, UnixNanos(OPENED), 0), Some(UnixNanos(OPENED - 18 * SECOND)));
        assert_eq!(first_failure(&failures[3..], UnixNanos(OPENED), 0), None);
    }
}
