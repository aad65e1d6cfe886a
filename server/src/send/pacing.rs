//! When the next request may leave.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

/// How fast to send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rate {
    RequestsPerSecond(f64),
    RecordsPerSecond(f64),
}

impl FromStr for Rate {
    type Err = String;

    /// `100` or `100req` is requests, `50000rec` records per second.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, rate): (&str, fn(f64) -> Self) = match text.strip_suffix("rec") {
            Some(number) => (number, Self::RecordsPerSecond),
            None => (text.strip_suffix("req").unwrap_or(text), Self::RequestsPerSecond),
        };
        let per_second: f64 =
            number.trim().parse().map_err(|_| format!("{text:?} is neither requests (100) nor records (50000rec) per second"))?;
        if !(per_second > 0.0 && per_second.is_finite()) {
            return Err("the rate must be above 0".to_owned());
        }
        Ok(rate(per_second))
    }
}

/// Hands out departure times: an open loop, so slow answers do not slow the schedule down.
#[derive(Debug)]
pub(crate) struct Pacer {
    rate: Option<Rate>,
    next: Instant,
}

impl Pacer {
    pub(crate) fn new(rate: Option<Rate>, start: Instant) -> Self {
        Self { rate, next: start }
    }

    /// When a request with `records` may leave; in the past when the schedule is behind.
    pub(crate) fn depart(&mut self, records: u64) -> Instant {
        let at = self.next;
        let seconds = match self.rate {
            None => 0.0,
            Some(Rate::RequestsPerSecond(rate)) => 1.0 / rate,
            Some(Rate::RecordsPerSecond(rate)) => records as f64 / rate,
        };
        self.next += Duration::from_secs_f64(seconds);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!("100".parse(), Ok(Rate::RequestsPerSecond(100.0)));
        assert_eq!("0.5req".parse(), Ok(Rate::RequestsPerSecond(0.5)));
        assert_eq!("50000rec".parse(), Ok(Rate::RecordsPerSecond(50_000.0)));
        for wrong in ["", "fast", "0", "-1", "inf", "NaN"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn departures_follow_the_rate() {
        let start = Instant::now();
        let departures = |rate: Option<Rate>| {
            let mut pacer = Pacer::new(rate, start);
            [10, 30, 1].map(|records| (pacer.depart(records) - start).as_millis())
        };
        assert_eq!(departures(None), [0, 0, 0]);
        assert_eq!(departures(Some(Rate::RequestsPerSecond(4.0))), [0, 250, 500]);
        assert_eq!(departures(Some(Rate::RecordsPerSecond(100.0))), [0, 100, 400]);
    }
}
