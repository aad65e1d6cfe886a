//! The pieces a text falls into.

use super::{ast::Comparison, error::SearchError, place::Place};

/// A field is followed by its operator, an operator by a value or an opened set; where something is missing, by `Broken`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    And,
    Or,
    Not,
    /// `-` or `!` before what it excludes.
    Minus,
    /// `>` where a term may begin.
    Child,
    /// `>>`
    Descendant,
    /// As written, escapes included.
    Word(String),
    Phrase(String),
    /// A regular expression without a field.
    Regex(RawRegex),
    /// `has:`
    Has,
    Field(RawField),
    Operator(Operator),
    /// A value as written, escapes included.
    Value(String),
    /// Without its quotes, escapes resolved.
    QuotedValue(String),
    RegexValue(RawRegex),
    /// `(`, `[` or `{` after `:`.
    OpenSet(char),
    CloseSet(char),
    Comma,
    /// Between the ends of a range.
    To,
    /// The parser stops here.
    Broken(SearchError),
}

/// `bare` is the name up to its end, or the level and its dot before a quoted key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawField {
    pub bare: String,
    pub quoted: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawRegex {
    /// Between the slashes, as written.
    pub inner: String,
    /// A trailing `i`.
    pub ignore_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `:`
    Is,
    Compare(Comparison),
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

impl Operator {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Compare(comparison) => comparison.symbol(),
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }

    /// The operator written so, obvious variants included.
    pub(super) fn read(symbol: &str) -> Option<Self> {
        Some(match symbol {
            ":" => Self::Is,
            "=" | "==" | ":=" => Self::Compare(Comparison::Equal),
            "!=" => Self::Compare(Comparison::NotEqual),
            ">" | ":>" => Self::Compare(Comparison::Greater),
            ">=" | ":>=" => Self::Compare(Comparison::GreaterOrEqual),
            "<" | ":<" => Self::Compare(Comparison::Less),
            "<=" | ":<=" => Self::Compare(Comparison::LessOrEqual),
            "=~" => Self::Matches,
            "!~" => Self::MatchesNot,
            _ => return None,
        })
    }

    /// What a wrong symbol was probably meant to be.
    pub(super) fn meant_by(symbol: &str) -> Option<&'static str> {
        Some(match symbol {
            "=>" => ">=",
            "=<" => "<=",
            "<>" | "=!" | ":!" | ":!=" | "!==" => "!=",
            "===" => "=",
            "~" | "~=" | ":~" | ":=~" | "==~" => "=~",
            "~!" | ":!~" => "!~",
            "=!=" => "!=",
            _ => return None,
        })
    }
}
