//! What changed between a window and those it is compared with, the most surprising first.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    services::Service,
    surprise::{least, median, of_counts, of_days, of_durations, of_shares},
};

/// Standard deviations below which a difference is chance.
const SURPRISING: f64 = 3.0;
/// Changes that are certain but small are no news.
const TRAFFIC_FACTOR: f64 = 1.5;
const SLOWER_FACTOR: f64 = 1.2;
const ERRORS_MIN: f64 = 5.0;
/// A version that was not there before is always told, after what is this surprising.
const VERSION_SURPRISE: f64 = 4.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A code that was not there before.
    CodeNew,
    CodeSpiking,
    /// A code that was usual, and is not there any more.
    CodeGone,
    ServiceFailing,
    ServiceRecovered,
    ServiceSlower,
    ServiceFaster,
    ServiceBusier,
    ServiceQuieter,
    /// It had calls, and has none.
    ServiceSilent,
    ServiceNew,
    VersionNew,
}

impl ChangeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::CodeNew => "code_new",
            Self::CodeSpiking => "code_spiking",
            Self::CodeGone => "code_gone",
            Self::ServiceFailing => "service_failing",
            Self::ServiceRecovered => "service_recovered",
            Self::ServiceSlower => "service_slower",
            Self::ServiceFaster => "service_faster",
            Self::ServiceBusier => "service_busier",
            Self::ServiceQuieter => "service_quieter",
            Self::ServiceSilent => "service_silent",
            Self::ServiceNew => "service_new",
            Self::VersionNew => "version_new",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub kind: ChangeKind,
    pub service: String,
    /// The code or the version; empty for what is about the whole service.
    pub subject: String,
    /// When it began or was last seen, in nanoseconds since 1970; `None`: nothing tells.
    pub at_ns: Option<i64>,
    /// What the kind is about: records, a share of failed calls, the p95 in nanoseconds, calls, spans.
    pub now: f64,
    pub before: f64,
    /// The same hours of the day before; `None`: nothing was stored then.
    pub yesterday: Option<f64>,
    /// The median of the same hours of other days, yesterday among them; `None`: nothing was stored then, or they are not compared.
    pub usual: Option<f64>,
    /// Standard deviations; larger is more surprising.
    pub surprise: f64,
}

/// How often a service had a code within a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    pub count: f64,
    pub newest_ns: i64,
}

/// Codes of a window by service and code.
pub type Codes = BTreeMap<(String, String), Seen>;

/// One window.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    pub services: &'a [Service],
    pub codes: &'a Codes,
}

/// The same hours of an earlier day than yesterday.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// None of what is stored then is a reason to leave it out: the service was not there.
    pub services: Vec<Service>,
    pub codes: Codes,
    /// How long the window is, as a share of this one.
    pub times: f64,
}

/// A service of one day, and what its counts are to be multiplied with.
type OfDay<'a> = (&'a Service, f64);

/// `yesterday` is `None` when nothing was stored then, and `days` are those of the days before on which something was. Without any past
/// no service is new.
pub fn changes(now: Window<'_>, before: Window<'_>, yesterday: Option<Window<'_>>, days: &[Day]) -> Vec<Change> {
    let mut changes = of_codes(now, before, yesterday, days);
    let by_name = |window: Window<'_>| {
        window.services.iter().map(|service| (service.name.clone(), service.clone())).collect::<BTreeMap<String, Service>>()
    };
    let (of_now, of_before, of_yesterday) = (by_name(now), by_name(before), yesterday.map(by_name));
    let of_days: Vec<(BTreeMap<&str, &Service>, f64)> =
        days.iter().map(|day| (day.services.iter().map(|service| (&*service.name, service)).collect(), day.times)).collect();
    let names: BTreeSet<&String> = of_now.keys().chain(of_before.keys()).collect();
    // On the first day everything is new, which says nothing of any service.
    let has_past = !before.services.is_empty() || yesterday.is_some() || !days.is_empty();
    for name in names {
        let then = of_yesterday.as_ref().map(|services| services.get(name));
        // Also days on which it was not there.
        let calls_of_days = |then: Option<Option<&Service>>| -> Vec<f64> {
            let calls = |service: Option<&Service>, times: f64| service.map_or(0.0, |service| service.calls.count * times);
            let earlier = of_days.iter().map(|(services, times)| calls(services.get(&**name).copied(), *times));
            then.into_iter().map(|service| calls(service, 1.0)).chain(earlier).collect()
        };
        match (of_now.get(name), of_before.get(name)) {
            (Some(now), Some(before)) => {
                let earlier = of_days.iter().filter_map(|(services, times)| Some((*services.get(&**name)?, *times)));
                let days: Vec<OfDay<'_>> = then.flatten().map(|service| (service, 1.0)).into_iter().chain(earlier).collect();
                of_service(&mut changes, now, before, then, &days);
            }
            (Some(now), None) if has_past => changes.extend(appeared(now, then, &calls_of_days(then))),
            (None, Some(before)) => changes.extend(silent(before, then, &calls_of_days(then))),
            _ => {}
        }
    }
    changes.sort_by(|a, b| {
        let rest = || (a.kind, &a.service, &a.subject).cmp(&(b.kind, &b.service, &b.subject));
        b.surprise.total_cmp(&a.surprise).then_with(rest)
    });
    changes
}

