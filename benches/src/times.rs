//! Times of many answers, in order.

use std::time::Duration;

/// Sorted; never empty when asked.
#[derive(Debug, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In milliseconds; of `q` from 0 to 1.
    ///
    /// # Panics
    /// When there are none.
    pub fn quantile_ms(&self, q: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * q).round() as usize].as_secs_f64() * 1e3
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }
}
