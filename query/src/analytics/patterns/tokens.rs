//! A line as words and punctuation, with placeholders for values.
//!
//! ```text
//! 12:00:01 INFO [pay-7] 用户10086登录失败，code=5001
//! <time> INFO [ pay-<num> ] 用户 <num> 登录失败 ， code = <num>
//! V      L    P W         P W    V     W        P  K    P V       V = variable, L = level, P = punctuation, W = word, K = key
//! ```
//! All text of a line is in one buffer that the next line uses again, so a line costs no allocation.

use super::variables::{Variable, variable};

/// Bytes of a line that are looked at.
const LINE_BYTES_MAX: usize = 16 << 10;
/// Bytes of the tokens of a line together.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// A longer word is a value: base64, a token, an URL with everything in it.
const WORD_BYTES_MAX: usize = 128;
/// Of a longer run of punctuation, such as a ruled line, only the start.
const PUNCTUATION_BYTES_MAX: usize = 16;
/// What stands for anything.
pub(super) const ANYTHING: &str = "<*>";

const LEVELS: [&str; 10] = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "SEVERE", "CRITICAL", "FATAL"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Between words; never changes within a template.
    Punctuation,
    Word,
    /// A word that is nothing but a placeholder.
    Variable,
    /// `INFO` and the like.
    Level,
    /// The name of a value: `code` in `code=5001`.
    Key,
    /// What was not looked at: beyond a limit, or beyond the first line.
    Rest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    start: usize,
    end: usize,
    pub(super) kind: Kind,
    /// White space came before it.
    pub(super) spaced: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tokens {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Punctuation,
    Letter,
    /// Of a script written without spaces.
    Ideograph,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            _ if c.is_ascii_alphanumeric() => Self::Letter,
            '_' | '-' | '.' | '/' | '@' | '#' | '%' | '&' | '?' | '+' | '~' | '$' | '*' | '\\' => Self::Letter,
            _ if c.is_whitespace() || c.is_control() => Self::Space,
            _ if c.is_ascii() => Self::Punctuation,
            '\u{3005}' | '\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Self::Ideograph,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => Self::Ideograph,
            _ if c.is_alphanumeric() => Self::Letter,
            _ => Self::Punctuation,
        }
    }
}

pub(super) fn is_ideograph(c: char) -> bool {
    Class::of(c) == Class::Ideograph
}

impl Tokens {
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn text_of(&self, part: &Part) -> &str {
        &self.text[part.start..part.end]
    }

    /// What the tree branches by: the first word that says what the line is about. Words with values in them, and no word at all,
    /// are the empty text; of ideographs the first two tell enough.
    pub(super) fn first_word(&self) -> &str {
        let Some(word) = self.parts.iter().find(|part| part.kind == Kind::Word).map(|part| self.text_of(part)) else { return "" };
        if word.starts_with(is_ideograph) {
            let end = word.char_indices().nth(2).map_or(word.len(), |(end, _)| end);
            return &word[..end];
        }
        if word.contains(|c: char| c == '<' || c.is_ascii_digit()) { "" } else { word }
    }

    /// Replaces what was there by the tokens of `line`: of its first line, `tokens_max` of them.
    pub(super) fn read(&mut self, line: &str, tokens_max: usize) {
        self.text.clear();
        self.parts.clear();
        let line = line.trim();
        let first_line = line.lines().next().unwrap_or_default();
        let looked_at = &first_line[..first_line.floor_char_boundary(LINE_BYTES_MAX)];
        let mut at = 0;
        let mut spaced = false;
        while let Some(c) = looked_at[at..].chars().next() {
            if self.parts.len() + 1 >= tokens_max || self.text.len() > TEXT_BYTES_MAX {
                break;
            }
            match Class::of(c) {
                Class::Space => {
                    at += c.len_utf8();
                    spaced = true;
                    continue;
                }
                Class::Punctuation => at = self.read_run(looked_at, at, spaced, Class::Punctuation),
                Class::Ideograph => at = self.read_run(looked_at, at, spaced, Class::Ideograph),
                Class::Letter => at = self.read_word(looked_at, at, spaced),
            }
            spaced = false;
        }
        if at < line.len() {
            self.push(ANYTHING, Kind::Rest, true);
        }
    }

