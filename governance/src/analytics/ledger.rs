//! Who was rejected by which limiter.

use std::collections::BTreeMap;

use schemas::UnixNanos;

use super::SECOND;
use crate::facts::RejectionKind;

/// Seconds with rejections that it takes to learn a limit.
const SECONDS_MIN: usize = 5;

/// Rejected calls: one record, or many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rejected<'a> {
    pub time: UnixNanos,
    pub count: f64,
    pub kind: RejectionKind,
    /// The limiter: its name, or the operation.
    pub rule: &'a str,
    pub service: &'a str,
    pub route: &'a str,
    /// Service that called; empty when nothing tells.
    pub caller: &'a str,
}

/// Calls let through, in a second or longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LetThrough<'a> {
    pub time: UnixNanos,
    pub width_ns: i64,
    pub count: f64,
    pub service: &'a str,
    pub route: &'a str,
    pub caller: &'a str,
}

/// One limiter of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub service: String,
    pub rule: String,
    pub kind: RejectionKind,
    pub rejected: f64,
    pub first: UnixNanos,
    pub last: UnixNanos,
    /// (route, rejected), most first.
    pub routes: Vec<(String, f64)>,
    /// Most rejected first.
    pub callers: Vec<Client>,
    pub limit: Option<Limit>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Empty: nothing tells who called.
    pub caller: String,
    pub rejected: f64,
    pub admitted: f64,
    pub rejected_share: f64,
    /// Of all calls, let through or not.
    pub traffic_share: f64,
    /// Rejected more than its traffic: `rejected_share / traffic_share`.
    pub skew: Option<f64>,
}

/// What the limiter seems to let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Median of calls a second in seconds in which it rejected.
    pub calls_per_s: f64,
    /// In seconds in which it did not: the highest.
    pub calls_per_s_without_rejections: f64,
    /// Seconds it is learned from.
    pub seconds: usize,
}

/// By service, rule and kind, most rejected first.
pub fn ledger(rejected: &[Rejected<'_>], let_through: &[LetThrough<'_>]) -> Vec<Rule> {
    let mut by_rule: BTreeMap<(&str, &str, RejectionKind), Vec<&Rejected<'_>>> = BTreeMap::new();
    for call in rejected {
        by_rule.entry((call.service, call.rule, call.kind)).or_default().push(call);
    }
    let mut rules: Vec<Rule> = by_rule.into_values().map(|calls| rule(&calls, let_through)).collect();
    rules.sort_by(|a, b| b.rejected.total_cmp(&a.rejected).then_with(|| (&a.service, &a.rule, a.kind).cmp(&(&b.service, &b.rule, b.kind))));
    rules
}

fn rule(calls: &[&Rejected<'_>], let_through: &[LetThrough<'_>]) -> Rule {
    let first = calls[0];
    let mut routes: BTreeMap<&str, f64> = BTreeMap::new();
    let mut callers: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for call in calls {
        *routes.entry(call.route).or_default() += call.count;
        callers.entry(call.caller).or_default().0 += call.count;
    }
    let mine: Vec<&LetThrough<'_>> =
        let_through.iter().filter(|call| call.service == first.service && routes.contains_key(call.route)).collect();
    for call in &mine {
        callers.entry(call.caller).or_default().1 += call.count;
    }
    let rejected: f64 = calls.iter().map(|call| call.count).sum();
    let all: f64 = callers.values().map(|(rejected, admitted)| rejected + admitted).sum();
    let mut clients: Vec<Client> = callers
        .into_iter()
        .map(|(caller, (of_caller, admitted))| {
            let rejected_share = if rejected > 0.0 { of_caller / rejected } else { 0.0 };
            let traffic_share = if all > 0.0 { (of_caller + admitted) / all } else { 0.0 };
            let skew = (traffic_share > 0.0 && !mine.is_empty()).then(|| rejected_share / traffic_share);
            Client { caller: caller.to_owned(), rejected: of_caller, admitted, rejected_share, traffic_share, skew }
        })
        .collect();
    clients.sort_by(|a, b| b.rejected.total_cmp(&a.rejected).then_with(|| a.caller.cmp(&b.caller)));
    let mut routes: Vec<(String, f64)> = routes.into_iter().map(|(route, count)| (route.to_owned(), count)).collect();
    routes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Rule {
        service: first.service.to_owned(),
        rule: first.rule.to_owned(),
        kind: first.kind,
        rejected,
        first: calls.iter().map(|call| call.time).min().unwrap_or_default(),
        last: calls.iter().map(|call| call.time).max().unwrap_or_default(),
        routes,
        callers: clients,
        limit: limit(calls, &mine),
    }
}

/// From calls known to the second; wider counts say nothing of a limit.
fn limit(rejected: &[&Rejected<'_>], let_through: &[&LetThrough<'_>]) -> Option<Limit> {
    let mut seconds: BTreeMap<i64, (f64, bool)> = BTreeMap::new();
    for call in let_through.iter().filter(|call| call.width_ns <= SECOND) {
        seconds.entry(call.time.0.div_euclid(SECOND)).or_default().0 += call.count;
    }
    for call in rejected {
        if let Some(second) = seconds.get_mut(&call.time.0.div_euclid(SECOND)) {
            second.1 = true;
        }
    }
    let mut limited: Vec<f64> = seconds.values().filter(|(_, limited)| *limited).map(|(count, _)| *count).collect();
    if limited.len() < SECONDS_MIN {
        return None;
    }
    limited.sort_by(f64::total_cmp);
    let free = seconds.values().filter(|(_, limited)| !limited).map(|(count, _)| *count).fold(0.0, f64::max);
    Some(Limit { calls_per_s: limited[limited.len() / 2], calls_per_s_without_rejections: free, seconds: limited.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_takes_it_all() {
        let at = |second: i64| UnixNanos(second * SECOND + 5);
        let rejected: Vec<Rejected<'_>> = (0..10)
            .map(|second| Rejected {
                time: at(second),
                count: if second % 5 == 0 { 20.0 } else { 80.0 },
                kind: RejectionKind::RateLimit,
                rule: "bbr",
                service: "order",
                route: "/create",
                caller: if second % 5 == 0 { "" } else { "batch" },
            })
            .collect();
        let through = |caller, from, to, count| {
            (from..to).map(move |second| LetThrough {
                time: at(second),
                width_ns: SECOND,
                count,
                service: "order",
                route: "/create",
                caller,
            })
        };
        let through: Vec<LetThrough<'_>> = through("shop", 0, 30, 60.0).chain(through("batch", 0, 10, 40.0)).collect();
        let [rule] = &ledger(&rejected, &through)[..] else { panic!("one rule") };
        assert_eq!((rule.rejected, rule.first, rule.last), (680.0, at(0), at(9)));
        let clients: Vec<(&str, f64, f64)> =
            rule.callers.iter().map(|client| (&*client.caller, client.rejected, client.admitted)).collect();
        assert_eq!(clients, [("batch", 640.0, 400.0), ("", 40.0, 0.0), ("shop", 0.0, 1800.0)]);
        assert!(rule.callers[0].skew.is_some_and(|skew| skew > 2.0));
        assert_eq!(rule.limit, Some(Limit { calls_per_s: 100.0, calls_per_s_without_rejections: 60.0, seconds: 10 }));
        assert_eq!(ledger(&rejected[..3], &[])[0].limit, None);
        assert!(ledger(&[], &through).is_empty());
    }
}
