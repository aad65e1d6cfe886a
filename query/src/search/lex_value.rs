//! The part of the lexer behind an operator: one value, a set of them, or a range.

use std::ops::Range;

use super::{
    ast::Comparison,
    error::SearchError,
    lex::Lexer,
    mistake::{Mistake, excerpt},
    scan::{self, Slash, Stops},
    token::{Operator, TokenKind},
};

impl Lexer<'_> {
    /// What follows `operator`; `field` is where the field in front of it stands.
    pub(super) fn value(&mut self, operator: Operator, field: Range<usize>) -> Result<(), SearchError> {
        let operator_end = self.position;
        if operator != Operator::Is {
            self.skip_space();
        }
        let spaced = self.position > operator_end;
        match self.peek() {
            Some('(' | '[') if matches!(operator, Operator::Compare(_)) => Err(self.mistake(Mistake::SetAfterOperator { operator }, 1)),
            Some('{') if operator == Operator::Compare(Comparison::Greater) => {
                Err(SearchError::new(Mistake::RelationWithoutBraces { symbol: ">" }, operator_end - 1..operator_end))
            }
            Some(open @ ('(' | '[')) if operator == Operator::Is => self.set(open),
            Some('{') if operator == Operator::Is && self.is_range() => self.set('{'),
            Some('/') if !matches!(operator, Operator::Compare(_)) => self.regex_or_value(scan::IN_TERM),
            Some(c) if scan::opens_quote(c) => self.quoted_value(),
            _ => {
                let end = scan::bare_end(self.text, self.position, scan::IN_TERM)?;
                let missing = match &self.text[self.position..end] {
                    "" => true,
                    "AND" | "OR" | "NOT" => spaced,
                    _ => false,
                };
                if missing {
                    return Err(self.missing_value(operator, field, operator_end));
                }
                self.bare_value(end);
                Ok(())
            }
        }
    }

    fn missing_value(&self, operator: Operator, field: Range<usize>, end: usize) -> SearchError {
        let start = field.start;
        let field = &self.text[field];
        // `span:name` is `span.name`, except behind `has:`.
        let field = if field.contains('"') { field.to_owned() } else { field.replacen(':', ".", 1) };
        let is_plain = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let word = self.text[end..].split_whitespace().next().filter(is_plain);
        let word = word.filter(|word| !matches!(*word, "AND" | "OR" | "NOT") && excerpt(word) == **word).map(str::to_owned);
        let mistake = Mistake::MissingValue { field: excerpt(&field), operator, word };
        SearchError::new(mistake, start..end)
    }

    /// `(a OR b)`, `[a, b]`, `[1 TO 5]`, `{1 TO 5]`, up to what closes it.
    fn set(&mut self, open: char) -> Result<(), SearchError> {
        let start = self.position;
        let stops: Stops = match open {
            '(' => scan::IN_PARENTHESES,
            _ if self.is_range() => scan::IN_RANGE,
            _ => scan::IN_BRACKETS,
        };
        self.take(TokenKind::OpenSet(open), 1);
        loop {
            self.skip_space();
            let Some(c) = self.peek() else {
                return Err(SearchError::new(Mistake::Unclosed { open }, start..start + 1));
            };
            match c {
                c if stops.closers.contains(&c) => {
                    self.take(TokenKind::CloseSet(c), 1);
                    return self.end_at_boundary(self.position);
                }
                ',' if stops.comma => self.take(TokenKind::Comma, 1),
                '(' | '[' => return Err(self.mistake(Mistake::SetInSet, 1)),
                '/' => self.regex_or_value(stops)?,
                c if scan::opens_quote(c) => self.quoted_value()?,
                c => self.set_word(c, stops)?,
            }
        }
    }

    fn set_word(&mut self, first: char, stops: Stops) -> Result<(), SearchError> {
        let start = self.position;
        let end = scan::bare_end(self.text, start, stops)?;
        let word = &self.text[start..end];
        // `-5` is a value; `-pay` looks like an exclusion and would be none.
        let excludes = first == '!' || first == '-' && word[1..].starts_with(char::is_alphabetic);
        match word {
            "OR" => self.push(TokenKind::Or, start, end),
            "TO" => self.push(TokenKind::To, start, end),
            "AND" | "NOT" => return Err(SearchError::new(Mistake::NotInSet { found: word.to_owned() }, start..end)),
            _ if excludes => return Err(SearchError::new(Mistake::NotInSet { found: first.to_string() }, start..start + 1)),
            _ => self.bare_value(end),
        }
        Ok(())
    }

    fn regex_or_value(&mut self, stops: Stops) -> Result<(), SearchError> {
        match scan::slash(self.text, self.position) {
            Slash::Regex { close, end } => self.push(TokenKind::RegexValue(self.raw_regex(close, end)), self.position, end),
            Slash::Path => {
                let end = scan::bare_end(self.text, self.position, stops)?;
                self.bare_value(end);
            }
            Slash::Unclear { end } => return Err(SearchError::new(Mistake::RegexWithSpaces, self.position..end)),
        }
        Ok(())
    }

    fn quoted_value(&mut self) -> Result<(), SearchError> {
        let start = self.position;
        let quoted = scan::quoted(self.text, start)?;
        self.end_at_boundary(quoted.end)?;
        self.push(TokenKind::QuotedValue(quoted.text), start, quoted.end);
        Ok(())
    }

    fn bare_value(&mut self, end: usize) {
        let value = self.text[self.position..end].to_owned();
        self.push(TokenKind::Value(value), self.position, end);
    }

    /// Whether the bracket here opens a range: one value, then `TO`.
    fn is_range(&self) -> bool {
        let inside = self.position + 1;
        let start = self.text.len() - self.text[inside..].trim_start().len();
        let end = match self.text[start..].chars().next() {
            Some(c) if scan::opens_quote(c) => scan::quoted(self.text, start).map(|quoted| quoted.end),
            _ => scan::bare_end(self.text, start, scan::IN_RANGE),
        };
        let to = end.ok().and_then(|end| self.text[end..].trim_start().strip_prefix("TO"));
        to.is_some_and(|rest| rest.starts_with(char::is_whitespace))
    }
}
