//! Which trip of the timeline is which of the shop, and how far off it is. Pure.

use std::collections::BTreeMap;

use schemas::UnixNanos;

/// A trip that was found so long before or after may still be the one that happened.
const SLACK_NS: i64 = 5_000_000_000;
/// Refused calls without which nobody can conclude a trip: the floor of traffic.
const FLOOR: f64 = 3.0;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Breaker {
    pub(super) service: String,
    pub(super) name: String,
}

#[derive(Debug, Clone)]
pub(super) struct Trip {
    pub(super) breaker: Breaker,
    /// Other names of the breaker.
    pub(super) names: Vec<String>,
    pub(super) instance: String,
    pub(super) opened: UnixNanos,
    pub(super) closed: Option<UnixNanos>,
    /// Concluded from refused calls; else a record tells it.
    pub(super) inferred: bool,
    pub(super) refused: f64,
}

/// How well trips of one class of sources are told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Class {
    pub(super) happened: usize,
    /// Of these, those too small to be concluded, that were not found.
    pub(super) below_floor: usize,
    pub(super) found: usize,
    pub(super) right: usize,
    /// Of openings and closings of the right ones, in order.
    pub(super) errors_ns: Vec<i64>,
    /// Trips that were not found, and that did not happen, for people.
    pub(super) wrong: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Score {
    pub(super) explicit: Class,
    pub(super) inferred: Class,
}

impl Class {
    /// Found ones that happened; `None`: nothing was found.
    pub(super) fn precision(&self) -> Option<f64> {
        (self.found > 0).then(|| self.right as f64 / self.found as f64)
    }

    /// Of those that could be found; `None`: nothing happened.
    pub(super) fn recall(&self) -> Option<f64> {
        let possible = self.happened - self.below_floor;
        (possible > 0).then(|| self.right as f64 / possible as f64)
    }

    pub(super) fn median_error_ns(&self) -> Option<i64> {
        self.errors_ns.get(self.errors_ns.len() / 2).copied()
    }
}

/// Compares `found` with what `happened` until `end`. Each is matched once, those that are closest in time first.
pub(super) fn score(happened: &[Trip], found: &[Trip], end: UnixNanos) -> Score {
    let mut score = Score::default();
    let mut of_breaker: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    let mut classes: BTreeMap<&Breaker, bool> = BTreeMap::new();
    for (index, trip) in happened.iter().enumerate() {
        of_breaker.entry((&trip.breaker.service, &trip.breaker.name, &trip.instance)).or_default().push(index);
        classes.insert(&trip.breaker, trip.inferred);
    }
    let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
    for (place, trip) in found.iter().enumerate() {
        for name in std::iter::once(&trip.breaker.name).chain(&trip.names) {
            let candidates = of_breaker.get(&(trip.breaker.service.as_str(), name.as_str(), trip.instance.as_str()));
            let touching = candidates.into_iter().flatten().filter(|index| touch(&happened[**index], trip, end));
            pairs.extend(touching.map(|index| ((happened[*index].opened.0 - trip.opened.0).abs(), *index, place)));
        }
    }
    pairs.sort_unstable();
    let (mut told, mut right) = (vec![None; happened.len()], vec![false; found.len()]);
    for (_, index, place) in pairs {
        if told[index].is_none() && !right[place] {
            (told[index], right[place]) = (Some(place), true);
        }
    }
    for (trip, place) in happened.iter().zip(&told) {
        let class = score.class(trip.inferred);
        class.happened += 1;
        match place.map(|place| &found[place]) {
            Some(told) => {
                class.right += 1;
                class.errors_ns.push((told.opened.0 - trip.opened.0).abs());
                class.errors_ns.extend(told.closed.zip(trip.closed).map(|(told, closed)| (told.0 - closed.0).abs()));
            }
            None if trip.inferred && trip.refused < FLOOR => class.below_floor += 1,
            None => class.wrong.push(format!("missed: {}", trip.text())),
        }
    }
    for (trip, right) in found.iter().zip(&right) {
        let class = score.class(classes.get(&trip.breaker).copied().unwrap_or(trip.inferred));
        class.found += 1;
        if !right {
            class.wrong.push(format!("did not happen: {}", trip.text()));
        }
    }
    for class in [&mut score.explicit, &mut score.inferred] {
        class.errors_ns.sort_unstable();
    }
    score
}