fn of_codes(now: Window<'_>, before: Window<'_>, yesterday: Option<Window<'_>>, days: &[Day]) -> Vec<Change> {
    let keys: BTreeSet<&(String, String)> = now.codes.keys().chain(before.codes.keys()).collect();
    let count = |window: Window<'_>, key: &(String, String)| window.codes.get(key).map_or(0.0, |seen| seen.count);
    let change = |key: &(String, String)| {
        let (of_now, of_before, then) = (count(now, key), count(before, key), yesterday.map(|window| count(window, key)));
        let earlier = days.iter().map(|day| day.codes.get(key).map_or(0.0, |seen| seen.count) * day.times);
        let of_these_hours: Vec<f64> = then.into_iter().chain(earlier).collect();
        let of_days = of_days(of_these_hours.iter().map(|usual| of_counts(of_now, *usual)));
        let surprise = least(std::iter::once(of_counts(of_now, of_before)).chain(of_days));
        let unknown = of_before == 0.0 && of_these_hours.iter().all(|count| *count == 0.0);
        let kind = match surprise {
            _ if unknown && of_now > 0.0 => ChangeKind::CodeNew,
            surprise if surprise >= SURPRISING => ChangeKind::CodeSpiking,
            surprise if surprise <= -SURPRISING && of_now == 0.0 => ChangeKind::CodeGone,
            _ => return None,
        };
        let seen = now.codes.get(key).or_else(|| before.codes.get(key));
        Some(Change {
            kind,
            service: key.0.clone(),
            subject: key.1.clone(),
            at_ns: seen.map(|seen| seen.newest_ns),
            now: of_now,
            before: of_before,
            yesterday: then,
            usual: median(of_these_hours),
            surprise: surprise.abs(),
        })
    };
    keys.into_iter().filter_map(change).collect()
}

