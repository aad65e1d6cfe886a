//! Instances to the view of the service.

use schemas::UnixNanos;

use super::{Ended, History, Segment, ServiceTrip, Trip, gauge::severity, trips::is_active};
use crate::facts::State;

/// Trips of instances that overlap, or follow within `gap_ns`, are one trip of the service.
pub(crate) fn service_trips(instances: &[History], segments: &[Segment], gap_ns: i64, until: i64) -> Vec<ServiceTrip> {
    let mut members: Vec<(usize, usize)> = Vec::new();
    for (instance, history) in instances.iter().enumerate() {
        members.extend((0..history.trips.len()).map(|trip| (instance, trip)));
    }
    let of = |(instance, trip): (usize, usize)| &instances[instance].trips[trip];
    members.sort_by_key(|member| (of(*member).opened.time, *member));
    let mut groups: Vec<(i64, Vec<(usize, usize)>)> = Vec::new();
    for member in members {
        let trip = of(member);
        let end = trip.end_or(UnixNanos(until)).0;
        match groups.last_mut() {
            // One instance that opens again is another trip, unless others bridge the time between.
            Some((last, group))
                if trip.opened.time.0 < *last
                    || (instances.len() > 1
                        && trip.opened.time.0 - *last < gap_ns
                        && group.iter().any(|(instance, _)| *instance != member.0)) =>
            {
                group.push(member);
                *last = end.max(*last);
            }
            _ => groups.push((end, vec![member])),
        }
    }
    groups.into_iter().map(|(_, members)| service_trip(instances, segments, members, until)).collect()
}

fn service_trip(instances: &[History], segments: &[Segment], members: Vec<(usize, usize)>, until: i64) -> ServiceTrip {
    let trips: Vec<&Trip> = members.iter().map(|(instance, trip)| &instances[*instance].trips[*trip]).collect();
    let first = trips[0];
    let last = trips.iter().max_by_key(|trip| (trip.end_or(UnixNanos(i64::MAX)), trip.ended_by)).copied().unwrap_or(first);
    let sum = |part: fn(&Trip) -> f64| trips.iter().map(|trip| part(trip)).sum::<f64>();
    let mut whole = Trip {
        closed: last.closed,
        ended_by: last.ended_by,
        probes: trips.iter().map(|trip| trip.probes).sum(),
        reopens: trips.iter().map(|trip| trip.reopens).sum(),
        refused: sum(|trip| trip.refused),
        forced: trips.iter().any(|trip| trip.forced),
        confidence: trips.iter().map(|trip| trip.confidence).max().unwrap_or(0),
        open_ns: 0,
        half_open_ns: 0,
        ..first.clone()
    };
    let (mut partial_ns, mut majority_ns, mut full_ns) = (0, 0, 0);
    let (begin, end) = (whole.opened.time.0, whole.end_or(UnixNanos(until)).0);
    let from = segments.partition_point(|segment| segment.start.0 <= begin).saturating_sub(1);
    for (index, segment) in segments.iter().enumerate().skip(from) {
        let next = segments.get(index + 1).map_or(until, |next| next.start.0);
        let within = (next.min(end) - segment.start.0.max(begin)).max(0);
        if segment.start.0 >= end {
            break;
        }
        match segment.state {
            State::Open | State::ForcedOpen => whole.open_ns += within,
            State::HalfOpen => whole.half_open_ns += within,
            _ => {}
        }
        match segment.open_fraction {
            fraction if fraction >= 1.0 => full_ns += within,
            fraction if fraction >= 0.5 => majority_ns += within,
            fraction if fraction > 0.0 => partial_ns += within,
            _ => {}
        }
    }
    if whole.closed.is_none() {
        whole.ended_by = Ended::Ongoing;
    }
    ServiceTrip { trip: whole, partial_ns, majority_ns, full_ns, members }
}

/// The worst state of instances over time, and how many of those of known state are open or half open.
pub(crate) fn segments(instances: &[History], since: i64) -> Vec<Segment> {
    let mut changes: Vec<(i64, usize, State)> = Vec::new();
    for (index, history) in instances.iter().enumerate() {
        changes.push((history.known_since.0.max(since), index, history.initial));
        changes.extend(history.transitions.iter().map(|transition| (transition.at.time.0, index, transition.to)));
    }
    // Of changes of one instance at one time, the last in its history counts.
    changes.sort_by_key(|(time, ..)| *time);
    let mut states = vec![State::Unknown; instances.len()];
    let mut counts = [0_usize; 7];
    counts[usize::from(severity(State::Unknown))] = instances.len();
    let mut segments: Vec<Segment> = vec![Segment { start: UnixNanos(since), state: State::Unknown, open_fraction: 0.0 }];
    const ALL: [State; 7] =
        [State::Unknown, State::Disabled, State::MetricsOnly, State::Closed, State::HalfOpen, State::Open, State::ForcedOpen];
    for (time, index, state) in changes {
        counts[usize::from(severity(states[index]))] -= 1;
        counts[usize::from(severity(state))] += 1;
        states[index] = state;
        let worst = ALL.into_iter().rev().find(|state| counts[usize::from(severity(*state))] > 0).unwrap_or(State::Unknown);
        let active: usize = ALL.into_iter().filter(|state| is_active(*state)).map(|state| counts[usize::from(severity(state))]).sum();
        let known = instances.len() - counts[0];
        let open_fraction = if known == 0 { 0.0 } else { active as f64 / known as f64 };
        let segment = Segment { start: UnixNanos(time), state: worst, open_fraction };
        match segments.last_mut() {
            Some(last) if last.start == segment.start => *last = segment,
            Some(last) if (last.state, last.open_fraction) == (segment.state, segment.open_fraction) => {}
            _ => segments.push(segment),
        }
    }
    segments
}
