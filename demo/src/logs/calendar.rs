//! Times as loggers print them.

use schemas::UnixNanos;

/// `2025-11-22T09:54:00.123Z`
pub(super) fn rfc3339_millis(time: UnixNanos) -> String {
    let (days, in_day) = (time.0.div_euclid(86_400_000_000_000), time.0.rem_euclid(86_400_000_000_000));
    let (year, month, day) = civil_from_days(days);
    let (seconds, millis) = (in_day / 1_000_000_000, in_day / 1_000_000 % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Howard Hinnant's days-to-civil, <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let check = |seconds: i64, expected: &str| assert_eq!(rfc3339_millis(UnixNanos(seconds * 1_000_000_000)), expected);
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399, "2000-02-28T23:59:59.000Z");
        check(951_782_400, "2000-02-29T00:00:00.000Z");
        check(1_763_805_240, "2025-11-22T09:54:00.000Z");
    }
}
