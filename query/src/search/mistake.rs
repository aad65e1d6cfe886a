//! What can be wrong with a search, in words.

use super::limits::{NESTING_MAX, REGEX_BYTES_MAX, REGEXES_MAX, STEPS_MAX, TERMS_MAX, TEXT_BYTES_MAX};
use super::{hint, token::Operator};

/// One mistake; `Display` says what is wrong, [`Mistake::hint`] what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    // limits
    #[error("the search has {bytes} bytes, {TEXT_BYTES_MAX} are allowed")]
    TextTooLong { bytes: usize },
    #[error("more than {NESTING_MAX} groups stand inside each other")]
    NestingTooDeep,
    #[error("the search has more than {TERMS_MAX} terms")]
    TooManyTerms,
    #[error("the search has more than {REGEXES_MAX} regular expressions")]
    TooManyRegexes,
    #[error("the regular expressions have more than {REGEX_BYTES_MAX} bytes together")]
    RegexTooLong,
    #[error("the structure has more than {STEPS_MAX} steps")]
    TooManySteps,

    // quotes and brackets
    #[error("this quote is never closed")]
    UnclosedQuote { quote: char },
    #[error("a quote begins inside a word")]
    QuoteInWord,
    #[error("text follows without a space")]
    Glued,
    #[error("this `{open}` is never closed")]
    Unclosed { open: char },
    #[error("nothing is open that this `{close}` could close")]
    Unopened { close: char },
    #[error("nothing stands between these brackets")]
    Empty,

    // terms
    #[error("`{before}` needs something on its right")]
    MissingRight { before: &'static str },
    #[error("`{after}` needs something on its left")]
    MissingLeft { after: &'static str },
    #[error("`{symbol}` stands alone")]
    LoneMinus { symbol: char },
    #[error("wildcards without text match everything")]
    OnlyWildcards,
    #[error("`{word}` in lower case is a word to look for, not an operator")]
    LowerCase { word: &'static str },
    #[error("`{found}` is no operator here")]
    Foreign { found: &'static str, meant: &'static str },
    #[error("a search has no pipes")]
    Pipe,
    #[error("`{found}` is a full-width character")]
    FullWidth { found: char, meant: char },

    // fields and values
    #[error("`{symbol}` has no field on its left")]
    MissingField { symbol: String },
    #[error("`has:` names no field")]
    HasNothing,
    #[error("`{field}{}` has no value", .operator.symbol())]
    MissingValue { field: String, operator: Operator, word: Option<String> },
    #[error("there is no operator `{found}`")]
    UnknownOperator { found: String, meant: Option<&'static str> },
    #[error("traces have no field `{name}`")]
    UnknownTraceField { name: String },
    #[error("not a regular expression: {reason}")]
    BadRegex { reason: String },
    #[error("a regular expression between slashes has no spaces")]
    RegexWithSpaces,

    // sets and ranges
    #[error("a set follows `:`, not `{}`", .operator.symbol())]
    SetAfterOperator { operator: Operator },
    #[error("a set is values with OR or commas between them")]
    SetSeparator,
    #[error("`{found}` has no place in a set")]
    NotInSet { found: String },
    #[error("a set stands in a set")]
    SetInSet,
    #[error("this is no range")]
    BadRange,

    // structure
    #[error("braces stand alone")]
    LoneBraces,
    #[error("`{symbol}` relates spans in braces")]
    RelationWithoutBraces { symbol: &'static str },
    #[error("a structure stands inside an expression")]
    StructureInside,
    #[error("a search has one structure")]
    SecondStructure,
    #[error("only `trace.` fields stand beside a structure")]
    SpansBesideStructure,
    #[error("a `trace.` field stands in braces")]
    TraceInBraces,
}

impl Mistake {
    /// Whether the search asks for too much, not for something wrong.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TextTooLong { .. }
                | Self::NestingTooDeep
                | Self::TooManyTerms
                | Self::TooManyRegexes
                | Self::RegexTooLong
                | Self::TooManySteps
        )
    }

    /// What to write instead; examples stand in backquotes.
    pub fn hint(&self) -> String {
        hint::of(self)
    }
}

/// What a message shows of a text that people wrote, in characters.
const EXCERPT_CHARS: usize = 40;

/// The beginning of a text, in one line.
pub(super) fn excerpt(text: &str) -> String {
    let line: String = text.chars().take(EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(EXCERPT_CHARS).is_some() { format!("{line}…") } else { line }
}