    /// A run of one class, as it is; a very long one is cut or a value.
    fn read_run(&mut self, line: &str, from: usize, spaced: bool, class: Class) -> usize {
        let end = line[from..].find(|c| Class::of(c) != class).map_or(line.len(), |length| from + length);
        if class == Class::Punctuation {
            self.push(&line[from..end], Kind::Punctuation, spaced);
        } else if end - from > WORD_BYTES_MAX {
            self.push(ANYTHING, Kind::Variable, spaced);
        } else {
            self.push(&line[from..end], Kind::Word, spaced);
        }
        end
    }

    /// Letters, digits and what holds them together, with placeholders for values. A value may reach over punctuation (`12:00:01`),
    /// and an URL is one word.
    fn read_word(&mut self, line: &str, from: usize, spaced: bool) -> usize {
        let start = self.text.len();
        let mut at = from;
        let mut url = false;
        while let Some(c) = line[at..].chars().next() {
            url |= at > from && line[at..].starts_with("://");
            if Class::of(c) != Class::Letter && !(url && goes_on_in_url(c)) {
                break;
            }
            match value_at(line, at, from) {
                Some((value, length)) => {
                    self.text.push_str(value.placeholder());
                    at += length;
                }
                None => {
                    self.text.push(c);
                    at += c.len_utf8();
                }
            }
        }
        self.end_word(start, &line[from..at], spaced);
        at
    }

    /// Decides what the word from `start` on is, which was `written` so; a full stop or question mark at its end is punctuation.
    fn end_word(&mut self, start: usize, written: &str, spaced: bool) {
        let word = &self.text[start..];
        if !word.contains(char::is_alphanumeric) {
            self.text.truncate(start);
            self.push(written, Kind::Punctuation, spaced);
            return;
        }
        let stem = word.trim_end_matches(['.', '?']);
        let tail = &written[written.len() - (word.len() - stem.len())..];
        if stem.len() > WORD_BYTES_MAX {
            self.text.truncate(start);
            self.push(ANYTHING, Kind::Variable, spaced);
        } else {
            // Neither bracket is of a word by itself, so this is one placeholder and nothing else.
            let is_value = stem.starts_with('<') && stem.find('>') == Some(stem.len() - 1);
            let kind = if is_value { Kind::Variable } else { self.kind_of_word(stem) };
            self.text.truncate(start + stem.len());
            self.close(start, kind, spaced);
        }
        if !tail.is_empty() {
            self.push(tail, Kind::Punctuation, false);
        }
    }

    fn kind_of_word(&self, word: &str) -> Kind {
        let is_level = LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
        let shouted = word.bytes().all(|byte| byte.is_ascii_uppercase());
        let given = |before: &Part| before.kind == Kind::Punctuation && self.text_of(before).ends_with(['=', ':', '[']);
        if is_level && (shouted || self.parts.last().is_some_and(given)) { Kind::Level } else { Kind::Word }
    }

    fn push(&mut self, text: &str, kind: Kind, spaced: bool) {
        let start = self.text.len();
        let text = if kind == Kind::Punctuation { &text[..text.floor_char_boundary(PUNCTUATION_BYTES_MAX)] } else { text };
        self.text.push_str(text);
        self.close(start, kind, spaced);
    }

    /// Ends the token that starts at `start`. A value makes the word before its `=` or `:` a key; in a list of values of one type
    /// the first stands for all.
    fn close(&mut self, start: usize, kind: Kind, spaced: bool) {
        if kind == Kind::Variable
            && let [.., one, between] = self.parts.as_mut_slice()
            && between.kind == Kind::Punctuation
        {
            let separator = &self.text[between.start..between.end];
            if one.kind == Kind::Word && separator.contains(['=', ':', '：']) {
                one.kind = Kind::Key;
            }
            let same = one.kind == Kind::Variable && self.text[one.start..one.end] == self.text[start..];
            if same && matches!(separator, "," | ";" | "|" | "，" | "、" | "；") {
                let end = one.end;
                self.text.truncate(end);
                self.parts.pop();
                return;
            }
        }
        self.parts.push(Part { start, end: self.text.len(), kind, spaced });
    }
}

fn goes_on_in_url(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',')
}

/// The value that starts at `at`. Not in the middle of letters and digits; a sign belongs to it only at the start of a word.
fn value_at(line: &str, at: usize, word_start: usize) -> Option<(Variable, usize)> {
    let before = line[..at].bytes().next_back();
    let starts = at == word_start || before.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let signed = matches!(line.as_bytes().get(at), Some(b'-' | b'+'));
    (starts && (!signed || at == word_start)).then(|| variable(&line[at..])).flatten()
}
