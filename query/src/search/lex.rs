//! Text to tokens. What a sign means depends on where it stands: `/users/{id}` is one value, `{service:web}` is not.
//!
//! A field brings its operator and its value along, so that values have their own rules: nearly everything people paste (URLs, paths,
//! routes, ids, text in any script) is a value as it is, up to white space or a bracket that closes something outside.
//! After a mistake the rest is read on from the next white space; the parser stops at the mistake, completion does not.

use super::{
    error::SearchError,
    field::Level,
    mistake::{Mistake, excerpt},
    scan::{self, Slash},
    token::{Operator, RawField, RawRegex, Token, TokenKind},
    value::Readings,
};

pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, position: 0, tokens: Vec::new() };
    loop {
        lexer.skip_space();
        if lexer.position == text.len() {
            return lexer.tokens;
        }
        if let Err(error) = lexer.term() {
            lexer.skip_mistake(error);
        }
    }
}

pub(super) struct Lexer<'t> {
    pub(super) text: &'t str,
    pub(super) position: usize,
    tokens: Vec<Token>,
}

impl<'t> Lexer<'t> {
    /// One token, or a field with operator and value. Moves on, or fails.
    fn term(&mut self) -> Result<(), SearchError> {
        let start = self.position;
        let first = self.peek().expect("the caller saw that text is left");
        match first {
            '(' => self.take(TokenKind::Open, 1),
            ')' => self.take(TokenKind::Close, 1),
            '{' => self.take(TokenKind::OpenBrace, 1),
            '}' => self.take(TokenKind::CloseBrace, 1),
            '>' if self.starts_with(">>") => self.take(TokenKind::Descendant, 2),
            '>' if !self.starts_with(">=") => self.take(TokenKind::Child, 1),
            '-' | '!' if !self.starts_with("!=") && !self.starts_with("!~") => return self.minus(first),
            '"' | '\'' | '“' | '”' => return self.phrase_or_field(),
            '/' => return self.regex_or_word(),
            ':' | '=' | '<' | '>' | '!' => return Err(self.missing_field(start)),
            '&' if self.starts_with("&&") => return Err(self.mistake(Mistake::Foreign { found: "&&", meant: "AND" }, 2)),
            '|' if self.starts_with("||") => return Err(self.mistake(Mistake::Foreign { found: "||", meant: "OR" }, 2)),
            '|' => return Err(self.mistake(Mistake::Pipe, 1)),
            '（' => return Err(self.mistake(Mistake::FullWidth { found: first, meant: '(' }, first.len_utf8())),
            '）' => return Err(self.mistake(Mistake::FullWidth { found: first, meant: ')' }, first.len_utf8())),
            _ => return self.field_or_word(),
        }
        Ok(())
    }

    fn minus(&mut self, symbol: char) -> Result<(), SearchError> {
        let followed = self.text[self.position + 1..].starts_with(|c: char| !c.is_whitespace());
        if !followed {
            return Err(self.mistake(Mistake::LoneMinus { symbol }, 1));
        }
        self.take(TokenKind::Minus, 1);
        Ok(())
    }

    fn phrase_or_field(&mut self) -> Result<(), SearchError> {
        let start = self.position;
        let quoted = scan::quoted(self.text, start)?;
        if let Some(operator) = self.operator_start(quoted.end) {
            self.push(TokenKind::Field(RawField { bare: String::new(), quoted: Some(quoted.text) }), start, quoted.end);
            return self.operator_and_value(start, operator);
        }
        self.end_at_boundary(quoted.end)?;
        self.push(TokenKind::Phrase(quoted.text), start, quoted.end);
        Ok(())
    }

    fn regex_or_word(&mut self) -> Result<(), SearchError> {
        match scan::slash(self.text, self.position) {
            Slash::Regex { close, end } => self.push(TokenKind::Regex(self.raw_regex(close, end)), self.position, end),
            // As words the same text finds what the expression was meant to find, so a guess does no harm.
            Slash::Path | Slash::Unclear { .. } => self.word()?,
        }
        Ok(())
    }

