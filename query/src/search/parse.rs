//! Tokens to an expression, by recursive descent; OR binds less than AND, AND less than NOT.
//!
//! Recursion happens only where a bracket opens, so [`NESTING_MAX`](super::NESTING_MAX) bounds the stack.

use super::{
    ast::{Expr, FreeText, FreeTextKind, Search},
    error::SearchError,
    lex::lex,
    limits::TEXT_BYTES_MAX,
    mistake::Mistake,
    parser::{Parser, unexpected},
    place::Place,
    scan,
    token::{Token, TokenKind},
};

/// Reads a search. Pure; the cost is linear in the length of the text.
///
/// # Errors
/// The first mistake, with its place and a hint.
pub fn parse(text: &str) -> Result<Search, SearchError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(SearchError::new(Mistake::TextTooLong { bytes: text.len() }, TEXT_BYTES_MAX..text.len()).at_boundaries_of(text));
    }
    let tokens = lex(text);
    match tokens.as_slice() {
        [] => return Ok(Search::Everything),
        [Token { kind: TokenKind::Word(word), .. }] if word == "*" => return Ok(Search::Everything),
        _ => {}
    }
    let has_braces = tokens.iter().any(|token| matches!(token.kind, TokenKind::OpenBrace));
    let mut parser = Parser::new(tokens, text.len());
    if has_braces {
        return parser.structure();
    }
    let expr = parser.or()?;
    parser.end()?;
    Ok(Search::Records(expr))
}

/// One operand of AND, and how it is joined to the one before.
struct Operand {
    expr: Expr,
    place: Place,
    and_before: bool,
}

impl Parser {
    pub(super) fn or(&mut self) -> Result<Expr, SearchError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.and()?);
            let Some(place) = self.accept(&TokenKind::Or) else { break };
            self.expect_term("OR", place)?;
        }
        Ok(Expr::or(parts).expect("at least one part was pushed"))
    }

    fn and(&mut self) -> Result<Expr, SearchError> {
        let mut operands: Vec<Operand> = Vec::new();
        let mut and_before = false;
        loop {
            let start = self.place();
            let expr = self.operand()?;
            operands.push(Operand { expr, place: start, and_before });
            and_before = match self.accept(&TokenKind::And) {
                Some(place) => {
                    self.expect_term("AND", place)?;
                    true
                }
                None if self.begins_term() => false,
                None => break,
            };
        }
        refuse_lower_case(&operands)?;
        Ok(Expr::and(operands.into_iter().map(|operand| operand.expr)).expect("at least one operand was pushed"))
    }

    /// A term or group behind any number of negations.
    pub(super) fn operand(&mut self) -> Result<Expr, SearchError> {
        let mut negated = false;
        loop {
            let place = self.place();
            let symbol = match self.kind() {
                Some(TokenKind::Not) => "NOT",
                Some(TokenKind::Minus) => "-",
                _ => break,
            };
            self.take();
            self.expect_term(symbol, place)?;
            negated = !negated;
        }
        let expr = self.primary()?;
        Ok(if negated { expr.negated() } else { expr })
    }

    fn primary(&mut self) -> Result<Expr, SearchError> {
        let token = self.take();
        let place = self.last_place();
        match token.map(|token| token.kind) {
            Some(TokenKind::Open) => self.group(place),
            Some(TokenKind::Word(raw)) => self.text(word(&raw, place)?, place),
            Some(TokenKind::Phrase(text)) => self.text(FreeTextKind::Phrase(text), place),
            Some(TokenKind::Regex(raw)) => {
                let regex = self.slash_regex(&raw, place)?;
                self.text(FreeTextKind::Regex(regex), place)
            }
            Some(TokenKind::Has) => self.existence(place),
            Some(TokenKind::Field(raw)) => self.field_test(raw, place),
            Some(other) => Err(unexpected(&other, place)),
            None => Err(self.unexpected()),
        }
    }

    /// What stands between parentheses, of which the first is taken.
    fn group(&mut self, open: Place) -> Result<Expr, SearchError> {
        self.enter(open)?;
        if let Some(close) = self.accept(&TokenKind::Close) {
            return Err(SearchError::new(Mistake::Empty, open.to(close).range()));
        }
        let expr = self.or_inside(open, '(')?;
        if self.accept(&TokenKind::Close).is_none() {
            return Err(self.unexpected());
        }
        self.leave();
        Ok(expr)
    }

    /// An expression that must be followed by something, or the bracket `open` is never closed.
    pub(super) fn or_inside(&mut self, place: Place, open: char) -> Result<Expr, SearchError> {
        let unclosed = || SearchError::new(Mistake::Unclosed { open }, place.range());
        if self.kind().is_none() {
            return Err(unclosed());
        }
        let expr = self.or()?;
        if self.kind().is_none() { Err(unclosed()) } else { Ok(expr) }
    }

    fn text(&mut self, kind: FreeTextKind, place: Place) -> Result<Expr, SearchError> {
        self.count_term(place)?;
        Ok(Expr::Text(FreeText { kind, place }))
    }
}

fn word(raw: &str, place: Place) -> Result<FreeTextKind, SearchError> {
    match scan::wildcard(raw) {
        None => Ok(FreeTextKind::Word(scan::unescaped(raw))),
        Some(wildcard) if wildcard.has_text() => Ok(FreeTextKind::Wildcard(wildcard)),
        Some(_) => Err(SearchError::new(Mistake::OnlyWildcards, place.range())),
    }
}

/// `service:pay and status:error` means AND; `black and white` are three words. Told apart by the neighbours.
fn refuse_lower_case(operands: &[Operand]) -> Result<(), SearchError> {
    let is_word = |operand: &Operand| matches!(&operand.expr, Expr::Text(FreeText { kind: FreeTextKind::Word(_), .. }));
    for (index, operand) in operands.iter().enumerate() {
        let Expr::Text(FreeText { kind: FreeTextKind::Word(word), .. }) = &operand.expr else { continue };
        let Some(word) = ["and", "or", "not"].into_iter().find(|keyword| keyword == word) else { continue };
        let before = index.checked_sub(1).map(|before| &operands[before]).filter(|_| !operand.and_before);
        let after = operands.get(index + 1).filter(|after| !after.and_before);
        let joins = match (word, before, after) {
            ("not", _, Some(after)) => !is_word(after),
            (_, Some(before), Some(after)) => !is_word(before) || !is_word(after),
            _ => false,
        };
        if joins {
            return Err(SearchError::new(Mistake::LowerCase { word }, operand.place.range()));
        }
    }
    Ok(())
}
