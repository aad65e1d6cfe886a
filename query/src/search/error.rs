//! A search that cannot be read: where, why, and what would have been right.

use std::ops::Range;

use super::mistake::Mistake;

/// The first mistake of a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
pub struct SearchError {
    pub mistake: Mistake,
    /// Which bytes of the text, at character boundaries; empty at the end of a text that stops too early.
    pub range: Range<usize>,
}

/// A place as people count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl SearchError {
    pub(super) fn new(mistake: Mistake, range: Range<usize>) -> Self {
        Self { mistake, range }
    }

    /// The same with both ends of the range moved down to character boundaries of `text`.
    pub(super) fn at_boundaries_of(self, text: &str) -> Self {
        Self { range: text.floor_char_boundary(self.range.start)..text.floor_char_boundary(self.range.end), ..self }
    }

    /// What to write instead, with an example.
    pub fn hint(&self) -> String {
        self.mistake.hint()
    }

    /// `text` is what was parsed.
    pub fn position(&self, text: &str) -> Position {
        position(text, self.range.start)
    }

    /// The line of the mistake with a mark below, the message and the hint.
    pub fn render(&self, text: &str) -> String {
        render(text, self.range.clone(), &self.mistake.to_string(), &self.hint())
    }
}

/// Where byte `offset` of `text` is.
pub fn position(text: &str, offset: usize) -> Position {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// Shown of a long line on either side of the mark, in characters.
const CONTEXT_CHARS: usize = 60;

/// A message about `range` of `text` for a terminal: at most about 180 columns of the line, whatever the length of the text.
///
/// ```text
/// column 9: `duration>` has no value
///   duration> AND service:pay
///           ^
/// hint: …
/// ```
pub fn render(text: &str, range: Range<usize>, message: &str, hint: &str) -> String {
    let start = text.floor_char_boundary(range.start);
    let Position { line, column } = position(text, start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let end = text.floor_char_boundary(range.end).clamp(start, line_end);

    let marked: String = text[start..end].chars().take(CONTEXT_CHARS).collect();
    let (before, cut_before) = last_chars(&text[line_start..start], CONTEXT_CHARS);
    let (after, cut_after) = first_chars(&text[start + marked.len()..line_end], CONTEXT_CHARS);
    let (left, right) = (if cut_before { "…" } else { "" }, if cut_after { "…" } else { "" });

    let place = if text.contains('\n') { format!("line {line}, column {column}") } else { format!("column {column}") };
    let shown = format!("{left}{before}{marked}{after}{right}");
    let mark = format!("{}{}{}", " ".repeat(left.chars().count()), blank(before), "^".repeat(width(&marked).max(1)));
    format!("{place}: {message}\n  {}\n  {mark}\nhint: {hint}", shown.trim_end_matches('\r'))
}

fn last_chars(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().rev().nth(count - 1) {
        Some((at, _)) => (&text[at..], at > 0),
        None => (text, false),
    }
}

fn first_chars(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().nth(count) {
        Some((at, _)) => (&text[..at], true),
        None => (text, false),
    }
}

/// White space of the same width; tabs stay, so that the mark stands below its place.
fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { "\t".to_owned() } else { " ".repeat(columns(c)) }).collect()
}

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Columns of a terminal: two for Chinese, Japanese, Korean and full-width characters, none for what combines.
fn columns(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines() {
        let check = |text: &str, offset: usize, expected: (usize, usize)| {
            let Position { line, column } = position(text, offset);
            assert_eq!((line, column), expected, "{text:?} at {offset}");
        };
        check("abc", 0, (1, 1));
        check("abc", 3, (1, 4));
        check("库存:x", 6, (1, 3));
        check("库存:x", 7, (1, 4));
        check("库存", 1, (1, 1));
        check("a\nbc", 3, (2, 2));
        check("a\n", 2, (2, 1));
        check("", 9, (1, 1));
    }

    #[test]
    fn the_mark_stands_below_its_place() {
        let check = |text: &str, range: Range<usize>, expected: &str| assert_eq!(render(text, range, "m", "h"), expected, "{text:?}");
        check("a >> b", 2..4, "column 3: m\n  a >> b\n    ^^\nhint: h");
        check("库存 >> b", 7..9, "column 4: m\n  库存 >> b\n       ^^\nhint: h");
        check("a \"库存", 2..9, "column 3: m\n  a \"库存\n    ^^^^^\nhint: h");
        check("\ta", 1..2, "column 2: m\n  \ta\n  \t^\nhint: h");
        check("a AND", 5..5, "column 6: m\n  a AND\n       ^\nhint: h");
        check("a\r\nb (c\nd", 5..9, "line 2, column 3: m\n  b (c\n    ^^\nhint: h");
        check("", 0..0, "column 1: m\n  \n  ^\nhint: h");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{} ( {}", "a".repeat(100), "b".repeat(100));
        let expected = format!("column 102: m\n  …{} ( {}…\n  {}^\nhint: h", "a".repeat(59), "b".repeat(59), " ".repeat(61));
        assert_eq!(render(&text, 101..102, "m", "h"), expected);
        let marked = "x".repeat(64 << 10);
        assert!(render(&marked, 0..marked.len(), "m", "h").len() < 400);
    }
}