    fn field_or_word(&mut self) -> Result<(), SearchError> {
        if self.keyword() {
            return Ok(());
        }
        let start = self.position;
        let key_end = scan::key_end(self.text, start);
        let key = &self.text[start..key_end];
        if key == "has" && self.is_colon(key_end) {
            self.push(TokenKind::Has, start, key_end + 1);
            return self.has_field();
        }
        if let Some((field, end)) = self.field(start, key_end)?
            && let Some(operator) = self.operator_start(end)
        {
            self.push(TokenKind::Field(field), start, end);
            return self.operator_and_value(start, operator);
        }
        if key_end > start && key.is_ascii() {
            self.refuse_full_width_operator(key_end)?;
        }
        self.word()
    }

    /// The field that begins at `start` with the key up to `key_end`, and where it ends; quoted keys and `level:key` included.
    fn field(&self, start: usize, key_end: usize) -> Result<Option<(RawField, usize)>, SearchError> {
        let key = &self.text[start..key_end];
        if key.is_empty() {
            return Ok(None);
        }
        let is_level = |name: &str| name == "trace" || Level::from_name(name).is_some();
        if self.text[key_end..].starts_with('"') && key.strip_suffix('.').is_some_and(is_level) {
            let quoted = scan::quoted(self.text, key_end)?;
            return Ok(Some((RawField { bare: key.to_owned(), quoted: Some(quoted.text) }, quoted.end)));
        }
        if is_level(key) && self.is_colon(key_end) {
            let end = scan::key_end(self.text, key_end + 1);
            if end > key_end + 1 && self.operator_start(end).is_some_and(|operator| operator == end) {
                return Ok(Some((RawField { bare: format!("{key}.{}", &self.text[key_end + 1..end]), quoted: None }, end)));
            }
        }
        Ok(Some((RawField { bare: key.to_owned(), quoted: None }, key_end)))
    }

    fn has_field(&mut self) -> Result<(), SearchError> {
        let start = self.position;
        let key_end = scan::key_end(self.text, start);
        let (field, end) = if self.peek().is_some_and(scan::opens_quote) {
            let quoted = scan::quoted(self.text, start)?;
            (RawField { bare: String::new(), quoted: Some(quoted.text) }, quoted.end)
        } else if let Some(field) = self.field(start, key_end)? {
            field
        } else {
            return Ok(());
        };
        self.end_at_boundary(end)?;
        self.push(TokenKind::Field(field), start, end);
        Ok(())
    }

    /// Where the operator of a field that ends at `end` begins. A comparison may have spaces around it, a colon touches both sides.
    fn operator_start(&self, end: usize) -> Option<usize> {
        let rest = &self.text[end..];
        match rest.chars().next()? {
            ':' => self.is_colon(end).then_some(end),
            '>' if self.text[..end].ends_with('-') => None,
            '=' | '<' | '>' => Some(end),
            '!' => (rest.starts_with("!=") || rest.starts_with("!~")).then_some(end),
            '~' => rest[1..].starts_with(['"', '/', '=', '!']).then_some(end),
            c if c.is_whitespace() => {
                let next = rest.trim_start();
                let compares = ["=", "<", ">", "!=", "!~", "~="].iter().any(|symbol| next.starts_with(symbol));
                compares.then_some(self.text.len() - next.len())
            }
            _ => None,
        }
    }

    /// A colon that is neither the one of `https://` nor one of `std::sync`.
    fn is_colon(&self, at: usize) -> bool {
        self.text[at..].strip_prefix(':').is_some_and(|rest| !rest.starts_with(':') && !rest.starts_with("//"))
    }

    /// `key：value`, as an input method for Chinese writes it. After a key in Chinese it is prose.
    fn refuse_full_width_operator(&self, at: usize) -> Result<(), SearchError> {
        const MEANT: [(char, char); 4] = [('：', ':'), ('＝', '='), ('＞', '>'), ('＜', '<')];
        match MEANT.into_iter().find(|(found, _)| self.text[at..].starts_with(*found)) {
            Some((found, meant)) => Err(SearchError::new(Mistake::FullWidth { found, meant }, at..at + found.len_utf8())),
            None => Ok(()),
        }
    }

