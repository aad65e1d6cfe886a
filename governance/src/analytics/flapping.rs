//! Breakers that open again and again.

use schemas::UnixNanos;

use super::SECOND;
use crate::fold::Trip;

/// So many openings (of a trip, or again out of half open) within [`WITHIN`] are flapping.
const OPENINGS: usize = 3;
const WITHIN: i64 = 10 * 60 * SECOND;
/// Adaptive breakers near their threshold open and close by nature: trips closer than that are one episode.
const EPISODE_GAP: i64 = 60 * SECOND;
/// It is over after so long without an opening.
const CALM: i64 = 30 * 60 * SECOND;

#[derive(Debug, Clone, PartialEq)]
pub struct Flapping {
    pub flaps: bool,
    /// Share of probes that failed; `None`: there were none.
    pub reopen_ratio: Option<f64>,
    /// `1 - longest time in one state / window`: 0 is steady.
    pub score: f64,
    /// Most openings within ten minutes.
    pub most: usize,
    /// When the last stretch of flapping began.
    pub since: Option<UnixNanos>,
}

/// Trips that follow within a minute, as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    pub start: UnixNanos,
    /// `None`: it still lasts.
    pub end: Option<UnixNanos>,
    /// Indices of its trips.
    pub trips: Vec<usize>,
}

/// `openings`: when it went open, from closed or from half open, in order. `trips` in order, `changes`: all changes of state.
pub fn flapping(openings: &[UnixNanos], trips: &[&Trip], changes: &[UnixNanos], (start, end): (UnixNanos, UnixNanos)) -> Flapping {
    let (mut most, mut since): (usize, Option<usize>) = (0, None);
    for (index, opening) in openings.iter().enumerate() {
        let first = openings.partition_point(|other| other.0 <= opening.0.saturating_sub(WITHIN));
        let within = index + 1 - first;
        most = most.max(within);
        if index > 0 && opening.0 - openings[index - 1].0 > CALM {
            since = None;
        }
        if within >= OPENINGS && since.is_none() {
            since = Some(first);
        }
    }
    let recent = openings.last().is_some_and(|last| end.0.saturating_sub(last.0) <= CALM);
    let probes: u32 = trips.iter().map(|trip| trip.probes).sum();
    let reopens: u32 = trips.iter().map(|trip| trip.reopens).sum();
    let reopen_ratio = (probes > 0).then(|| f64::from(reopens) / f64::from(probes));
    let mut longest = 0;
    let mut before = start.0;
    for time in changes.iter().map(|change| change.0.clamp(start.0, end.0)).chain([end.0]) {
        longest = longest.max(time - before);
        before = time;
    }
    let window = (end.0 - start.0).max(1);
    let often = most >= OPENINGS && recent;
    let in_vain = probes >= 3 && reopen_ratio.is_some_and(|ratio| ratio > 0.5);
    let score = 1.0 - longest as f64 / window as f64;
    Flapping { flaps: often || in_vain, reopen_ratio, score, most, since: since.map(|first| openings[first]) }
}

/// `trips` in order of time.
pub fn episodes(trips: &[&Trip]) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for (index, trip) in trips.iter().enumerate() {
        let end = trip.closed.map(|closed| closed.time);
        match episodes.last_mut() {
            Some(last) if last.end.is_none_or(|end| trip.opened.time.0 - end.0 < EPISODE_GAP) => {
                last.trips.push(index);
                last.end = last.end.and(end).max(end).filter(|_| end.is_some());
            }
            _ => episodes.push(Episode { start: trip.opened.time, end, trips: vec![index] }),
        }
    }
    episodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[i64]) -> Vec<UnixNanos> {
        seconds.iter().map(|seconds| UnixNanos(seconds * SECOND)).collect()
    }

    #[test]
    fn three_in_ten_minutes_flap() {
        let window = (UnixNanos(0), UnixNanos(3600 * SECOND));
        let check = |openings: &[i64]| flapping(&at(openings), &[], &at(openings), window);
        assert!(!check(&[]).flaps);
        assert_eq!(check(&[]).score, 0.0);
        let flaps = check(&[2400, 2700, 2990]);
        assert_eq!((flaps.flaps, flaps.most, flaps.since), (true, 3, Some(UnixNanos(2400 * SECOND))));
        assert!((flaps.score - 1.0 / 3.0).abs() < 1e-9);
        assert!(!check(&[1000, 1700, 2400]).flaps, "too slow");
        assert!(!check(&[100, 200, 300]).flaps, "calm since");
    }

    #[test]
    fn trips_close_together_are_one_episode() {
        let trip = |opened: i64, closed: Option<i64>| {
            crate::fold::trip_between(UnixNanos(opened * SECOND), closed.map(|closed| UnixNanos(closed * SECOND)))
        };
        let trips = [trip(0, Some(10)), trip(30, Some(40)), trip(200, Some(210)), trip(220, None)];
        let episodes = episodes(&trips.iter().collect::<Vec<_>>());
        let shown: Vec<(i64, Option<i64>, usize)> =
            episodes.iter().map(|episode| (episode.start.0 / SECOND, episode.end.map(|end| end.0 / SECOND), episode.trips.len())).collect();
        assert_eq!(shown, [(0, Some(40), 2), (200, None, 2)]);
    }
}
