//! Values as DuckLake writes them down: text, whatever the type.

use std::time::SystemTime;

use schemas::{UnixNanos, column::Kind};

use crate::block::{Bound, civil_from_days};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The text of a bound. Times are cut to microseconds toward 1970, as DuckDB does when it reads a file: it answers `min` and
/// `max` from here.
pub(super) fn text(bound: &Bound) -> String {
    match bound {
        Bound::Time(time) => time_text(time.0 / 1000),
        Bound::Integer(value) => value.to_string(),
        Bound::Text(text) => text.clone(),
    }
}

/// Reads a bound back, as the kind that `like` is. `None`: the text was not written by us.
pub(super) fn parse(text: &str, like: &Bound) -> Option<Bound> {
    match like {
        Bound::Integer(_) => text.parse().ok().map(Bound::Integer),
        Bound::Text(_) => Some(Bound::Text(text.to_owned())),
        Bound::Time(_) => parse_time(text).and_then(|micros| micros.checked_mul(1000)).map(|nanos| Bound::Time(UnixNanos(nanos))),
    }
}

/// Reads the bounds of a column of this kind back. Those of times are wider than what was written, by what [`text`] cuts off.
pub(super) fn range(kind: Kind, min: &str, max: &str) -> Option<(Bound, Bound)> {
    const CUT_OFF_NS: i64 = 999;
    let (min, max) = match kind {
        Kind::Time => {
            let ends = parse(min, &Bound::Time(UnixNanos(0))).zip(parse(max, &Bound::Time(UnixNanos(0))))?;
            let (Bound::Time(UnixNanos(min)), Bound::Time(UnixNanos(max))) = ends else { return None };
            (Bound::Time(UnixNanos(min.saturating_sub(CUT_OFF_NS))), Bound::Time(UnixNanos(max.saturating_add(CUT_OFF_NS))))
        }
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 => (Bound::Integer(min.parse().ok()?), Bound::Integer(max.parse().ok()?)),
        Kind::Text | Kind::GroupText => (Bound::Text(min.to_owned()), Bound::Text(max.to_owned())),
        Kind::Id(_) | Kind::Bool | Kind::F64 | Kind::List { .. } | Kind::Structs { .. } => return None,
    };
    Some((min, max))
}

/// What orders bounds of a column of this kind; `None` when it has none, or the text was not written by us.
pub(super) fn key(kind: Kind, text: &str) -> Option<Bound> {
    let like = match kind {
        Kind::Time => Bound::Time(UnixNanos(0)),
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 => Bound::Integer(0),
        Kind::Text | Kind::GroupText => Bound::Text(String::new()),
        Kind::Id(_) | Kind::Bool | Kind::F64 | Kind::List { .. } | Kind::Structs { .. } => return None,
    };
    parse(text, &like)
}

pub(super) fn now_text(now: SystemTime) -> String {
    let micros = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros());
    time_text(i64::try_from(micros).unwrap_or(0))
}

/// `2026-11-22 10:13:51.395174+00`
fn time_text(micros: i64) -> String {
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{micros:06}+00", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn parse_time(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix("+00")?.split_once(' ')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, micros) = time.split_once('.')?;
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let seconds = (clock.next()?? * 60 + clock.next()??) * 60 + clock.next()??;
    Some((days_from_civil(year, month, day) * 86_400 + seconds) * 1_000_000 + micros.parse::<i64>().ok()?)
}

/// The inverse of [`civil_from_days`]. <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_duckdb_does() {
        let check = |nanos: i64, expected: &str| assert_eq!(text(&Bound::Time(UnixNanos(nanos))), expected);
        check(0, "1970-01-01 00:00:00.000000+00");
        check(1_790_000_000_123_456_789, "2026-09-21 14:13:20.123456+00");
        check(-1, "1970-01-01 00:00:00.000000+00");
        check(-1001, "1969-12-31 23:59:59.999999+00");
        check(951_782_400_000_000_000, "2000-02-29 00:00:00.000000+00");
        check(i64::MAX, "2262-04-11 23:47:16.854775+00");
    }

    #[test]
    fn bounds_read_back_contain_what_was_written() {
        let check = |kind: Kind, min: Bound, max: Bound| {
            let read = range(kind, &text(&min), &text(&max));
            let (low, high) = read.expect("written by us");
            assert!(low <= min && max <= high, "{min:?}..{max:?} became {low:?}..{high:?}");
        };
        check(Kind::Time, Bound::Time(UnixNanos(-1)), Bound::Time(UnixNanos(1_790_000_000_123_456_789)));
        check(Kind::Time, Bound::Time(UnixNanos(i64::MIN + 1_000_000)), Bound::Time(UnixNanos(i64::MAX)));
        check(Kind::U64, Bound::Integer(0), Bound::Integer(u64::MAX.into()));
        check(Kind::I64, Bound::Integer(i64::MIN.into()), Bound::Integer(5));
        check(Kind::GroupText, Bound::Text(String::new()), Bound::Text("库存".to_owned()));
    }

    proptest! {
        #[test]
        fn times_round_trip(micros in -9_000_000_000_000_000i64..9_000_000_000_000_000) {
            let bound = Bound::Time(UnixNanos(micros * 1000));
            prop_assert_eq!(parse(&text(&bound), &bound), Some(bound));
        }
    }
}
