//! Which trip caused which.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{TraceId, UnixNanos};

use super::SECOND;

/// A trip may cause another one until so long after it ended.
const AFTERMATH: i64 = 30 * SECOND;

/// A trip as far as causes go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tripped {
    /// Whose breaker it is.
    pub owner: String,
    /// Whom the breaker guards calls to.
    pub targets: Vec<String>,
    pub opened: UnixNanos,
    /// `None`: it lasts.
    pub closed: Option<UnixNanos>,
    /// Traces in which it refused, or that failed before it opened.
    pub traces: BTreeSet<TraceId>,
    /// Its preceding codes hold a refusal of another breaker.
    pub after_refusals: bool,
}

/// The parent of each trip: index in `trips`, or `None` for a root.
///
/// Trip j follows from trip i when the owner of i is called, directly or through others, by what j guards; i opened first and was not
/// over for more than half a minute; and they share a trace, or j opened because of refusals. Of several, the nearest in calls, then
/// the latest before. `calls`: (caller, called).
pub fn parents(trips: &[Tripped], calls: &[(String, String)]) -> Vec<Option<usize>> {
    let mut called: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (caller, callee) in calls {
        called.entry(caller).or_default().push(callee);
    }
    let parent = |(index, trip): (usize, &Tripped)| {
        let distances = distances(&trip.targets, &called);
        let causes = trips.iter().enumerate().filter_map(|(other, cause)| {
            let distance = *distances.get(cause.owner.as_str())?;
            let earlier = (cause.opened, other) < (trip.opened, index);
            let near = cause.closed.is_none_or(|closed| trip.opened.0 <= closed.0.saturating_add(AFTERMATH));
            let linked = trip.after_refusals || !cause.traces.is_disjoint(&trip.traces);
            (other != index && earlier && near && linked && cause.owner != trip.owner).then_some((
                distance,
                std::cmp::Reverse(cause.opened),
                other,
            ))
        });
        causes.min().map(|(.., other)| other)
    };
    trips.iter().enumerate().map(parent).collect()
}

/// The root of each trip, itself when it has no parent.
pub fn roots(parents: &[Option<usize>]) -> Vec<usize> {
    let root = |mut index: usize| {
        for _ in 0..parents.len() {
            match parents[index] {
                Some(parent) => index = parent,
                None => break,
            }
        }
        index
    };
    (0..parents.len()).map(root).collect()
}

fn distances<'a>(targets: &'a [String], called: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeMap<&'a str, usize> {
    let mut distances: BTreeMap<&str, usize> = targets.iter().map(|target| (target.as_str(), 0)).collect();
    let mut next: Vec<&str> = distances.keys().copied().collect();
    let mut distance = 0;
    while !next.is_empty() {
        distance += 1;
        let mut found = Vec::new();
        for callee in next.iter().filter_map(|service| called.get(service)).flatten() {
            if !distances.contains_key(callee) {
                distances.insert(callee, distance);
                found.push(*callee);
            }
        }
        next = found;
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_climb() {
        let trace = |id: u8| BTreeSet::from([TraceId([id; 16])]);
        let trip = |owner: &str, target: &str, opened: i64, closed: i64, traces| Tripped {
            owner: owner.into(),
            targets: vec![target.into()],
            opened: UnixNanos(opened * SECOND),
            closed: Some(UnixNanos(closed * SECOND)),
            traces,
            after_refusals: false,
        };
        // gateway > cart > order > pay, each guards calls to the next.
        let trips = [
            trip("gateway", "cart", 14, 40, trace(1)),
            trip("order", "pay", 10, 40, trace(1)),
            trip("cart", "order", 12, 40, trace(1)),
            trip("gateway", "cart", 90, 99, trace(1)),
            trip("search", "index", 13, 40, trace(1)),
            trip("gateway", "cart", 15, 40, trace(2)),
        ];
        let calls = [("gateway", "cart"), ("cart", "order"), ("order", "pay")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let parents = parents(&trips, &calls);
        assert_eq!(parents, [Some(2), None, Some(1), None, None, None]);
        assert_eq!(roots(&parents), [1, 1, 1, 3, 4, 5]);
        let refused = Tripped { after_refusals: true, ..trips[5].clone() };
        assert_eq!(self::parents(&[trips[1].clone(), refused], &calls), [None, Some(0)], "through a service that did not trip");
    }
}
