//! Time open, and time to recover.

use schemas::UnixNanos;

use crate::fold::{Ended, Trip};

/// Of trips in `[start, end)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimeOpen {
    /// Opened within.
    pub trips: usize,
    pub open_ns: i64,
    pub half_open_ns: i64,
    /// From `lo` and `hi`: it was open at least, and at most, so long.
    pub active_ns_min: i64,
    pub active_ns_max: i64,
    /// Of trips that closed. `None`: none did.
    pub mean_to_recover_ns: Option<i64>,
    pub p50_to_recover_ns: Option<i64>,
    pub p95_to_recover_ns: Option<i64>,
    /// With those that still last, which are known to take longer than they did so far (Kaplan and Meier 1958).
    pub median_with_ongoing_ns: Option<i64>,
    /// `(observed - open) / trips`.
    pub mean_between_ns: Option<i64>,
    pub refused: f64,
    pub reopens: u32,
    pub probes: u32,
}

/// `unknown_ns`: within the window, state was not known for so long.
pub fn time_open(trips: &[&Trip], (start, end): (UnixNanos, UnixNanos), unknown_ns: i64) -> TimeOpen {
    let mut sum = TimeOpen::default();
    let mut recovered: Vec<i64> = Vec::new();
    let mut lasted: Vec<(i64, bool)> = Vec::new();
    for trip in trips.iter().filter(|trip| trip.opened.time < end && trip.end_or(end) > start) {
        let trip_end = trip.end_or(end);
        let whole = (trip_end.0 - trip.opened.time.0).max(1);
        let within = (trip_end.0.min(end.0) - trip.opened.time.0.max(start.0)).max(0);
        let part = |ns: i64| (i128::from(ns) * i128::from(within) / i128::from(whole)) as i64;
        sum.open_ns += part(trip.open_ns);
        sum.half_open_ns += part(trip.half_open_ns);
        let (lo, hi) = (trip.opened.lo.unwrap_or(start), trip.opened.hi);
        let (closed_lo, closed_hi) = trip.closed.map_or((end, end), |closed| (closed.lo.unwrap_or(closed.time), closed.hi));
        sum.active_ns_min += (closed_lo.0.min(end.0) - hi.0.max(start.0)).max(0);
        sum.active_ns_max += (closed_hi.0.min(end.0) - lo.0.max(start.0)).max(0);
        sum.trips += usize::from(trip.opened.time >= start);
        sum.refused += trip.refused;
        sum.reopens += trip.reopens;
        sum.probes += trip.probes;
        if trip.start_known() {
            let closed = trip.ended_by == Ended::Closed;
            lasted.push((whole, closed));
            recovered.extend(closed.then_some(whole));
        }
    }
    recovered.sort_unstable();
    let rank = |share: f64| recovered.get(((recovered.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    sum.mean_to_recover_ns = (!recovered.is_empty()).then(|| recovered.iter().sum::<i64>() / recovered.len() as i64);
    (sum.p50_to_recover_ns, sum.p95_to_recover_ns) = (rank(0.5), rank(0.95));
    sum.median_with_ongoing_ns = median_with_ongoing(lasted);
    let observed = (end.0 - start.0 - unknown_ns).max(0);
    sum.mean_between_ns = (sum.trips > 0).then(|| (observed - sum.open_ns - sum.half_open_ns).max(0) / sum.trips as i64);
    sum
}

/// The time by which half have recovered: where the estimate of Kaplan and Meier falls to one half. `None`: it does not.
fn median_with_ongoing(mut lasted: Vec<(i64, bool)>) -> Option<i64> {
    lasted.sort_unstable_by_key(|(time, closed)| (*time, !closed));
    let mut left = lasted.len() as f64;
    let mut surviving = 1.0;
    for (time, closed) in lasted {
        if closed {
            surviving *= 1.0 - 1.0 / left;
            if surviving <= 0.5 {
                return Some(time);
            }
        }
        left -= 1.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{analytics::SECOND, fold::trip_between};

    fn trip(opened: i64, closed: Option<i64>) -> Trip {
        let mut trip = trip_between(UnixNanos(opened * SECOND), closed.map(|closed| UnixNanos(closed * SECOND)));
        trip.open_ns = (closed.unwrap_or(100) - opened) * SECOND;
        trip
    }

    #[test]
    fn times() {
        let trips = [trip(10, Some(20)), trip(30, Some(60)), trip(80, None)];
        let sum = time_open(&trips.iter().collect::<Vec<_>>(), (UnixNanos(0), UnixNanos(100 * SECOND)), 0);
        assert_eq!((sum.trips, sum.open_ns / SECOND), (3, 60));
        assert_eq!((sum.active_ns_min / SECOND, sum.active_ns_max / SECOND), (58, 63));
        assert_eq!(
            (sum.mean_to_recover_ns, sum.p50_to_recover_ns, sum.p95_to_recover_ns),
            (Some(20 * SECOND), Some(10 * SECOND), Some(30 * SECOND))
        );
        assert_eq!(sum.median_with_ongoing_ns, Some(30 * SECOND));
        assert_eq!(sum.mean_between_ns, Some(40 * SECOND / 3));
        let part = time_open(&trips.iter().collect::<Vec<_>>(), (UnixNanos(15 * SECOND), UnixNanos(40 * SECOND)), 0);
        assert_eq!((part.trips, part.open_ns / SECOND), (1, 15), "only what is within");
        assert_eq!(time_open(&[], (UnixNanos(0), UnixNanos(1)), 0), TimeOpen::default());
    }
}