/// Whether both last at some time, give or take a little.
fn touch(happened: &Trip, found: &Trip, end: UnixNanos) -> bool {
    let last = |trip: &Trip| trip.closed.unwrap_or(end.max(trip.opened)).0;
    happened.opened.0 <= last(found).saturating_add(SLACK_NS) && found.opened.0 <= last(happened).saturating_add(SLACK_NS)
}

impl Score {
    fn class(&mut self, inferred: bool) -> &mut Class {
        if inferred { &mut self.inferred } else { &mut self.explicit }
    }
}

impl Trip {
    fn text(&self) -> String {
        let time = |time: UnixNanos| {
            jiff::Timestamp::from_nanosecond(time.0.into()).map_or_else(|_| time.0.to_string(), |time| format!("{time:.3}"))
        };
        let closed = self.closed.map_or_else(|| "open".to_owned(), time);
        let Breaker { service, name } = &self.breaker;
        format!("{service} {name} in {}, {} to {closed}, {} refused", self.instance, time(self.opened), self.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn trip(name: &str, opened: i64, closed: Option<i64>, inferred: bool) -> Trip {
        Trip {
            breaker: Breaker { service: "order".into(), name: name.into() },
            names: Vec::new(),
            instance: "a".into(),
            opened: UnixNanos(opened * SECOND),
            closed: closed.map(|closed| UnixNanos(closed * SECOND)),
            inferred,
            refused: 9.0,
        }
    }

    #[test]
    fn what_is_right_missed_and_made_up() {
        let happened = [
            trip("pay", 10, Some(20), false),
            trip("pay", 60, Some(70), false),
            trip("op:x", 10, Some(30), true),
            Trip { refused: 2.0, ..trip("op:x", 100, Some(101), true) },
        ];
        let found = [
            trip("pay", 11, Some(20), false),
            trip("pay", 200, Some(210), false),
            Trip { names: vec!["op:x".into()], ..trip("y", 12, Some(27), true) },
        ];
        let Score { explicit, inferred } = score(&happened, &found, UnixNanos(300 * SECOND));
        assert_eq!((explicit.happened, explicit.found, explicit.right), (2, 2, 1));
        assert_eq!((explicit.precision(), explicit.recall()), (Some(0.5), Some(0.5)));
        assert_eq!(explicit.errors_ns, [0, SECOND]);
        assert_eq!(explicit.wrong.len(), 2, "{:?}", explicit.wrong);
        assert_eq!((inferred.right, inferred.below_floor, inferred.recall()), (1, 1, Some(1.0)));
        assert_eq!(inferred.median_error_ns(), Some(3 * SECOND));
        assert_eq!(score(&[], &[], UnixNanos(0)).explicit.recall(), None);
    }

    #[test]
    fn another_instance_is_another_trip() {
        let other = Trip { instance: "b".into(), ..trip("pay", 10, Some(20), false) };
        let Score { explicit, .. } = score(&[trip("pay", 10, Some(20), false)], &[other], UnixNanos(300 * SECOND));
        assert_eq!((explicit.right, explicit.wrong.len()), (0, 2));
        // One that lasts covers all until the end, and counts once.
        let found = [trip("pay", 11, None, false), trip("pay", 12, None, false)];
        let Score { explicit, .. } = score(&[trip("pay", 10, None, false)], &found, UnixNanos(300 * SECOND));
        assert_eq!((explicit.right, explicit.found), (1, 2));
    }
}
