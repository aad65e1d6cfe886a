//! Which time the shop lives next: a bit of the past when it opens, then the present, and never a gap it slept through.

use std::time::{Duration, SystemTime};

use schemas::UnixNanos;

/// The shop has been open for a while when the server starts, so that there is something to look at. After a longer gap (the
/// machine was suspended, or the server fell behind) it opens again instead of living all of it.
const PAST: Duration = Duration::from_secs(60);
/// Requests of customers that are lived in one go.
const SLICE_REQUESTS: f64 = 1_000.0;

/// From `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: UnixNanos,
    pub(super) to: UnixNanos,
    /// Set when a new shop opens with this slice: how many opened before.
    pub(super) opening: Option<u64>,
}

#[derive(Debug)]
pub(super) struct OpeningHours {
    lived_until: UnixNanos,
    slice_ns: i64,
    openings: u64,
}

impl OpeningHours {
    pub(super) fn new(requests_per_second: f64) -> Self {
        let slice = Duration::try_from_secs_f64(SLICE_REQUESTS / requests_per_second).unwrap_or(PAST).min(PAST);
        Self { lived_until: UnixNanos(i64::MIN), slice_ns: slice.as_nanos().max(1) as i64, openings: 0 }
    }

    /// What to live next; `None` when everything before `now` has been lived.
    pub(super) fn next_slice(&mut self, now: UnixNanos) -> Option<Slice> {
        if self.lived_until >= now {
            return None;
        }
        let opens_at = UnixNanos(now.0 - PAST.as_nanos() as i64);
        let opening = (self.lived_until < opens_at).then_some(self.openings);
        if opening.is_some() {
            self.openings += 1;
            self.lived_until = opens_at;
        }
        let from = self.lived_until;
        let to = now.min(UnixNanos(from.0 + self.slice_ns));
        self.lived_until = to;
        Some(Slice { from, to, opening })
    }
}

pub(super) fn now() -> UnixNanos {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    /// Slices up to `now_s`, in seconds, with the openings among them.
    fn lived(hours: &mut OpeningHours, now_s: i64) -> (Vec<(i64, i64)>, Vec<u64>) {
        let slices: Vec<Slice> = std::iter::from_fn(|| hours.next_slice(UnixNanos(now_s * SECOND))).collect();
        let times = slices.iter().map(|slice| (slice.from.0 / SECOND, slice.to.0 / SECOND)).collect();
        (times, slices.iter().filter_map(|slice| slice.opening).collect())
    }

    #[test]
    fn a_bit_of_the_past_then_the_present() {
        let mut hours = OpeningHours::new(10.0);
        assert_eq!(lived(&mut hours, 1_000), (vec![(940, 1_000)], vec![0]));
        assert_eq!(lived(&mut hours, 1_000), (vec![], vec![]));
        assert_eq!(lived(&mut hours, 1_001), (vec![(1_000, 1_001)], vec![]));
        assert_eq!(lived(&mut hours, 999), (vec![], vec![]), "a clock that is set back");
    }

    #[test]
    fn a_gap_is_not_lived() {
        let mut hours = OpeningHours::new(10.0);
        lived(&mut hours, 1_000);
        assert_eq!(lived(&mut hours, 1_060), (vec![(1_000, 1_060)], vec![]));
        assert_eq!(lived(&mut hours, 30_000), (vec![(29_940, 30_000)], vec![1]));
    }

    #[test]
    fn many_customers_are_lived_in_slices() {
        let mut hours = OpeningHours::new(50.0);
        assert_eq!(lived(&mut hours, 1_000), (vec![(940, 960), (960, 980), (980, 1_000)], vec![0]));
        assert_eq!(OpeningHours::new(1e-9).slice_ns, 60 * SECOND);
        assert_eq!(OpeningHours::new(10_000.0).slice_ns, SECOND / 10);
    }
}
