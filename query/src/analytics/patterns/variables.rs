//! Which part of a text is obviously a value, and of which type.
//!
//! Everything is decided on bytes, from the first byte of a value on, and ends where neither letter nor digit follows: `12ms` is a
//! duration, `12th` is a word.

use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Number,
    Hex,
    Uuid,
    Ip,
    Time,
    Duration,
    Size,
}

impl Variable {
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Self::Number => "<num>",
            Self::Hex => "<hex>",
            Self::Uuid => "<uuid>",
            Self::Ip => "<ip>",
            Self::Time => "<time>",
            Self::Duration => "<duration>",
            Self::Size => "<size>",
        }
    }
}

/// Fewer hex digits in a row may be a word or a short name.
const HEX_DIGITS_MIN: usize = 8;
/// As many are an id, even where they read as a number with exponent (`4038316804e44364`) or with units (`4205e86d7639639d`).
const ID_DIGITS: usize = 16;
/// The longest text of an IPv6 address.
const IPV6_BYTES_MAX: usize = 45;

const DURATION_UNITS: [&str; 13] = ["ns", "us", "µs", "μs", "ms", "mins", "min", "secs", "sec", "s", "m", "h", "d"];
const SIZE_UNITS: [&str; 9] = ["kib", "mib", "gib", "tib", "kb", "mb", "gb", "tb", "b"];

/// The value at the start of `text`, and its length in bytes. `text` must start where a value may: after no letter and no digit.
/// A sign is taken as part of a number only when `text` starts with it.
pub(super) fn variable(text: &str) -> Option<(Variable, usize)> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    if !first.is_ascii_hexdigit() && !matches!(first, b'-' | b'+') {
        return None;
    }
    let found = uuid(bytes)
        .map(|length| (Variable::Uuid, length))
        .or_else(|| time(bytes).map(|length| (Variable::Time, length)))
        .or_else(|| ip(text).map(|length| (Variable::Ip, length)))
        .or_else(|| hex(bytes, ID_DIGITS).map(|length| (Variable::Hex, length)))
        .or_else(|| quantity(text))
        .or_else(|| hex(bytes, HEX_DIGITS_MIN).map(|length| (Variable::Hex, length)));
    found.filter(|(_, length)| ends(bytes, *length))
}

