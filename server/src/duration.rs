//! Durations as people read them.

/// In the largest unit of which there is at least one.
pub(crate) fn duration(ns: i64) -> String {
    let ns = ns as f64;
    match ns.abs() {
        size if size >= 1e9 => format!("{:.2} s", ns / 1e9),
        size if size >= 1e6 => format!("{:.2} ms", ns / 1e6),
        size if size >= 1e3 => format!("{:.1} µs", ns / 1e3),
        _ => format!("{ns} ns"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn units() {
        let check = |ns, expected| assert_eq!(super::duration(ns), expected);
        check(0, "0 ns");
        check(-999, "-999 ns");
        check(1_500, "1.5 µs");
        check(21_400_000, "21.40 ms");
        check(90_000_000_000, "90.00 s");
    }
}
