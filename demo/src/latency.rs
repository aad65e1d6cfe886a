//! How long work takes: log-normal times with a slow tail, and the hour of the day that stretches them.

use std::f64::consts::TAU;

use rand::{Rng, rngs::SmallRng};
use schemas::UnixNanos;

const DAY_NS: i64 = 86_400_000_000_000;

/// A log-normal time: half of the draws are below the median, `spread` is the sigma of its logarithm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    median_us: f64,
    spread: f64,
    /// Chance of a draw from the tail: a garbage collection, a cold page, a lost packet.
    tail: f64,
}

/// What a draw from the tail is multiplied with.
const TAIL_FACTOR: f64 = 9.0;

impl Latency {
    pub(crate) const fn of(median_us: u32, spread: f64) -> Self {
        Self { median_us: median_us as f64, spread, tail: 0.004 }
    }

    pub(crate) const fn tailed(self, tail: f64) -> Self {
        Self { tail, ..self }
    }

    /// One draw in nanoseconds, stretched by `load` (1.0 is a quiet hour). At least a microsecond.
    pub(crate) fn draw_ns(&self, rng: &mut SmallRng, load: f64) -> i64 {
        let tail = if rng.random_bool(self.tail) { TAIL_FACTOR } else { 1.0 };
        let micros = self.median_us * (self.spread * standard_normal(rng)).exp() * load * tail;
        ((micros * 1_000.0) as i64).max(1_000)
    }
}

/// Traffic at `now` as a factor of the mean: lowest at 04:00 UTC, highest at 16:00 UTC.
pub(crate) fn traffic_of_day(now: UnixNanos) -> f64 {
    1.0 - 0.45 * (TAU * (hour_of_day(now) - 4.0) / 24.0).cos()
}

/// How much slower everything is at `now` than in the quietest hour; follows the traffic half an hour late.
pub(crate) fn load_of_day(now: UnixNanos) -> f64 {
    1.15 - 0.15 * (TAU * (hour_of_day(now) - 4.5) / 24.0).cos()
}

/// The wait until the next of a random stream of arrivals that come `per_second` on average.
pub(crate) fn next_arrival_ns(rng: &mut SmallRng, per_second: f64) -> i64 {
    let uniform: f64 = 1.0 - rng.random::<f64>();
    ((-uniform.ln() / per_second * 1e9) as i64).max(1)
}

fn hour_of_day(now: UnixNanos) -> f64 {
    now.0.rem_euclid(DAY_NS) as f64 / DAY_NS as f64 * 24.0
}

/// Box and Muller's polar-free form: one normal variate from two uniform ones.
fn standard_normal(rng: &mut SmallRng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn half_of_the_draws_are_below_the_median_and_a_tail_exists() {
        let (mut rng, latency) = (SmallRng::seed_from_u64(7), Latency::of(2_000, 0.4).tailed(0.01));
        let draws: Vec<i64> = (0..20_000).map(|_| latency.draw_ns(&mut rng, 1.0)).collect();
        let below = draws.iter().filter(|ns| **ns < 2_000_000).count();
        assert!((9_500..10_500).contains(&below), "{below} of 20000 below the median");
        assert!(draws.iter().filter(|ns| **ns > 10_000_000).count() > 60, "the tail is missing");
    }

    #[test]
    fn the_day_has_a_quiet_and_a_busy_hour() {
        let hour = |hour: i64| traffic_of_day(UnixNanos(hour * 3_600_000_000_000));
        assert!(hour(4) < 0.6 && hour(16) > 1.4 && hour(28) == hour(4), "{} {} {}", hour(4), hour(16), hour(28));
    }
}