/// `days` are those on which it was there.
fn of_service(changes: &mut Vec<Change>, now: &Service, before: &Service, then: Option<Option<&Service>>, days: &[OfDay<'_>]) {
    let mut add = |kind, subject: &str, at_ns, of: &dyn Fn(&Service) -> f64, usual: Option<f64>, surprise: f64| {
        changes.push(Change {
            kind,
            service: now.name.clone(),
            subject: subject.to_owned(),
            at_ns,
            now: of(now),
            before: of(before),
            yesterday: then.map(|service| service.map_or(0.0, of)),
            usual,
            surprise,
        });
    };
    // What is usual just before or at these hours is not surprising.
    let against = |of: &dyn Fn(&Service, f64) -> f64| {
        let of_days = of_days(days.iter().map(|(service, times)| of(service, *times)));
        least(std::iter::once(of(before, 1.0)).chain(of_days))
    };
    let usual = |of: &dyn Fn(&Service, f64) -> f64| median(days.iter().map(|(service, times)| of(service, *times)));

    let failing = against(&|usual, _| of_shares((now.calls.errors, now.calls.count), (usual.calls.errors, usual.calls.count)));
    let share = |service: &Service| service.calls.error_share();
    let usual_share = usual(&|service, _| share(service));
    if failing >= SURPRISING && now.calls.errors >= ERRORS_MIN {
        add(ChangeKind::ServiceFailing, "", None, &share, usual_share, failing);
    } else if failing <= -SURPRISING && before.calls.errors >= ERRORS_MIN {
        add(ChangeKind::ServiceRecovered, "", None, &share, usual_share, -failing);
    }

    let slower = against(&|usual, _| of_durations(&now.calls, &usual.calls));
    let p95 = |service: &Service| service.calls.durations.quantile_ns(0.95).unwrap_or_default() as f64;
    let usual_p95 = usual(&|service, _| p95(service));
    let of_all = |before: f64, usual: Option<f64>, is_so: &dyn Fn(f64) -> bool| std::iter::once(before).chain(usual).all(is_so);
    if slower >= SURPRISING && of_all(p95(before), usual_p95, &|usual| p95(now) >= usual * SLOWER_FACTOR) {
        add(ChangeKind::ServiceSlower, "", None, &p95, usual_p95, slower);
    } else if slower <= -SURPRISING && of_all(p95(before), usual_p95, &|usual| p95(now) * SLOWER_FACTOR <= usual) {
        add(ChangeKind::ServiceFaster, "", None, &p95, usual_p95, -slower);
    }

    let busier = against(&|usual, times| of_counts(now.calls.count, usual.calls.count * times));
    let calls = |service: &Service| service.calls.count;
    let usual_calls = usual(&|service, times| calls(service) * times);
    if busier >= SURPRISING && of_all(calls(before), usual_calls, &|usual| calls(now) >= usual * TRAFFIC_FACTOR) {
        add(ChangeKind::ServiceBusier, "", None, &calls, usual_calls, busier);
    } else if busier <= -SURPRISING && of_all(calls(before), usual_calls, &|usual| calls(now) * TRAFFIC_FACTOR <= usual) {
        add(ChangeKind::ServiceQuieter, "", None, &calls, usual_calls, -busier);
    }

    for version in now.versions.iter().filter(|version| !version.name.is_empty()) {
        let spans = |service: &Service| service.versions.iter().find(|one| one.name == version.name).map_or(0.0, |one| one.spans);
        if spans(before) == 0.0 {
            add(ChangeKind::VersionNew, &version.name, Some(version.first_minute_ns), &spans, None, VERSION_SURPRISE);
        }
    }
}

/// `days` are its calls on other days.
fn appeared(now: &Service, then: Option<Option<&Service>>, days: &[f64]) -> Option<Change> {
    let yesterday = then.map(|service| service.map_or(0.0, |service| service.calls.count));
    let of_days = of_days(days.iter().map(|usual| of_counts(now.calls.count, *usual)));
    let surprise = least(std::iter::once(of_counts(now.calls.count, 0.0)).chain(of_days));
    let first = now.versions.iter().map(|version| version.first_minute_ns).min();
    (surprise >= SURPRISING).then(|| Change {
        kind: ChangeKind::ServiceNew,
        service: now.name.clone(),
        subject: String::new(),
        at_ns: first,
        now: now.calls.count,
        before: 0.0,
        yesterday,
        usual: median(days.iter().copied()),
        surprise,
    })
}

fn silent(before: &Service, then: Option<Option<&Service>>, days: &[f64]) -> Option<Change> {
    let yesterday = then.map(|service| service.map_or(0.0, |service| service.calls.count));
    let of_days = of_days(days.iter().map(|usual| of_counts(0.0, *usual)));
    let surprise = least(std::iter::once(of_counts(0.0, before.calls.count)).chain(of_days));
    (surprise <= -SURPRISING).then(|| Change {
        kind: ChangeKind::ServiceSilent,
        service: before.name.clone(),
        subject: String::new(),
        at_ns: Some(before.last_minute_ns),
        now: 0.0,
        before: before.calls.count,
        yesterday,
        usual: median(days.iter().copied()),
        surprise: -surprise,
    })
}

/// A code that is more frequent in the newest part of a window than its past lets expect.
#[derive(Debug, Clone, PartialEq)]
pub struct Spike {
    pub service: String,
    pub code: String,
    /// In the newest part.
    pub count: f64,
    /// In as long a time before.
    pub expected: f64,
    pub surprise: f64,
}

/// `recent` and `before` count the same codes in a newest part and in the time before, which is `times` as long.
pub fn spikes(recent: &Codes, before: &Codes, times: f64) -> Vec<Spike> {
    let spike = |((service, code), seen): (&(String, String), &Seen)| {
        let before = before.get(&(service.clone(), code.clone())).map_or(0.0, |seen| seen.count);
        let expected = if times > 0.0 { before / times } else { 0.0 };
        let surprise = of_counts(seen.count, expected);
        let spikes = surprise >= SURPRISING && seen.count >= ERRORS_MIN;
        spikes.then(|| Spike { service: service.clone(), code: code.clone(), count: seen.count, expected, surprise })
    };
    let mut spikes: Vec<Spike> = recent.iter().filter_map(spike).collect();
    spikes.sort_by(|a, b| b.surprise.total_cmp(&a.surprise).then_with(|| (&a.service, &a.code).cmp(&(&b.service, &b.code))));
    spikes
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            red::{Grid, Red, RedSeries},
            services::{Basis, Version},
        },
        *,
    };

    fn service(name: &str, calls: i64, errors: i64, ms: i64, version: &str) -> Service {
        let mut red = Red::default();
        (0..calls).for_each(|nth| red.add((ms + nth % 10) * 1_000_000, nth < errors, 1.0));
        let version = Version { name: version.to_owned(), spans: calls as f64, first_minute_ns: 7, last_minute_ns: 8 };
        Service {
            name: name.to_owned(),
            namespaces: vec![],
            environments: vec![],
            versions: vec![version],
            spans: calls as f64,
            basis: Basis::Entry,
            calls: red,
            trend: RedSeries::new(Grid { t0_ns: 0, width_ns: 1, count: 0 }),
            last_minute_ns: 8,
        }
    }

    fn codes(all: &[(&str, &str, f64)]) -> Codes {
        all.iter()
            .map(|(service, code, count)| (((*service).to_owned(), (*code).to_owned()), Seen { count: *count, newest_ns: 5 }))
            .collect()
    }

    fn check(now: &[Service], before: &[Service], yesterday: Option<&[Service]>, expected: &[(ChangeKind, &str)]) {
        let none = Codes::new();
        let window = |services| Window { services, codes: &none };
        let told = changes(window(now), window(before), yesterday.map(window), &[]);
        let shown: Vec<(ChangeKind, &str)> = told.iter().map(|change| (change.kind, &*change.service)).collect();
        assert_eq!(shown, expected, "{told:#?}");
        assert!(told.iter().all(|change| change.surprise > 0.0));
    }

    #[test]
    fn services_that_are_not_as_usual() {
        let usual = [service("pay", 1000, 1, 20, "1.0")];
        check(&usual, &usual, None, &[]);
        check(&[service("pay", 1000, 100, 20, "1.0")], &usual, None, &[(ChangeKind::ServiceFailing, "pay")]);
        check(&usual, &[service("pay", 1000, 100, 20, "1.0")], None, &[(ChangeKind::ServiceRecovered, "pay")]);
        check(&[service("pay", 1000, 1, 80, "1.0")], &usual, None, &[(ChangeKind::ServiceSlower, "pay")]);
        check(&[service("pay", 4000, 4, 20, "1.0")], &usual, None, &[(ChangeKind::ServiceBusier, "pay")]);
        // As busy as it is every day at this time.
        check(&[service("pay", 4000, 4, 20, "1.0")], &usual, Some(&[service("pay", 3900, 4, 20, "1.0")]), &[]);
        check(&[], &usual, None, &[(ChangeKind::ServiceSilent, "pay")]);
        check(&[], &usual, Some(&[]), &[]);
        let two = [usual[0].clone(), service("mail", 900, 0, 20, "1.0")];
        check(&two, &usual, None, &[(ChangeKind::ServiceNew, "mail")]);
        check(&two, &[], Some(&usual), &[(ChangeKind::ServiceNew, "mail")]);
        // The first hour of all.
        check(&two, &[], None, &[]);
        check(&[service("pay", 1000, 1, 20, "1.1")], &usual, None, &[(ChangeKind::VersionNew, "pay")]);
        // Too few calls to say anything.
        check(&[service("pay", 4, 2, 90, "1.0")], &[service("pay", 3, 0, 20, "1.0")], None, &[]);
    }

    #[test]
    fn what_is_usual_on_other_days_is_not_surprising() {
        let none = Codes::new();
        let check = |now: Option<i64>, before: Option<i64>, days: &[(i64, f64)], expected: &[(ChangeKind, Option<f64>)]| {
            let pay = |calls: i64| service("pay", calls, 0, 20, "1.0");
            let days: Vec<Day> =
                days.iter().map(|(calls, times)| Day { services: vec![pay(*calls)], codes: Codes::new(), times: *times }).collect();
            let (now, before): (Vec<Service>, Vec<Service>) = (now.map(pay).into_iter().collect(), before.map(pay).into_iter().collect());
            let window = |services| Window { services, codes: &none };
            let told = changes(window(&now), window(&before), None, &days);
            let shown: Vec<(ChangeKind, Option<f64>)> = told.iter().map(|change| (change.kind, change.usual)).collect();
            assert_eq!(shown, expected, "{told:#?}");
        };
        let (quiet, busy) = ([(1000, 1.0); 5], [(4000, 1.0), (3900, 1.0), (4100, 1.0)]);
        check(Some(4000), Some(1000), &[], &[(ChangeKind::ServiceBusier, None)]);
        check(Some(4000), Some(1000), &quiet, &[(ChangeKind::ServiceBusier, Some(1000.0))]);
        check(Some(4000), Some(1000), &busy, &[]);
        // So it is on one day of five only.
        check(Some(4000), Some(1000), &[&quiet[..4], &busy[..1]].concat(), &[(ChangeKind::ServiceBusier, Some(1000.0))]);
        // On each day it is as it likes.
        check(Some(4000), Some(1000), &[(500, 1.0), (1500, 1.0), (9000, 1.0), (2600, 1.0)], &[]);
        // Days of which twice as long a window was looked at.
        check(Some(4000), Some(1000), &[(8000, 0.5), (7900, 0.5)], &[]);
        check(None, Some(1000), &quiet, &[(ChangeKind::ServiceSilent, Some(1000.0))]);
        check(None, Some(1000), &[(0, 1.0), (0, 1.0)], &[]);
        check(Some(1000), None, &quiet, &[]);
        check(Some(1000), None, &[(0, 1.0)], &[(ChangeKind::ServiceNew, Some(0.0))]);
    }

    #[test]
    fn codes_that_are_not_as_usual() {
        let (now, before) = (
            codes(&[("pay", "new", 1.0), ("pay", "spiking", 90.0), ("pay", "steady", 50.0)]),
            codes(&[("pay", "spiking", 20.0), ("pay", "steady", 45.0), ("pay", "gone", 30.0)]),
        );
        let told = changes(Window { services: &[], codes: &now }, Window { services: &[], codes: &before }, None, &[]);
        let shown: Vec<(ChangeKind, &str, f64, f64)> =
            told.iter().map(|change| (change.kind, &*change.subject, change.now, change.before)).collect();
        assert_eq!(
            shown,
            [
                (ChangeKind::CodeSpiking, "spiking", 90.0, 20.0),
                (ChangeKind::CodeGone, "gone", 0.0, 30.0),
                (ChangeKind::CodeNew, "new", 1.0, 0.0)
            ]
        );
        let yesterday = codes(&[("pay", "spiking", 88.0), ("pay", "new", 3.0), ("pay", "gone", 1.0)]);
        let then = Window { services: &[], codes: &yesterday };
        assert_eq!(
            changes(Window { services: &[], codes: &now }, Window { services: &[], codes: &before }, Some(then), &[]),
            [],
            "usual at this time of day"
        );
        // Days differ, and on each something of it was there.
        let day = |spiking: f64, new: f64| {
            let of = codes(&[("pay", "spiking", spiking), ("pay", "new", new), ("pay", "gone", 30.0)]);
            Day { services: vec![], codes: of, times: 1.0 }
        };
        let days = [day(15.0, 0.0), day(25.0, 1.0), day(20.0, 0.0)];
        let told = changes(Window { services: &[], codes: &now }, Window { services: &[], codes: &before }, None, &days);
        let shown: Vec<(ChangeKind, &str, Option<f64>)> = told.iter().map(|change| (change.kind, &*change.subject, change.usual)).collect();
        assert_eq!(shown, [(ChangeKind::CodeGone, "gone", Some(30.0)), (ChangeKind::CodeSpiking, "spiking", Some(20.0))]);
        // 20 in five minutes, after 24 in the hour before.
        let [spike] =
            &spikes(&codes(&[("pay", "x", 20.0), ("pay", "y", 2.0)]), &codes(&[("pay", "x", 24.0), ("pay", "y", 24.0)]), 12.0)[..]
        else {
            panic!("one")
        };
        assert_eq!((&*spike.code, spike.expected), ("x", 2.0));
    }
}
