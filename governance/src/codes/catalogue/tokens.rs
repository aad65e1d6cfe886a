//! Source text of protobuf and Java as words, texts and signs, with lines and the comments before and beside them.

use super::entry::ImportError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or number: letters, digits, `_`, `.`, a sign before digits.
    Word(String),
    /// A string literal, unescaped.
    Text(String),
    Sign(char),
    /// A comment without its marks.
    Comment(String),
}

#[derive(Debug, Clone)]
pub(super) struct At {
    pub line: usize,
    pub token: Token,
}

/// Longest source that is read.
const BYTES_MAX: usize = 4 << 20;

/// # Errors
/// When a literal or comment is not closed, or the source is too long.
pub(super) fn tokens(source: &str) -> Result<Vec<At>, ImportError> {
    if source.len() > BYTES_MAX {
        return Err(ImportError { line: 1, what: format!("the source has {} bytes, {BYTES_MAX} at most", source.len()) });
    }
    let mut all = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let fail = |what: &str| ImportError { line, what: what.to_owned() };
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            (Some(Token::Comment(rest[2..end].trim_start_matches('/').trim().to_owned())), end)
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or_else(|| fail("a comment is not closed"))?;
            (Some(Token::Comment(block(&rest[2..end.max(2)]))), end + 2)
        } else if first == '"' || first == '\'' {
            let (text, length) = literal(rest, first).ok_or_else(|| fail("a text is not closed"))?;
            (Some(Token::Text(text)), length)
        } else if is_word(first) || (first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let end = 1 + rest.char_indices().skip(1).find(|(_, c)| !is_word(*c)).map_or(rest.len(), |(at, _)| at) - 1;
            (Some(Token::Word(rest[..end].to_owned())), end)
        } else {
            (Some(Token::Sign(first)), first.len_utf8())
        };
        all.extend(token.map(|token| At { line, token }));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    Ok(all)
}

impl At {
    pub fn word(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn is(&self, sign: char) -> bool {
        self.token == Token::Sign(sign)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The text of a literal that starts `rest`, and its bytes with the quotes.
fn literal(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push(' '),
                'u' => {
                    let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
                }
                other => text.push(other),
            },
            c if c == quote => return Some((text, at + quote.len_utf8())),
            c => text.push(c),
        }
    }
    None
}

/// The lines of a block comment without the stars that decorate them.
fn block(inside: &str) -> String {
    let lines =
        inside.lines().map(|line| line.trim().trim_start_matches('*').trim()).filter(|line| !line.is_empty() && !line.starts_with('@'));
    lines.collect::<Vec<_>>().join(" ")
}
