//! Does a line begin a record, or go on with the one before it?
//!
//! ```text
//! 2024-05-01 … ERROR … : no stock          headed: a time, a level or an object at its start
//! java.lang.IllegalStateException: no      bare: goes on, because what it follows was headed text
//!     at com.example.Stock.take            indented: goes on with whatever is before it
//! Caused by: java.io.IOException           goes on
//! panic: no stock                          bare, and whatever is bare behind it goes on
//! ```

use super::{logfmt, text, time};

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// A record of its own; bare lines behind it are part of it.
    Headed,
    /// A record of its own, which is whole.
    Whole,
    /// A record of its own, unless what is before it takes bare lines.
    Bare,
    /// As [`Begin::Bare`], and takes bare lines itself.
    Panic,
    /// Part of what is before it, unless that is whole.
    Indented,
}

impl Begin {
    /// Whether a line that begins like this goes on with a record that began like `record`.
    pub fn goes_on(self, record: Self) -> bool {
        match self {
            Self::Headed | Self::Whole => false,
            Self::Indented => record != Self::Whole,
            Self::Bare | Self::Panic => matches!(record, Self::Headed | Self::Panic),
        }
    }
}

const GOES_ON: [&str; 4] = ["Caused by: ", "Suppressed: ", "... ", "}"];
const PANICS: [&str; 4] = ["panic: ", "fatal error: ", "Exception in thread ", "Traceback (most recent"];
/// More of a line tells nothing else.
const LOOK_BYTES: usize = 4 << 10;

/// How `line` begins, which need not be valid UTF-8.
pub fn begin(line: &[u8]) -> Begin {
    let start = String::from_utf8_lossy(line.get(..LOOK_BYTES).unwrap_or(line));
    let line = start.as_ref();
    let utc: time::LocalOffset<'_> = &|_| 0;
    let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    match () {
        () if line.starts_with([' ', '\t']) || line.trim().is_empty() || starts(&GOES_ON) => Begin::Indented,
        () if line.starts_with("{\"") && (line.len() >= LOOK_BYTES || line.trim_end().ends_with('}')) => Begin::Whole,
        () if text::sentinel(line).is_some() => Begin::Whole,
        () if text::dated(line, utc).is_some() || logfmt::read(line, utc).is_some() => Begin::Headed,
        () if starts(&PANICS) => Begin::Panic,
        () => Begin::Bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_belong_together() {
        /// Lines by the record that they are in.
        fn check(lines: &[&str], expected: &[usize]) {
            let (mut records, mut current) = (Vec::new(), None);
            for line in lines {
                let begins = begin(line.as_bytes());
                if current.is_none_or(|record| !begins.goes_on(record)) {
                    records.push(0);
                    current = Some(begins);
                }
                *records.last_mut().expect("just begun") += 1;
            }
            assert_eq!(records, expected, "{lines:#?}");
        }
        let head = "2024-05-01T04:00:00.123Z ERROR 1 --- [main] a.B : no";
        check(&[head, "java.lang.X: no", "\tat a.B.c(B.java:7)", "Caused by: java.io.Y", "\t... 3 more", head], &[5, 1]);
        check(&[r#"{"msg":"a"}"#, r#"{"msg":"b"}"#, "listening", "on 80"], &[1, 1, 1, 1]);
        check(&[r#"{"msg":"a"}"#, "panic: no", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:7", r#"{"msg":"b"}"#], &[1, 5, 1]);
        check(&["level=error msg=no", "level=info msg=yes", "  indented"], &[1, 2]);
        check(&["1714536000000|2024-05-01 12:00:00|a|1|0|1|0|3|0|2|1", "1714536000000|2024-05-01 12:00:00|b|1|0|1|0|3|0|2|1"], &[1, 1]);
        check(&["plain", "lines", "here"], &[1, 1, 1]);
        check(&["\tan indented line is the first"], &[1]);
        check(&[head, "Traceback (most recent call last):", "  File \"a.py\", line 7", "ValueError: no"], &[4]);
        let long = format!("{{\"msg\":\"{}\"}}", "x".repeat(LOOK_BYTES));
        check(&[&long, &long], &[1, 1]);
    }
}
