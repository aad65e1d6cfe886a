//! What a value or a word is matched with: text as it is, text with wildcards, a regular expression.

use std::ops::Range;

use super::{limits::REGEX_BYTES_MAX, value::Value};

/// What `field:…` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    Value(Value),
    Wildcard(Wildcard),
}

/// Text with at least one `*` or `?`.
///
/// INVARIANT: no two texts and no two `*` are neighbours, and no text is empty, so that equal wildcards have equal parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    parts: Vec<WildcardPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WildcardPart {
    Text(String),
    /// `?`: exactly one character.
    One,
    /// `*`: any number of characters, also none.
    Any,
}

impl Wildcard {
    /// `None` when the parts have no wildcard.
    pub fn new(parts: impl IntoIterator<Item = WildcardPart>) -> Option<Self> {
        let mut merged: Vec<WildcardPart> = Vec::new();
        for part in parts {
            match (merged.last_mut(), part) {
                (Some(WildcardPart::Text(before)), WildcardPart::Text(text)) => before.push_str(&text),
                (Some(WildcardPart::Any), WildcardPart::Any) => {}
                (_, WildcardPart::Text(text)) if text.is_empty() => {}
                (_, part) => merged.push(part),
            }
        }
        let wild = merged.iter().any(|part| !matches!(part, WildcardPart::Text(_)));
        wild.then_some(Self { parts: merged })
    }

    pub fn parts(&self) -> &[WildcardPart] {
        &self.parts
    }

    /// The text that every match starts with, when the wildcard is `text*` and nothing else.
    pub fn as_prefix(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [WildcardPart::Text(text), WildcardPart::Any] => Some(text),
            _ => None,
        }
    }

    /// Whether anything but wildcards is asked for.
    pub(super) fn has_text(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, WildcardPart::Text(_)))
    }

    /// `*`: whatever there is.
    pub(super) fn is_anything(&self) -> bool {
        self.parts == [WildcardPart::Any]
    }
}

/// A regular expression of the crate `regex` (linear time, no look-around, no back-references), found anywhere in the value.
///
/// INVARIANT: the pattern parses; whether its automaton is small enough is the engine's limit to enforce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    pattern: String,
}

/// Why a pattern is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegexFault {
    TooLong,
    Syntax {
        reason: String,
        /// Byte range in the pattern.
        range: Range<usize>,
    },
}

impl Regex {
    /// # Errors
    /// When the pattern does not parse, or has more than [`REGEX_BYTES_MAX`] bytes.
    pub fn new(pattern: impl Into<String>) -> Result<Self, RegexFault> {
        let pattern = pattern.into();
        if pattern.len() > REGEX_BYTES_MAX {
            return Err(RegexFault::TooLong);
        }
        check_syntax(&pattern)?;
        Ok(Self { pattern })
    }

    /// Of a pattern that [`check_syntax`] found right, be it in another spelling.
    pub(super) fn checked(pattern: String) -> Self {
        Self { pattern }
    }

    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

pub(super) fn check_syntax(pattern: &str) -> Result<(), RegexFault> {
    match regex_syntax::parse(pattern) {
        Ok(_) => Ok(()),
        Err(regex_syntax::Error::Parse(error)) => Err(fault(error.kind(), error.span())),
        Err(regex_syntax::Error::Translate(error)) => Err(fault(error.kind(), error.span())),
        Err(error) => Err(RegexFault::Syntax { reason: error.to_string(), range: 0..pattern.len() }),
    }
}

fn fault(reason: &impl ToString, span: &regex_syntax::ast::Span) -> RegexFault {
    RegexFault::Syntax { reason: reason.to_string(), range: span.start.offset..span.end.offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_have_one_form() {
        use WildcardPart::{Any, One, Text};
        let text = |text: &str| Text(text.into());
        let check = |parts: &[WildcardPart], expected: Option<&[WildcardPart]>| {
            assert_eq!(Wildcard::new(parts.to_vec()).as_ref().map(Wildcard::parts), expected, "{parts:?}");
        };
        check(&[text("50"), text("01"), Any, Any], Some(&[text("5001"), Any]));
        check(&[text(""), One, One, Any], Some(&[One, One, Any]));
        check(&[text("5001")], None);
        check(&[], None);
    }

    #[test]
    fn prefixes() {
        use WildcardPart::{Any, One, Text};
        let check = |parts: Vec<WildcardPart>, expected: Option<&str>| {
            assert_eq!(Wildcard::new(parts).expect("wild").as_prefix(), expected);
        };
        check(vec![Text("5001".into()), Any], Some("5001"));
        check(vec![Text("5001".into()), One], None);
        check(vec![Any, Text("5001".into()), Any], None);
        check(vec![Any], None);
    }

    #[test]
    fn regular_expressions_are_checked() {
        let check = |pattern: &str, expected: Option<Range<usize>>| {
            let found = match Regex::new(pattern) {
                Ok(_) => None,
                Err(RegexFault::TooLong) => Some(0..0),
                Err(RegexFault::Syntax { range, .. }) => Some(range),
            };
            assert_eq!(found, expected, "{pattern:?}");
        };
        check("^pay-.*", None);
        check(r"a\/b\ c", None);
        check("(?i)支付", None);
        check("a(b", Some(1..2));
        check("支(b", Some(3..4));
        check(r"(?=x)", Some(0..3));
        check(r"\p{Nothing}", Some(0..11));
        check(&"x".repeat(REGEX_BYTES_MAX), None);
        check(&"x".repeat(REGEX_BYTES_MAX + 1), Some(0..0));
    }
}
