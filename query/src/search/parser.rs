//! Where the parser is, what it has counted, and what it says about a token that cannot stand there.

use super::{
    error::SearchError,
    limits::{NESTING_MAX, REGEX_BYTES_MAX, REGEXES_MAX, TERMS_MAX},
    mistake::Mistake,
    pattern::{Regex, RegexFault, check_syntax},
    place::Place,
    scan,
    token::{RawRegex, Token, TokenKind},
};

pub(super) struct Parser {
    tokens: Vec<Token>,
    /// Position in `tokens`.
    next: usize,
    text_bytes: usize,
    depth: usize,
    terms: usize,
    regexes: usize,
    regex_bytes: usize,
}

impl Parser {
    pub(super) fn new(tokens: Vec<Token>, text_bytes: usize) -> Self {
        Self { tokens, next: 0, text_bytes, depth: 0, terms: 0, regexes: 0, regex_bytes: 0 }
    }

    pub(super) fn count_term(&mut self, place: Place) -> Result<(), SearchError> {
        self.terms += 1;
        if self.terms > TERMS_MAX { Err(SearchError::new(Mistake::TooManyTerms, place.range())) } else { Ok(()) }
    }

    /// A bracket opens; [`Self::leave`] follows when it closes.
    pub(super) fn enter(&mut self, open: Place) -> Result<(), SearchError> {
        self.depth += 1;
        if self.depth > NESTING_MAX { Err(SearchError::new(Mistake::NestingTooDeep, open.range())) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The expression of a token that stands at `place`, slashes and flag included.
    pub(super) fn slash_regex(&mut self, raw: &RawRegex, place: Place) -> Result<Regex, SearchError> {
        let flags = if raw.ignore_case { "(?i)" } else { "" };
        let pattern = format!("{flags}{}", scan::with_plain_slashes(&raw.inner));
        // Checked as written, where an escaped slash is a slash, so that offsets are those of the text.
        self.regex(pattern, &raw.inner, place, Some(place.start + 1))
    }

    /// `pattern`, which is checked as it is `written`; `start` is where that stands in the text, if it does.
    pub(super) fn regex(&mut self, pattern: String, written: &str, place: Place, start: Option<usize>) -> Result<Regex, SearchError> {
        self.regexes += 1;
        self.regex_bytes += pattern.len();
        if self.regexes > REGEXES_MAX {
            return Err(SearchError::new(Mistake::TooManyRegexes, place.range()));
        }
        if self.regex_bytes > REGEX_BYTES_MAX {
            return Err(SearchError::new(Mistake::RegexTooLong, place.range()));
        }
        check_syntax(written).map_err(|fault| regex_error(fault, place, start))?;
        Ok(Regex::checked(pattern))
    }

    /// Something that can be negated or joined must follow `before`.
    pub(super) fn expect_term(&self, before: &'static str, place: Place) -> Result<(), SearchError> {
        match self.kind() {
            Some(TokenKind::And | TokenKind::Or | TokenKind::Close | TokenKind::CloseBrace) | None => {
                Err(SearchError::new(Mistake::MissingRight { before }, place.range()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn end(&self) -> Result<(), SearchError> {
        if self.kind().is_some() { Err(self.unexpected()) } else { Ok(()) }
    }

    /// Why the next token can stand nowhere where a term or the end is expected.
    pub(super) fn unexpected(&self) -> SearchError {
        let nothing = || SearchError::new(Mistake::Empty, self.place().range());
        self.kind().map_or_else(nothing, |kind| unexpected(kind, self.place()))
    }

    pub(super) fn begins_term(&self) -> bool {
        matches!(
            self.kind(),
            Some(
                TokenKind::Open
                    | TokenKind::OpenBrace
                    | TokenKind::Not
                    | TokenKind::Minus
                    | TokenKind::Word(_)
                    | TokenKind::Phrase(_)
                    | TokenKind::Regex(_)
                    | TokenKind::Has
                    | TokenKind::Field(_)
                    | TokenKind::Broken(_)
            )
        )
    }

    pub(super) fn kind(&self) -> Option<&TokenKind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    /// Of the next token; behind the text when there is none.
    pub(super) fn place(&self) -> Place {
        self.tokens.get(self.next).map_or(Place { start: self.text_bytes, end: self.text_bytes }, |token| token.place)
    }

    /// Of the token before the next one.
    pub(super) fn last_place(&self) -> Place {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map(|token| token.place).unwrap_or_default()
    }

    pub(super) fn accept(&mut self, kind: &TokenKind) -> Option<Place> {
        let place = self.place();
        (self.kind() == Some(kind)).then(|| {
            self.next += 1;
            place
        })
    }

    /// The next token, which is taken.
    pub(super) fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned()?;
        self.next += 1;
        Some(token)
    }
}

/// Why a token can stand nowhere where a term or the end is expected.
pub(super) fn unexpected(kind: &TokenKind, place: Place) -> SearchError {
    let mistake = match kind {
        TokenKind::Broken(error) => return error.clone(),
        TokenKind::And => Mistake::MissingLeft { after: "AND" },
        TokenKind::Or => Mistake::MissingLeft { after: "OR" },
        TokenKind::Close => Mistake::Unopened { close: ')' },
        TokenKind::CloseBrace => Mistake::Unopened { close: '}' },
        TokenKind::OpenBrace => Mistake::StructureInside,
        TokenKind::Descendant => Mistake::RelationWithoutBraces { symbol: ">>" },
        TokenKind::Child => Mistake::MissingField { symbol: ">".to_owned() },
        _ => Mistake::Empty,
    };
    SearchError::new(mistake, place.range())
}

fn regex_error(fault: RegexFault, place: Place, inner: Option<usize>) -> SearchError {
    match (fault, inner) {
        (RegexFault::TooLong, _) => SearchError::new(Mistake::RegexTooLong, place.range()),
        (RegexFault::Syntax { reason, range }, Some(inner)) => {
            SearchError::new(Mistake::BadRegex { reason }, inner + range.start..inner + range.end)
        }
        (RegexFault::Syntax { reason, .. }, None) => SearchError::new(Mistake::BadRegex { reason }, place.range()),
    }
}
