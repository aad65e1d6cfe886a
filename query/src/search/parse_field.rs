//! The parser's part about fields: an operator and a value, a set or a range become a predicate.

use std::ops::Bound;

use super::{
    ast::{Expr, FieldTest, Predicate},
    error::SearchError,
    field::Field,
    mistake::Mistake,
    parser::Parser,
    pattern::{Pattern, Regex},
    place::Place,
    scan,
    token::{Operator, RawField, Token, TokenKind},
    value::Value,
};

impl Parser {
    /// `has:field`, of which the first token is taken.
    pub(super) fn existence(&mut self, has: Place) -> Result<Expr, SearchError> {
        match self.take() {
            Some(Token { kind: TokenKind::Field(raw), place }) => {
                let field = read_field(raw, place)?;
                self.test(field, Predicate::Exists, has.to(place))
            }
            Some(Token { kind: TokenKind::Broken(error), .. }) => Err(error),
            _ => Err(SearchError::new(Mistake::HasNothing, has.range())),
        }
    }

    /// A field, of which the token is taken, and what is asked of it.
    pub(super) fn field_test(&mut self, raw: RawField, place: Place) -> Result<Expr, SearchError> {
        let field = read_field(raw, place)?;
        let (operator, value) = match (self.take(), self.take()) {
            (Some(Token { kind: TokenKind::Operator(operator), .. }), Some(value)) => (operator, value),
            (Some(Token { kind: TokenKind::Broken(error), .. }), _) => return Err(error),
            _ => return Err(SearchError::new(Mistake::MissingField { symbol: ":".into() }, place.range())),
        };
        let whole = place.to(value.place);
        let predicate = match (operator, value.kind) {
            (_, TokenKind::Broken(error)) => return Err(error),
            (_, TokenKind::OpenSet(open)) => return self.set_or_range(open, &field, value.place),
            (Operator::Compare(comparison), value_kind) => Predicate::Compare(comparison, literal(value_kind, value.place)?),
            (Operator::MatchesNot, value_kind) => Predicate::MatchesNot(self.regex_of(value_kind, value.place)?),
            (Operator::Matches, value_kind) | (Operator::Is, value_kind @ TokenKind::RegexValue(_)) => {
                Predicate::Matches(self.regex_of(value_kind, value.place)?)
            }
            (Operator::Is, value_kind) => is(pattern(value_kind, value.place)?),
        };
        self.test(field, predicate, whole)
    }

    fn regex_of(&mut self, kind: TokenKind, place: Place) -> Result<Regex, SearchError> {
        match kind {
            TokenKind::RegexValue(raw) => self.slash_regex(&raw, place),
            TokenKind::Value(pattern) => self.regex(pattern.clone(), &pattern, place, Some(place.start)),
            TokenKind::QuotedValue(pattern) => {
                // Without escapes the pattern stands in the text as it is, so that its offsets count from the opening quote.
                let quotes = place.end - place.start - pattern.len();
                self.regex(pattern.clone(), &pattern, place, (quotes == 2).then_some(place.start + 1))
            }
            _ => Err(not_a_value(place)),
        }
    }

    /// Up to the closing bracket.
    fn set_or_range(&mut self, open: char, field: &Field, place: Place) -> Result<Expr, SearchError> {
        self.enter(place)?;
        let mut members = Vec::new();
        let close = loop {
            match self.take() {
                Some(Token { kind: TokenKind::CloseSet(close), place }) => break (close, place),
                Some(Token { kind: TokenKind::Broken(error), .. }) => return Err(error),
                Some(member) => members.push(member),
                None => return Err(SearchError::new(Mistake::Unclosed { open }, place.range())),
            }
        };
        self.leave();
        let (whole, brackets) = (field.place.to(close.1), place.to(close.1));
        if members.is_empty() {
            return Err(SearchError::new(Mistake::Empty, brackets.range()));
        }
        if open == '{' || members.iter().any(|member| member.kind == TokenKind::To) {
            let range = range((open, close.0), members).ok_or_else(|| SearchError::new(Mistake::BadRange, brackets.range()))?;
            return self.test(field.clone(), range, whole);
        }
        self.set(field, members, whole)
    }

