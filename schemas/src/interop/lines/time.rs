//! Times as logs have them: `2024-05-01T12:00:00.123+08:00` and its relatives, and numbers since 1970.

#![deny(clippy::indexing_slicing)]

/// Of a wall clock of the machine that shows so many seconds since 1970: how many seconds it is ahead of UTC. For times without a zone.
pub type LocalOffset<'a> = &'a dyn Fn(i64) -> i64;

const NS: i128 = 1_000_000_000;

/// A time at the start of `text` in ns since 1970, and what comes behind it.
///
/// The date with `-` or `/`, between it and the time a `T`, spaces or ` - ` (Gin), a fraction behind `.` or `,`, and a zone or none.
pub(super) fn leading<'a>(text: &'a str, local: LocalOffset<'_>) -> Option<(u64, &'a str)> {
    let mut at = Cursor(text);
    let year = at.digits(4)?;
    let between = at.one_of("-/")?;
    let month = at.digits(2)?;
    at.one_of(if between == '-' { "-" } else { "/" })?;
    let day = at.digits(2)?;
    if at.one_of("Tt ")? == ' ' {
        at.0 = at.0.trim_start_matches(' ');
        at.0 = at.0.strip_prefix("- ").unwrap_or(at.0);
    }
    let hour = at.digits(2)?;
    at.one_of(":")?;
    let minute = at.digits(2)?;
    at.one_of(":")?;
    let second = at.digits(2)?;
    let nanos = at.fraction();
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let wall = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let offset = at.zone().unwrap_or_else(|| local(wall));
    let ns = i128::from(wall - offset) * NS + i128::from(nanos);
    Some((storable(ns)?, at.0))
}

/// The time that `text` as a whole is.
pub(in crate::interop) fn whole(text: &str, local: LocalOffset<'_>) -> Option<u64> {
    let text = text.trim();
    if let Some((time, rest)) = leading(text, local) {
        return rest.trim().is_empty().then_some(time);
    }
    number(text)
}

/// A number since 1970, by its size in s, ms, µs or ns; all digits count.
pub(super) fn number(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !plain(whole) || !plain(fraction) {
        return scientific(text);
    }
    // The least and the most are in 1973 and 5138.
    let digits_behind = match whole.trim_start_matches('0').len() {
        9..=11 => 9,
        12..=14 => 6,
        15..=17 => 3,
        18..=19 => 0,
        _ => return None,
    };
    let mut ns: i128 = whole.parse().ok()?;
    let mut behind = fraction.bytes();
    for _ in 0..digits_behind {
        ns = ns * 10 + behind.next().map_or(0, |digit| i128::from(digit - b'0'));
    }
    storable(ns)
}

/// `1.7e9`: zap writes large numbers so with some encoders.
fn scientific(text: &str) -> Option<u64> {
    if !text.contains(['e', 'E']) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let seconds = if (1e8..1e11).contains(&value) { value } else { return None };
    storable((seconds * 1e9) as i128)
}

fn storable(ns: i128) -> Option<u64> {
    u64::try_from(ns).ok().filter(|ns| *ns > 0 && i64::try_from(*ns).is_ok())
}

/// Days since 1970 of a date of the Gregorian calendar. <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, characters: &str) -> Option<char> {
        let first = self.0.chars().next().filter(|first| characters.contains(*first))?;
        self.0 = self.0.get(first.len_utf8()..)?;
        Some(first)
    }

    /// ns behind `.` or `,`; 0 where there is none. Digits beyond the ninth do not count.
    fn fraction(&mut self) -> u32 {
        let Some(behind) = self.0.strip_prefix(['.', ',']) else { return 0 };
        let length = behind.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return 0;
        }
        let (digits, rest) = behind.split_at(length);
        self.0 = rest;
        digits.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |ns, digit| ns * 10 + u32::from(digit - b'0'))
    }

    /// Seconds ahead of UTC: `Z`, `+08:00`, `+0800` or `+08`, with a space before it or none.
    fn zone(&mut self) -> Option<i64> {
        let text = self.0.strip_prefix(' ').unwrap_or(self.0);
        if let Some(rest) = text.strip_prefix(['Z', 'z']) {
            self.0 = rest;
            return Some(0);
        }
        let sign = if text.starts_with('+') { 1 } else { -1 };
        let mut at = Cursor(text.strip_prefix(['+', '-'])?);
        let hours = at.digits(2)?;
        let colon = at.one_of(":").is_some();
        let minutes = match at.digits(2) {
            Some(minutes) => minutes,
            None if colon => return None,
            None => 0,
        };
        if hours > 18 || minutes > 59 || at.0.starts_with(|next: char| next.is_ascii_alphanumeric()) {
            return None;
        }
        self.0 = at.0;
        Some(sign * (hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EAST_8: i64 = 8 * 3_600;

    #[test]
    fn times_of_all_layouts() {
        let check = |text: &str, ns: u64, rest: &str| assert_eq!(leading(text, &|_| EAST_8), Some((ns, rest)), "{text}");
        check("2024-05-01T12:00:00.123+08:00  INFO", 1_714_536_000_123_000_000, "  INFO");
        check("2024-05-01T04:00:00Z rest", 1_714_536_000_000_000_000, " rest");
        check("2024-05-01T04:00:00.000000001Z", 1_714_536_000_000_000_001, "");
        check("2024-05-01T04:00:00.0000000019Z", 1_714_536_000_000_000_001, "");
        check("2024-05-01 12:00:00,123 [main] INFO", 1_714_536_000_123_000_000, " [main] INFO");
        check("2024/05/01 - 12:00:00 | 503 |", 1_714_536_000_000_000_000, " | 503 |");
        check("2024/05/01 12:00:00 text", 1_714_536_000_000_000_000, " text");
        check("2024-05-01 04:00:00 +0000 UTC", 1_714_536_000_000_000_000, " UTC");
        check("2024-05-01T00:00:00-0400|x", 1_714_536_000_000_000_000, "|x");
        check("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000, "");
        check("2000-03-01T00:00:00Z", 951_868_800_000_000_000, "");
        let none = |text: &str| assert_eq!(leading(text, &|_| 0), None, "{text}");
        none("2024-13-01T12:00:00Z");
        none("2024-05-01");
        none("24-05-01T12:00:00Z");
        none("1969-12-31T12:00:00Z");
        none("9999-12-31T12:00:00Z");
        none("2024-05-01x12:00:00");
        none("十-05-01T12:00:00Z");
        none("");
    }

    #[test]
    fn numbers_by_their_size() {
        let check = |text: &str, ns: Option<u64>| assert_eq!(whole(text, &|_| 0), ns, "{text}");
        check("1714536000", Some(1_714_536_000_000_000_000));
        check("1714536000.1234567", Some(1_714_536_000_123_456_700));
        check("1714536000123", Some(1_714_536_000_123_000_000));
        check("1714536000123456", Some(1_714_536_000_123_456_000));
        check("1714536000123456789", Some(1_714_536_000_123_456_789));
        check("1.714536e9", Some(1_714_536_000_000_000_000));
        check("2024-05-01T04:00:00Z", Some(1_714_536_000_000_000_000));
        check("2024-05-01T04:00:00Z later", None);
        check("12", None);
        check("-1714536000", None);
        check("yesterday", None);
    }
}