    /// Takes `AND`, `OR` or `NOT`, if one stands here for itself.
    fn keyword(&mut self) -> bool {
        const KEYWORDS: [(&str, TokenKind); 3] = [("AND", TokenKind::And), ("OR", TokenKind::Or), ("NOT", TokenKind::Not)];
        for (keyword, kind) in KEYWORDS {
            let ends = |rest: &str| rest.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '{' | '}' | '"'));
            if self.text[self.position..].strip_prefix(keyword).is_some_and(ends) {
                self.take(kind, keyword.len());
                return true;
            }
        }
        false
    }

    fn word(&mut self) -> Result<(), SearchError> {
        let start = self.position;
        let end = scan::bare_end(self.text, start, scan::IN_TERM)?;
        self.refuse_number_first(start, end)?;
        self.push(TokenKind::Word(self.text[start..end].to_owned()), start, end);
        Ok(())
    }

    /// `200ms<duration`
    fn refuse_number_first(&self, start: usize, end: usize) -> Result<(), SearchError> {
        let Some(length) = self.text[start..end].find(['<', '>']) else { return Ok(()) };
        let left = Readings::of(&self.text[start..start + length]);
        if left.number.is_none() && left.duration_ns.is_none() && left.size_bytes.is_none() {
            return Ok(());
        }
        Err(self.missing_field(start + length))
    }

    /// An operator at `start` where a field should be.
    fn missing_field(&self, start: usize) -> SearchError {
        let symbol = self.operator_symbol(start);
        SearchError::new(Mistake::MissingField { symbol: excerpt(symbol) }, start..start + symbol.len())
    }

    fn operator_and_value(&mut self, field_start: usize, start: usize) -> Result<(), SearchError> {
        let field_end = self.position;
        let symbol = self.operator_symbol(start);
        let end = start + symbol.len();
        let Some(operator) = Operator::read(symbol) else {
            let mistake = match symbol {
                ">>" => Mistake::RelationWithoutBraces { symbol: ">>" },
                _ => Mistake::UnknownOperator { found: excerpt(symbol), meant: Operator::meant_by(symbol) },
            };
            return Err(SearchError::new(mistake, start..end));
        };
        self.push(TokenKind::Operator(operator), start, end);
        self.value(operator, field_start..field_end)
    }

    /// The longest run of operator signs; a colon only begins one.
    fn operator_symbol(&self, start: usize) -> &'t str {
        let rest = &self.text[start..];
        let is_sign = |c: char| matches!(c, '=' | '<' | '>' | '!' | '~');
        let end = rest.char_indices().find(|(at, c)| !(is_sign(*c) || *at == 0)).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    /// The regular expression that begins here.
    pub(super) fn raw_regex(&self, close: usize, end: usize) -> RawRegex {
        RawRegex { inner: self.text[self.position + 1..close].to_owned(), ignore_case: end > close + 1 }
    }

    pub(super) fn end_at_boundary(&self, end: usize) -> Result<(), SearchError> {
        match self.text[end..].chars().next() {
            Some(c) if !scan::is_boundary(self.text, end) => Err(SearchError::new(Mistake::Glued, end..end + c.len_utf8())),
            _ => Ok(()),
        }
    }

    pub(super) fn mistake(&self, mistake: Mistake, bytes: usize) -> SearchError {
        SearchError::new(mistake, self.position..self.position + bytes)
    }

    pub(super) fn take(&mut self, kind: TokenKind, bytes: usize) {
        self.push(kind, self.position, self.position + bytes);
    }

    pub(super) fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token { kind, place: (start..end).into() });
        self.position = end;
    }

    pub(super) fn skip_space(&mut self) {
        self.position = self.text.len() - self.text[self.position..].trim_start().len();
    }

    fn skip_mistake(&mut self, error: SearchError) {
        let from = error.range.end.max(self.position);
        let end = match error.mistake {
            Mistake::UnclosedQuote { .. } => self.text.len(),
            _ => self.text[from..].find(char::is_whitespace).map_or(self.text.len(), |length| from + length),
        };
        self.push(TokenKind::Broken(error.clone()), error.range.start, end);
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        self.text[self.position..].starts_with(prefix)
    }
}
