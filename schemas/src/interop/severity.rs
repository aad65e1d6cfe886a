//! What a level means: a word, or a number as pino and bunyan have them.

/// Names under which Loki's agents and Loki itself keep a level, best first.
pub(super) const KEYS: [&str; 6] = ["severity_text", "detected_level", "level", "severity", "lvl", "loglevel"];

/// The severity number of OpenTelemetry; 0 for a word that says nothing.
pub(super) fn number(level: &str) -> i32 {
    let is = |names: &[&str]| names.iter().any(|name| level.eq_ignore_ascii_case(name));
    match () {
        () if is(&["trace", "trc"]) => 1,
        () if is(&["debug", "dbg"]) => 5,
        () if is(&["info", "inf", "information", "notice"]) => 9,
        () if is(&["warn", "wrn", "warning"]) => 13,
        () if is(&["error", "err", "eror"]) => 17,
        () if is(&["fatal", "critical", "crit", "panic", "dpanic", "emerg", "emergency", "alert"]) => 21,
        () => 0,
    }
}

/// As [`number`], of pino's and bunyan's 10 for trace to 60 for fatal.
pub(super) fn of_number(level: i64) -> i32 {
    match level {
        10 => 1,
        20 => 5,
        30 => 9,
        40 => 13,
        50 => 17,
        60 => 21,
        _ => 0,
    }
}