    /// A set with regular expressions is the same as OR between its members.
    fn set(&mut self, field: &Field, members: Vec<Token>, whole: Place) -> Result<Expr, SearchError> {
        let separator_last = members.len().is_multiple_of(2);
        let mut patterns = Vec::new();
        let mut others = Vec::new();
        for (index, member) in members.into_iter().enumerate() {
            let separates = matches!(member.kind, TokenKind::Or | TokenKind::Comma);
            if separates != (index % 2 == 1) {
                return Err(SearchError::new(Mistake::SetSeparator, member.place.range()));
            }
            if separates {
                continue;
            }
            if let TokenKind::RegexValue(raw) = &member.kind {
                let regex = self.slash_regex(raw, member.place)?;
                others.push(self.test(field.clone(), Predicate::Matches(regex), whole)?);
                continue;
            }
            self.count_term(member.place)?;
            patterns.push(pattern(member.kind, member.place)?);
        }
        if separator_last {
            return Err(SearchError::new(Mistake::SetSeparator, whole.end - 1..whole.end));
        }
        let predicate = match patterns.len() {
            0 => None,
            1 => patterns.pop().map(is),
            _ => Some(Predicate::AnyOf(patterns)),
        };
        let test = predicate.map(|predicate| Expr::Field(Box::new(FieldTest { field: field.clone(), predicate, place: whole })));
        Ok(Expr::or(test.into_iter().chain(others)).expect("a set without members was refused"))
    }

    fn test(&mut self, field: Field, predicate: Predicate, place: Place) -> Result<Expr, SearchError> {
        self.count_term(place)?;
        Ok(Expr::Field(Box::new(FieldTest { field, predicate, place })))
    }
}

fn read_field(raw: RawField, place: Place) -> Result<Field, SearchError> {
    Field::read(raw, place).map_err(|mistake| SearchError::new(mistake, place.range()))
}

fn is(pattern: Pattern) -> Predicate {
    match pattern {
        Pattern::Wildcard(wildcard) if wildcard.is_anything() => Predicate::Exists,
        pattern => Predicate::Is(pattern),
    }
}

/// `[1 TO 5]`; `None` when it is none, or open on both sides.
fn range((open, close): (char, char), members: Vec<Token>) -> Option<Predicate> {
    let [from, to, end] = <[Token; 3]>::try_from(members).ok()?;
    let bound = |token: Token, included: bool| match token.kind {
        TokenKind::Value(raw) if raw == "*" => Some(Bound::Unbounded),
        TokenKind::Value(_) | TokenKind::QuotedValue(_) => {
            let value = literal(token.kind, token.place).ok()?;
            Some(if included { Bound::Included(value) } else { Bound::Excluded(value) })
        }
        _ => None,
    };
    let (from, end) = (bound(from, open == '[')?, bound(end, close == ']')?);
    let is_open = matches!(open, '[' | '{');
    let bounded = (&from, &end) != (&Bound::Unbounded, &Bound::Unbounded);
    (is_open && bounded && to.kind == TokenKind::To).then_some(Predicate::Between(from, end))
}

/// A value in which `*` and `?` are text.
fn literal(kind: TokenKind, place: Place) -> Result<Value, SearchError> {
    match kind {
        TokenKind::Value(raw) => Ok(Value::at(scan::unescaped(&raw), place)),
        TokenKind::QuotedValue(text) => Ok(Value::at(text, place)),
        _ => Err(not_a_value(place)),
    }
}

fn pattern(kind: TokenKind, place: Place) -> Result<Pattern, SearchError> {
    match kind {
        TokenKind::Value(raw) => match scan::wildcard(&raw) {
            Some(wildcard) => Ok(Pattern::Wildcard(wildcard)),
            None => Ok(Pattern::Value(Value::at(scan::unescaped(&raw), place))),
        },
        kind => literal(kind, place).map(Pattern::Value),
    }
}

/// The lexer puts nothing else behind an operator; said as an error, because a panic would take the server along.
fn not_a_value(place: Place) -> SearchError {
    SearchError::new(Mistake::Glued, place.range())
}