/// Neither letter nor digit goes on at `at`; the ideographs of Chinese are not letters here, nor is `_`.
fn ends(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn digits(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count()
}

fn hex_digits(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// Whether `bytes` has the form of `form` from `at` on: `d` a digit, `x` a hex digit, anything else itself.
fn has_form(bytes: &[u8], at: usize, form: &str) -> bool {
    let Some(bytes) = bytes.get(at..at + form.len()) else { return false };
    bytes.iter().zip(form.bytes()).all(|(byte, of)| match of {
        b'd' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        other => *byte == other,
    })
}

fn uuid(bytes: &[u8]) -> Option<usize> {
    const FORM: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    has_form(bytes, 0, FORM).then_some(FORM.len())
}

/// A date, a time of day with seconds, or both, with fraction and zone.
fn time(bytes: &[u8]) -> Option<usize> {
    let date = ["dddd-dd-dd", "dddd/dd/dd"].into_iter().find(|form| has_form(bytes, 0, form)).map(str::len);
    let clock = match date {
        Some(end) if matches!(bytes.get(end), Some(b'T' | b' ')) => time_of_day(bytes, end + 1),
        Some(_) => None,
        None => time_of_day(bytes, 0),
    };
    clock.or(date)
}

fn time_of_day(bytes: &[u8], from: usize) -> Option<usize> {
    let hours = ["dd:dd:dd", "d:dd:dd"].into_iter().find(|form| has_form(bytes, from, form))?;
    let mut at = from + hours.len();
    if matches!(bytes.get(at), Some(b'.' | b',')) && digits(bytes, at + 1) > 0 {
        at += 1 + digits(bytes, at + 1);
    }
    let zone = ["Z", "+dd:dd", "-dd:dd", "+dddd", "-dddd"].into_iter().find(|form| has_form(bytes, at, form));
    Some(at + zone.map_or(0, str::len))
}

/// An address, with its port.
fn ip(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = |of: fn(u8) -> bool| bytes.iter().take(IPV6_BYTES_MAX + 1).take_while(|byte| of(**byte)).count();
    let v4 = text[..run(|byte| byte.is_ascii_digit() || byte == b'.')].trim_end_matches('.');
    if v4.parse::<Ipv4Addr>().is_ok() {
        let port = digits(bytes, v4.len() + 1);
        let has_port = bytes.get(v4.len()) == Some(&b':') && (1..=5).contains(&port);
        return Some(v4.len() + if has_port { 1 + port } else { 0 });
    }
    let v6 = text[..run(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))].trim_end_matches(['.', ':']);
    let likely = v6.contains(':') && v6.bytes().any(|byte| byte.is_ascii_digit());
    (likely && v6.parse::<Ipv6Addr>().is_ok()).then_some(v6.len())
}

/// A number, alone or with a unit of time or size.
fn quantity(text: &str) -> Option<(Variable, usize)> {
    let bytes = text.as_bytes();
    let at = number(bytes, 0)?;
    let size = |unit: &&str| bytes.get(at..at + unit.len()).is_some_and(|has| has.eq_ignore_ascii_case(unit.as_bytes()));
    let size = || SIZE_UNITS.into_iter().find(size).map(|unit| at + unit.len()).filter(|end| ends(bytes, *end));
    let duration = duration(text, at).map(|end| (Variable::Duration, end));
    duration.or_else(|| size().map(|end| (Variable::Size, end))).or_else(|| ends(bytes, at).then_some((Variable::Number, at)))
}

/// The end of a duration whose first number ends at `at`; it may have several: `1h20m`.
fn duration(text: &str, mut at: usize) -> Option<usize> {
    loop {
        at += DURATION_UNITS.into_iter().find(|unit| text[at..].starts_with(unit))?.len();
        if ends(text.as_bytes(), at) {
            return Some(at);
        }
        at = number(text.as_bytes(), at)?;
    }
}

/// The end of the number at `from`: sign, digits, groups after points, exponent.
fn number(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + usize::from(matches!(bytes.get(from), Some(b'-' | b'+')));
    if digits(bytes, at) == 0 {
        return None;
    }
    at += digits(bytes, at);
    while bytes.get(at) == Some(&b'.') && digits(bytes, at + 1) > 0 {
        at += 1 + digits(bytes, at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(bytes, at + 1 + sign);
        at += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    Some(at)
}

/// `0x` and digits, or a run of at least `digits_min` that is neither word nor decimal number: with letters and digits.
fn hex(bytes: &[u8], digits_min: usize) -> Option<usize> {
    if matches!(bytes, [b'0', b'x' | b'X', ..]) {
        let length = hex_digits(bytes, 2);
        return (length > 0).then_some(2 + length);
    }
    let length = hex_digits(bytes, 0);
    let decimal = bytes.iter().take(length).filter(|byte| byte.is_ascii_digit()).count();
    (length >= digits_min && (1..length).contains(&decimal)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rest` is what follows the value.
    fn check(kind: Variable, values: &[&str]) {
        for value in values {
            for rest in ["", " x", "，", "次", ", 7", "_x", "-x", ")"] {
                assert_eq!(variable(&format!("{value}{rest}")), Some((kind, value.len())), "{value}{rest}");
            }
        }
    }

    #[test]
    fn what_is_obviously_a_value() {
        check(Variable::Number, &["0", "42", "-7", "+1", "3.25", "1.2.3", "1e9", "6.02e-23", "20230130"]);
        check(Variable::Hex, &["0x7ffe", "0XAB", "8f14e45f", "c46355406540fc81", "66EA073509F4C2132258542DD751EF21"]);
        check(Variable::Hex, &["4038316804e44364", "4205e86d7639639d", "202124233421198b"]);
        check(Variable::Number, &["4038316804", "4038316804144364"]);
        check(Variable::Uuid, &["d466bc85-6ada-4ec7-b419-c5a61f59bd1a", "D466BC85-6ADA-4EC7-B419-C5A61F59BD1A"]);
        check(Variable::Ip, &["10.0.0.7", "10.0.0.7:8080", "fe80::1", "2001:db8:0:0:0:0:0:1"]);
        check(Variable::Duration, &["12ms", "3.5s", "1h20m3s", "7µs", "7μs", "250us", "5min", "-2h"]);
        check(Variable::Size, &["12MB", "3.5GiB", "512b", "10kB"]);
        let dates = ["2023-01-30", "2023/01/30", "2023-01-30 19:50:53.327", "2023-01-30T19:50:53Z", "2023-01-30T19:50:53.123456+08:00"];
        check(Variable::Time, &dates);
        check(Variable::Time, &["19:50:53", "7:05:52", "19:50:53.327", "19:50:53+0800"]);
    }

    #[test]
    fn what_may_be_a_word_is_none() {
        for text in [
            "",
            "x1",
            "2nd",
            "12th",
            "3x",
            "deadbeef",
            "facade",
            "cafe",
            "-",
            "--5",
            "12msx",
            "1hour",
            "0x",
            "ab::c",
            "v1",
            "次5",
            "12monkeys",
        ] {
            assert_eq!(variable(text), None, "{text}");
        }
        assert_eq!(variable("19:50"), Some((Variable::Number, 2)));
        assert_eq!(variable("10.0.0.7."), Some((Variable::Ip, 8)));
        assert_eq!(variable("10.0.0.700"), Some((Variable::Number, 10)));
        assert_eq!(variable("10.0.0.7:x"), Some((Variable::Ip, 8)));
        assert_eq!(variable("2023-01-30 at 7"), Some((Variable::Time, 10)));
        assert_eq!(variable("3.s"), Some((Variable::Number, 1)));
    }
}
