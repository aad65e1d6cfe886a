//! How records came: how new they are, how many came late, and how many sampling left out. It tells how complete a statistic of them is.

/// Records that arrive so long after their time are late.
pub const LATE_NS: i64 = 60_000_000_000;

/// How records came.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Arrived {
    /// When the newest of them arrived, in nanoseconds since 1970.
    pub newest_ns: Option<i64>,
    /// Those that arrived more than [`LATE_NS`] after their time.
    pub late: u64,
    /// Those that senders' sampling left out, by the weights of those that came.
    pub sampled_out: f64,
}

impl Arrived {
    /// Adds a record that stands for `weight` of them.
    pub fn add(&mut self, time_ns: i64, received_ns: i64, weight: f64) {
        self.newest_ns = self.newest_ns.max(Some(received_ns));
        self.late += u64::from(received_ns.saturating_sub(time_ns) > LATE_NS);
        self.sampled_out += weight - 1.0;
    }

    pub fn merge(&mut self, other: &Self) {
        self.newest_ns = self.newest_ns.max(other.newest_ns);
        self.late += other.late;
        self.sampled_out += other.sampled_out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_is_more_than_a_minute_and_never_a_clock_ahead() {
        let second = 1_000_000_000;
        let mut arrived = Arrived::default();
        arrived.add(0, LATE_NS, 1.0);
        arrived.add(second, 0, 4.0);
        assert_eq!(arrived, Arrived { newest_ns: Some(LATE_NS), late: 0, sampled_out: 3.0 });
        arrived.add(0, LATE_NS + 1, 1.0);
        assert_eq!(arrived.late, 1);
    }
}
