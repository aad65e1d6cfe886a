//! What resilience libraries say that they did beside refusing: retries, timeouts, fallbacks, ejections.

use std::collections::{BTreeMap, HashSet};

use schemas::UnixNanos;

use crate::{
    facts::{Action, Amount, ResilienceAction},
    fold::gains,
};

/// One kind of action of one policy of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub service: String,
    pub framework: String,
    pub name: String,
    pub operation: String,
    /// Who was called, as far as records say.
    pub target: String,
    pub action: Action,
    pub count: f64,
    /// How often each outcome that records name, most first.
    pub outcomes: Vec<(String, f64)>,
    pub first: UnixNanos,
    pub last: UnixNanos,
}

/// Service, framework, name, operation, target and action.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, Action);
/// When, how often, and with which outcome.
type Done<'a> = (UnixNanos, f64, &'a str);

/// Actions from `start` to before `end`, most first; those before only tell what totals were. Where metrics count an action of a policy,
/// lines of logs and spans that tell the same are not counted again.
pub fn policies(actions: &[ResilienceAction], start: UnixNanos, end: UnixNanos) -> Vec<Policy> {
    /// A fact of the series, and its points: when, the total then, since when.
    type Series<'a> = (&'a ResilienceAction, Vec<(UnixNanos, f64, Option<UnixNanos>)>);
    let counted: HashSet<(&str, &str, Action)> =
        actions.iter().filter(|one| is_point(one)).map(|one| (one.emitter.service.as_str(), one.name.as_str(), one.action)).collect();
    let mut series: BTreeMap<(&str, &str, u64), Series<'_>> = BTreeMap::new();
    let mut done: BTreeMap<Key<'_>, Vec<Done<'_>>> = BTreeMap::new();
    for one in actions {
        match one.amount {
            Amount::Cumulative { value, series: id, start_time } => {
                let of = series.entry((&one.emitter.service, &one.emitter.instance, id)).or_insert_with(|| (one, Vec::new()));
                of.1.push((one.time, value, start_time));
            }
            Amount::Count(count) => {
                let again = !is_point(one) && counted.contains(&(one.emitter.service.as_str(), one.name.as_str(), one.action));
                if !again && (start..end).contains(&one.time) {
                    done.entry(key(one)).or_default().push((one.time, count, &one.outcome));
                }
            }
        }
    }
    for (one, points) in series.into_values() {
        let gained = gains(points).into_iter().filter(|(time, more)| *more > 0.0 && (start..end).contains(time));
        let gained: Vec<Done<'_>> = gained.map(|(time, more)| (time, more, one.outcome.as_str())).collect();
        if !gained.is_empty() {
            done.entry(key(one)).or_default().extend(gained);
        }
    }
    let mut told: Vec<Policy> = done.into_iter().map(policy).collect();
    told.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| (&a.service, &a.name, a.action).cmp(&(&b.service, &b.name, b.action))));
    told
}

fn is_point(one: &ResilienceAction) -> bool {
    one.evidence.source.is_metric()
}

fn key(one: &ResilienceAction) -> Key<'_> {
    (&one.emitter.service, &one.framework, &one.name, &one.operation, &one.target, one.action)
}

fn policy(((service, framework, name, operation, target, action), done): (Key<'_>, Vec<Done<'_>>)) -> Policy {
    let mut outcomes: BTreeMap<&str, f64> = BTreeMap::new();
    for (_, count, outcome) in done.iter().filter(|(_, _, outcome)| !outcome.is_empty()) {
        *outcomes.entry(outcome).or_default() += count;
    }
    let mut outcomes: Vec<(String, f64)> = outcomes.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect();
    outcomes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let times = || done.iter().map(|(time, ..)| *time);
    Policy {
        service: service.to_owned(),
        framework: framework.to_owned(),
        name: name.to_owned(),
        operation: operation.to_owned(),
        target: target.to_owned(),
        action,
        count: done.iter().map(|(_, count, _)| count).sum(),
        outcomes,
        first: times().min().unwrap_or_default(),
        last: times().max().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Emitter, Evidence, Source};

    const S: i64 = super::super::SECOND;

    fn action(second: i64, source: Source, amount: Amount, outcome: &str) -> ResilienceAction {
        ResilienceAction {
            time: UnixNanos(second * S),
            emitter: Emitter { service: "order".into(), instance: "a".into(), ..Emitter::default() },
            action: Action::Retry,
            amount,
            framework: "resilience4j".into(),
            name: "pay".into(),
            operation: String::new(),
            target: String::new(),
            outcome: outcome.into(),
            attempt: None,
            evidence: Evidence { source, rule: "r".into(), confidence: 90, trace_id: None, span_id: None, parent_span_id: None },
        }
    }

    #[test]
    fn what_was_done_within_the_window() {
        /// How often, with which outcomes, from and to which second.
        type Expected<'a> = (f64, &'a [(&'a str, f64)], i64, i64);
        let check = |actions: &[ResilienceAction], expected: &[Expected<'_>]| {
            let told = policies(actions, UnixNanos(1_000 * S), UnixNanos(2_000 * S));
            let outcomes = |one: &Policy| one.outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>();
            let told: Vec<_> = told.iter().map(|one| (one.count, outcomes(one), one.first.0 / S, one.last.0 / S)).collect();
            let written = |(count, outcomes, first, last): &Expected<'_>| {
                (*count, outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>(), *first, *last)
            };
            assert_eq!(told, expected.iter().map(written).collect::<Vec<_>>());
        };
        let total = |value, series| Amount::Cumulative { value, series, start_time: None };
        let (log, sum) = (Source::Log, Source::Sum);
        check(&[], &[]);
        check(&[action(1_100, log, Amount::Count(1.0), ""), action(1_200, log, Amount::Count(2.0), "")], &[(3.0, &[], 1_100, 1_200)]);
        check(&[action(900, log, Amount::Count(1.0), ""), action(2_000, log, Amount::Count(1.0), "")], &[]);
        let well = [action(900, sum, total(10.0, 1), "successful"), action(1_500, sum, total(14.0, 1), "successful")];
        let failed = [action(900, sum, total(0.0, 2), "failed"), action(1_600, sum, total(1.0, 2), "failed")];
        let both: Vec<_> = well.iter().chain(&failed).cloned().collect();
        check(&both, &[(5.0, &[("successful", 4.0), ("failed", 1.0)], 1_500, 1_600)]);
        // The same retries, told by lines of the log too.
        let twice: Vec<_> = both.into_iter().chain((0..4).map(|nth| action(1_400 + nth, log, Amount::Count(1.0), ""))).collect();
        check(&twice, &[(5.0, &[("successful", 4.0), ("failed", 1.0)], 1_500, 1_600)]);
        check(&well[1..], &[]);
    }
}
