//! `name{label="v", other=~"re"}`: which series are meant, in the syntax of Prometheus.
//!
//! ```text
//! selector = [name] ["{" [matcher {"," matcher} [","]] "}"]
//! matcher  = string | (label | string) ("=" | "!=" | "=~" | "!~") string
//! ```
//! Names may have dots, dashes and slashes without quotes, as OpenTelemetry writes them; a string alone within the braces is the name. A
//! label may be written as the attribute is: `http.request.method`. A label that a series does not have is empty. Patterns match the
//! whole value, in time linear in its length.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::labels::{Labels, label_name};

/// The label that is the name of the metric.
pub(super) const NAME: &str = "__name__";
/// Characters of a selector.
const LENGTH_MAX: usize = 8192;
const MATCHERS_MAX: usize = 64;
/// Memory of a compiled pattern.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What is asked of the labels of a series; all must hold.
#[derive(Debug, Clone)]
pub struct Selector {
    matchers: Vec<Matcher>,
}

/// What is asked of one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// As labels are named; the name of the metric is `__name__`.
    pub label: String,
    pub operation: Operation,
    /// As it was written.
    pub value: String,
    /// Of `value`, if it is one.
    pattern: Option<Regex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Is,
    IsNot,
    Matches,
    MatchesNot,
}

/// Why a text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    pub message: String,
    /// Bytes of the text before the mistake.
    pub at: usize,
}

impl Selector {
    /// # Errors
    /// Where the text is not a selector, and why.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        if text.len() > LENGTH_MAX {
            return Err(SelectorError { message: format!("a selector has at most {LENGTH_MAX} bytes"), at: LENGTH_MAX });
        }
        Parser { text, at: 0 }.selector()
    }

    /// The name that all of its series have, if it names one.
    pub fn metric(&self) -> Option<&str> {
        self.matchers.iter().find(|matcher| matcher.label == NAME && matcher.operation == Operation::Is).map(|matcher| &*matcher.value)
    }

    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    pub fn matches(&self, metric: &str, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(if matcher.label == NAME { metric } else { labels.get(&matcher.label) }))
    }
}

impl Matcher {
    fn new(label: &str, operation: Operation, value: String, at: usize) -> Result<Self, SelectorError> {
        let is_pattern = matches!(operation, Operation::Matches | Operation::MatchesNot);
        let pattern = is_pattern.then(|| pattern(&value)).transpose().map_err(|message| SelectorError { message, at })?;
        Ok(Self { label: label_name(label).into_owned(), operation, value, pattern })
    }

    /// `value` is empty where there is none.
    pub fn matches(&self, value: &str) -> bool {
        let found = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
        match self.operation {
            Operation::Is => value == self.value,
            Operation::IsNot => value != self.value,
            Operation::Matches => found(&self.pattern),
            Operation::MatchesNot => !found(&self.pattern),
        }
    }
}

/// A pattern that must match a whole value.
fn pattern(text: &str) -> Result<Regex, String> {
    let compiled = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    // Alone first: parentheses that do not match must not become right between ours.
    let whole = compiled(text).and_then(|_| compiled(&format!("^(?s:{text})$")));
    whole.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("the pattern {text:?} is too large"),
        other => {
            format!("{text:?} is not a pattern: {}", other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: "))
        }
    })
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.matchers.iter().map(|matcher| format!("{}{}{:?}", matcher.label, matcher.operation, matcher.value));
        write!(f, "{{{}}}", texts.collect::<Vec<_>>().join(", "))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn selector(mut self) -> Result<Selector, SelectorError> {
        let mut matchers = Vec::new();
        self.space();
        let name = self.word(|c| c.is_alphanumeric() || "_:.-/".contains(c));
        if !name.is_empty() {
            matchers.push(Matcher::new(NAME, Operation::Is, name.to_owned(), 0)?);
        }
        self.space();
        if self.took('{') {
            self.matchers(&mut matchers)?;
            self.space();
        } else if matchers.is_empty() {
            return Err(self.mistake("a selector begins with the name of a metric or with {"));
        }
        match self.peek() {
            Some(c) => Err(self.mistake(format!("{c:?} stands after the end of the selector"))),
            None if matchers.iter().all(|matcher| matcher.matches("")) => {
                Err(SelectorError { message: "the selector leaves nothing out: name a metric".to_owned(), at: 0 })
            }
            None => Ok(Selector { matchers }),
        }
    }

    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), SelectorError> {
        loop {
            self.space();
            if self.took('}') {
                return Ok(());
            }
            if matchers.len() == MATCHERS_MAX {
                return Err(self.mistake(format!("a selector has at most {MATCHERS_MAX} matchers")));
            }
            let matcher = self.matcher()?;
            if matcher.label == NAME && matcher.operation == Operation::Is && matchers.iter().any(|known| known.label == NAME) {
                return Err(self.mistake("the metric is named twice"));
            }
            matchers.push(matcher);
            self.space();
            if !self.took(',') {
                return if self.took('}') { Ok(()) } else { Err(self.mistake("expected , or }")) };
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher, SelectorError> {
        let begin = self.at;
        let quoted = self.peek().is_some_and(|c| "\"'`".contains(c));
        let label = if quoted { self.string()? } else { self.word(|c| c.is_alphanumeric() || "_.-/:".contains(c)).to_owned() };
        if label.is_empty() {
            return Err(self.mistake("expected the name of a label"));
        }
        self.space();
        let operation = match &self.text.as_bytes()[self.at..] {
            [b'=', b'~', ..] => Operation::Matches,
            [b'!', b'~', ..] => Operation::MatchesNot,
            [b'!', b'=', ..] => Operation::IsNot,
            [b'=', ..] => Operation::Is,
            _ if quoted => return Matcher::new(NAME, Operation::Is, label, begin),
            _ => return Err(self.mistake(format!("expected =, !=, =~ or !~ after {label}"))),
        };
        self.at += operation.to_string().len();
        self.space();
        let at = self.at;
        if !self.peek().is_some_and(|c| "\"'`".contains(c)) {
            return Err(self.mistake("expected a value in quotes"));
        }
        let value = self.string()?;
        Matcher::new(&label, operation, value, at)
    }

    /// In double or single quotes with escapes, or in backquotes as it is.
    fn string(&mut self) -> Result<String, SelectorError> {
        let begin = self.at;
        let quote = self.next().unwrap_or('"');
        let mut value = String::new();
        while let Some(c) = self.next() {
            match c {
                c if c == quote => return Ok(value),
                '\\' if quote != '`' => value.push(self.escaped()?),
                c => value.push(c),
            }
        }
        Err(SelectorError { message: "a value in quotes has no end".to_owned(), at: begin })
    }

    fn escaped(&mut self) -> Result<char, SelectorError> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some(c) if "\\\"'".contains(c) => Ok(c),
            _ => Err(self.mistake(r#"\ stands before n, t, r, \, " or '; in a pattern write \\, or use backquotes"#)),
        }
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn space(&mut self) {
        self.word(char::is_whitespace);
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn took(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += if found { expected.len_utf8() } else { 0 };
        found
    }

    fn mistake(&self, message: impl Into<String>) -> SelectorError {
        SelectorError { message: message.into(), at: self.at }
    }
}
