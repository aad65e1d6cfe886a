//! How a text is written so that it reads back as itself: as it is where possible, else with quotes or backslashes.
//!
//! Whether a text can stand as it is depends on many rules of the lexer, so the lexer itself is asked.

use super::{
    lex::lex,
    pattern::{Regex, Wildcard, WildcardPart},
    scan,
    token::{Token, TokenKind},
};

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Context<'a> {
    Word,
    /// Behind this field and operator: `span:name` is a field of its own, `peer:name` is none.
    Value(&'a str),
    Set,
    Range,
    /// Behind a colon, as a regular expression.
    Regex,
}

/// A word without a field. A word that cannot be one (`AND`, nothing) becomes a phrase.
pub(super) fn word(text: &str) -> String {
    let reads_back = |raw: &str| scan::wildcard(raw).is_none() && scan::unescaped(raw) == text && stands(raw, Context::Word);
    let escaped = escape_all(text);
    match text {
        _ if reads_back(text) => text.to_owned(),
        _ if reads_back(&escaped) => escaped,
        _ => quoted(text),
    }
}

pub(super) fn value(text: &str, context: Context<'_>) -> String {
    let is_plain = !text.contains(['*', '?', '\\']) && stands(text, context);
    if is_plain { text.to_owned() } else { quoted(text) }
}

pub(super) fn wildcard(wildcard: &Wildcard, context: Context<'_>) -> String {
    let spelled = |text: fn(&str) -> String| -> String {
        wildcard
            .parts()
            .iter()
            .map(|part| match part {
                WildcardPart::Text(part) => text(part),
                WildcardPart::One => "?".to_owned(),
                WildcardPart::Any => "*".to_owned(),
            })
            .collect()
    };
    let short = spelled(escape_some);
    let reads_back = scan::wildcard(&short).as_ref() == Some(wildcard) && stands(&short, context);
    if reads_back { short } else { spelled(escape_all) }
}

/// Between double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the pattern can stand between slashes with not a character changed.
pub(super) fn is_exact(regex: &Regex) -> bool {
    let inner = between_slashes(regex);
    scan::with_plain_slashes(&inner) == regex.pattern() && stands(&format!("/{inner}/"), Context::Regex)
}

/// Between slashes. What cannot stand there is written as an escape of the same meaning.
pub(super) fn slashed(regex: &Regex) -> String {
    format!("/{}/", between_slashes(regex))
}

fn between_slashes(regex: &Regex) -> String {
    let mut inner = String::new();
    let mut chars = regex.pattern().chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => inner.extend(std::iter::once(c).chain(chars.next())),
            '/' => inner.push_str("\\/"),
            c if c.is_whitespace() => inner.push_str(&format!("\\x{{{:x}}}", u32::from(c))),
            c => inner.push(c),
        }
    }
    if inner.is_empty() { "(?:)".to_owned() } else { inner }
}

fn escape_some(text: &str) -> String {
    escape(text, |c| matches!(c, '*' | '?' | '\\' | '"' | ',') || c.is_whitespace())
}

fn escape_all(text: &str) -> String {
    escape(text, |c| !c.is_alphanumeric())
}

fn escape(text: &str, needs_escape: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if needs_escape(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Whether `raw` is one token where it stands, also when a bracket closes right behind it.
fn stands(raw: &str, context: Context<'_>) -> bool {
    let between = |before: &str, after: char| {
        let tokens = lex(&format!("{before}{raw}{after}"));
        let is_it = |token: &Token| {
            let kind = match context {
                Context::Word => matches!(token.kind, TokenKind::Word(_)),
                Context::Value(_) | Context::Set | Context::Range => matches!(token.kind, TokenKind::Value(_)),
                Context::Regex => matches!(token.kind, TokenKind::RegexValue(_)),
            };
            kind && token.place.range() == (before.len()..before.len() + raw.len())
        };
        let broken = tokens.iter().any(|token| matches!(token.kind, TokenKind::Broken(_)));
        let closed = tokens.last().is_some_and(|last| last.place.range().len() == after.len_utf8());
        !broken && closed && tokens.iter().any(is_it)
    };
    match context {
        Context::Word => between("(", ')') && between("{", '}'),
        Context::Value(test) => between(&format!("({test}"), ')') && between(&format!("{{{test}"), '}'),
        Context::Regex => between("(a:", ')') && between("{a:", '}'),
        Context::Set => between("a:(x OR ", ')'),
        Context::Range => between("a:[x TO ", ']') && between("a:[x TO ", '}'),
    }
}
