//! Bytes to records: lines, and lines that go on with the one before them.

use std::ops::Range;

use memchr::memchr;
use schemas::interop::lines::{Begin, begin};

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Whether lines can go on with the record before them.
    pub joins: bool,
    pub line_bytes_max: usize,
    /// Records that begin behind this are for the next batch.
    pub batch_bytes_max: usize,
}

/// What comes behind the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// Lines that may go on with the last record.
    More,
    /// No line that goes on with the last record, but perhaps the rest of a line that has no end yet.
    Silence,
    /// Nothing.
    Nothing,
}

/// Whole records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Without the last end of line; in order.
    pub records: Vec<Range<usize>>,
    /// All before this is in records, or is an end of line.
    pub end: usize,
    /// Lines that were too long and became several records.
    pub split: u64,
}

/// The records at the start of `bytes`.
pub(super) fn cut(bytes: &[u8], limits: Limits, behind: Behind) -> Cut {
    let mut cut = Cut::default();
    let mut current: Option<(Range<usize>, Begin)> = None;
    while let Some(line) = line(bytes, cut.end, limits.line_bytes_max, behind) {
        let content = bytes.get(line.start..line.content_end).unwrap_or_default();
        let begins = if limits.joins { begin(content) } else { Begin::Whole };
        match &mut current {
            Some((record, of_record)) if begins.goes_on(*of_record) && line.content_end - record.start <= limits.line_bytes_max => {
                record.end = line.content_end;
            }
            _ => {
                cut.records.extend(current.take().map(|(record, _)| record));
                if line.start >= limits.batch_bytes_max && !cut.records.is_empty() {
                    return cut;
                }
                current = Some((line.start..line.content_end, begins));
            }
        }
        cut.split += u64::from(line.is_split);
        cut.end = line.end;
    }
    if let Some((record, begins)) = current {
        let is_full = record.start == 0 && bytes.len() >= limits.line_bytes_max.saturating_add(limits.batch_bytes_max);
        if behind == Behind::More && begins != Begin::Whole && !is_full {
            cut.end = record.start;
        } else {
            cut.records.push(record);
        }
    }
    cut
}

struct Line {
    start: usize,
    content_end: usize,
    /// Where the next one begins.
    end: usize,
    is_split: bool,
}

/// The line at `start`; `None` when its end is not there.
fn line(bytes: &[u8], start: usize, bytes_max: usize, behind: Behind) -> Option<Line> {
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    match memchr(b'\n', rest) {
        Some(length) if length <= bytes_max => {
            let content = rest.get(..length)?;
            let content_end = start + content.strip_suffix(b"\r").unwrap_or(content).len();
            Some(Line { start, content_end, end: start + length + 1, is_split: false })
        }
        _ if rest.len() > bytes_max => {
            let end = start + character_boundary(rest, bytes_max);
            Some(Line { start, content_end: end, end, is_split: true })
        }
        _ if behind == Behind::Nothing => {
            let content_end = start + rest.strip_suffix(b"\r").unwrap_or(rest).len();
            Some(Line { start, content_end, end: bytes.len(), is_split: false })
        }
        _ => None,
    }
}

/// The last place at or before `at` that is not inside a character.
fn character_boundary(bytes: &[u8], at: usize) -> usize {
    let inside = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|at| !inside(*at)).filter(|at| *at > 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { joins: true, line_bytes_max: 40, batch_bytes_max: 1000 };

    fn check(bytes: &[u8], limits: Limits, behind: Behind, expected: &[&str], left: &str) -> Cut {
        let cut = cut(bytes, limits, behind);
        let records: Vec<_> = cut.records.iter().map(|record| String::from_utf8_lossy(&bytes[record.clone()]).into_owned()).collect();
        let shown = String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            (records.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), &bytes[cut.end..]),
            (expected, left.as_bytes()),
            "{shown}"
        );
        cut
    }

    #[test]
    fn lines_wait_for_their_end() {
        check(b"one\ntwo\nth", LIMITS, Behind::More, &["one"], "two\nth");
        check(b"one\ntwo\nth", LIMITS, Behind::Silence, &["one", "two"], "th");
        check(b"one\ntwo\nth", LIMITS, Behind::Nothing, &["one", "two", "th"], "");
        check(b"one\r\ntwo\r\n", LIMITS, Behind::Silence, &["one", "two"], "");
        check(b"one\r\ntwo\r", LIMITS, Behind::Nothing, &["one", "two"], "");
        check(b"", LIMITS, Behind::Nothing, &[], "");
        check(b"\n\n", LIMITS, Behind::Silence, &["\n"], "");
    }

    #[test]
    fn stack_traces_are_one_record() {
        let text = b"2024-05-01 04:00:00 no\na.B: no\n\tat c\n2024-05-01 04:00:00 yes\n";
        check(text, LIMITS, Behind::More, &["2024-05-01 04:00:00 no\na.B: no\n\tat c"], "2024-05-01 04:00:00 yes\n");
        check(b"{\"a\":1}\n{\"a\":2}\n", LIMITS, Behind::More, &["{\"a\":1}", "{\"a\":2}"], "");
        let raw = Limits { joins: false, ..LIMITS };
        check(b"a\n\tb\n", raw, Behind::More, &["a", "\tb"], "");
    }

    #[test]
    fn limits() {
        let long = "x".repeat(100);
        let cut = check(format!("{long}\n").as_bytes(), LIMITS, Behind::Silence, &[&long[..40], &long[..40], &long[..20]], "");
        assert_eq!(cut.split, 2);
        let wide = "库".repeat(20);
        check(format!("{wide}\n").as_bytes(), LIMITS, Behind::Silence, &[&wide[..39], &wide[..21]], "");
        let small = Limits { batch_bytes_max: 5, ..LIMITS };
        check(b"one\ntwo\nthree\n", small, Behind::Silence, &["one", "two"], "three\n");
        let of_many = format!("2024-05-01 04:00:00\n{}", "\tat a\n".repeat(10));
        let cut = check(of_many.as_bytes(), LIMITS, Behind::Silence, &[&of_many[..37], &of_many[38..73], &of_many[74..79]], "");
        assert_eq!(cut.split, 0);
    }
}
