//! Numbers with a unit: durations and sizes. Exact decimal arithmetic; what falls between two whole units is cut off.

/// Nanoseconds per unit.
const DURATION_UNITS: &[(&str, i128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Bytes per unit, which is read in any case. The short forms are those of Kubernetes.
const SIZE_UNITS: &[(&str, i128)] = &[
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("pb", 1_000_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("pib", 1 << 50),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

/// `200ms`, `1.5s`, `1h30m`, `-2ms`: nanoseconds. `None` without a unit, and beyond `i64`.
pub(super) fn duration_ns(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total: i128 = 0;
    loop {
        let (digits, after) = split_digits(rest)?;
        let (unit, next) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let (_, unit_ns) = DURATION_UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(amount(digits, *unit_ns)?)?;
        rest = next;
        if rest.is_empty() {
            return i64::try_from(sign * total).ok();
        }
    }
}

/// `4KiB`, `10MB`, `1.5gib`, `512Mi`: bytes. `None` without a unit, and beyond `u64`.
pub(super) fn size_bytes(text: &str) -> Option<u64> {
    let (digits, unit) = split_digits(text)?;
    let (_, unit_bytes) = SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    u64::try_from(amount(digits, *unit_bytes)?).ok()
}

/// The number in front, and what follows it.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    (text.starts_with(|c: char| c.is_ascii_digit()) && !text[..end].ends_with('.')).then(|| text.split_at(end))
}

/// `digits` (with at most one point) of `unit`, in the smallest unit.
fn amount(digits: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse::<i128>().ok()?.checked_mul(unit)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_add(fraction.parse::<i128>().ok()?.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(duration_ns(text), expected, "{text:?}");
        check("200ms", Some(200_000_000));
        check("1.5s", Some(1_500_000_000));
        check("2h", Some(7_200_000_000_000));
        check("1h30m", Some(5_400_000_000_000));
        check("250µs", Some(250_000));
        check("250μs", Some(250_000));
        check("0.1us", Some(100));
        check("0.5ns", Some(0));
        check("0s", Some(0));
        check("-2ms", Some(-2_000_000));
        check("1w1d", Some(691_200_000_000_000));
        check("9223372036854775807ns", Some(i64::MAX));
        check("9223372036854775808ns", None);
        check("99999999999999999999999999999999999999999s", None);
        check("0.00000000000000000000000000000000000000001s", None);
        for text in ["", "-", "200", "ms", "1.s", ".5s", "1.2.3s", "1 s", "1S", "1h30", "s1", "--1s", "1x", "１s"] {
            check(text, None);
        }
    }

    #[test]
    fn sizes() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(size_bytes(text), expected, "{text:?}");
        check("0B", Some(0));
        check("4KiB", Some(4096));
        check("10MB", Some(10_000_000));
        check("10mb", Some(10_000_000));
        check("1.5GiB", Some(1_610_612_736));
        check("512Mi", Some(536_870_912));
        check("0.3KiB", Some(307));
        check("16384PiB", None);
        for text in ["", "10", "MB", "-1MB", "10 MB", "10M", "1KiB1B"] {
            check(text, None);
        }
    }
}
