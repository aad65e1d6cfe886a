//! Points in time as people write them.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use schemas::UnixNanos;

use super::quantity::duration_ns;

/// A point in time, or one that depends on when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    At(UnixNanos),
    /// `now-15m`: this many nanoseconds after now.
    FromNow(i64),
}

impl Moment {
    /// The point in time when now is `now`; stops at the ends of what [`UnixNanos`] can hold.
    pub fn resolve(self, now: UnixNanos) -> UnixNanos {
        match self {
            Self::At(time) => time,
            Self::FromNow(offset_ns) => UnixNanos(now.0.saturating_add(offset_ns)),
        }
    }

    /// RFC 3339 (without an offset: UTC; a date alone: its midnight), Unix time of 10 (s), 13 (ms), 16 (µs) or 19 (ns) digits,
    /// `now`, `now-15m`, `now+1h`.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some(offset) = text.strip_prefix("now") {
            return from_now(offset).map(Self::FromNow);
        }
        let ns = if text.bytes().all(|byte| byte.is_ascii_digit()) { unix_ns(text) } else { calendar_ns(text) }?;
        Some(Self::At(UnixNanos(ns)))
    }
}

fn from_now(offset: &str) -> Option<i64> {
    match offset.as_bytes().first() {
        None => Some(0),
        Some(b'+') if !offset.starts_with("+-") => duration_ns(&offset[1..]),
        Some(b'-') => duration_ns(offset),
        Some(_) => None,
    }
}

/// The unit shows in the number of digits, for every time from 2001 to 2286.
fn unix_ns(digits: &str) -> Option<i64> {
    let unit_ns = match digits.len() {
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit_ns)
}

fn calendar_ns(text: &str) -> Option<i64> {
    let date = text.as_bytes().first_chunk::<10>()?;
    let extended = date.iter().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
    if !extended || text.contains('[') {
        return None;
    }
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER_6_10_00: i64 = 1_793_959_200_000_000_000;

    #[test]
    fn moments() {
        let check = |text: &str, expected: Option<Moment>| assert_eq!(Moment::read(text), expected, "{text:?}");
        let at = |ns: i64| Some(Moment::At(UnixNanos(ns)));
        check("2026-11-06T10:00:00Z", at(NOVEMBER_6_10_00));
        check("2026-11-06T18:00:00.000000001+08:00", at(NOVEMBER_6_10_00 + 1));
        check("2026-11-06T10:00:00", at(NOVEMBER_6_10_00));
        check("2026-11-06T10:00", at(NOVEMBER_6_10_00));
        check("2026-11-06", at(NOVEMBER_6_10_00 - 36_000_000_000_000));
        check("1793959200", at(NOVEMBER_6_10_00));
        check("1793959200000", at(NOVEMBER_6_10_00));
        check("1793959200000000", at(NOVEMBER_6_10_00));
        check("1793959200000000000", at(NOVEMBER_6_10_00));
        check("now", Some(Moment::FromNow(0)));
        check("now-15m", Some(Moment::FromNow(-900_000_000_000)));
        check("now+1h", Some(Moment::FromNow(3_600_000_000_000)));
        for text in [
            "",
            "20261106",
            "17939592",
            "9999999999999999999",
            "2026-13-06",
            "2026-11-06T",
            "2026-11-06T10:00:00[Europe/Berlin]",
            "3026-11-06",
            "nowhere",
            "now15m",
            "now--15m",
            "now+-15m",
            "10:00",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn relative_moments_stop_at_the_ends_of_time() {
        assert_eq!(Moment::FromNow(-5).resolve(UnixNanos(12)), UnixNanos(7));
        assert_eq!(Moment::FromNow(i64::MIN).resolve(UnixNanos(-2)), UnixNanos(i64::MIN));
        assert_eq!(Moment::At(UnixNanos(3)).resolve(UnixNanos(12)), UnixNanos(3));
    }
}
