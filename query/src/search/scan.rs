//! How far a key, a bare text, a quoted text or a regular expression reaches. Positions are byte offsets at character boundaries.

use super::{
    error::SearchError,
    mistake::Mistake,
    pattern::{Wildcard, WildcardPart},
};

/// What ends a bare text, besides white space and the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stops {
    /// Closing brackets that the text did not open itself.
    pub closers: &'static [char],
    pub comma: bool,
}

/// Words, and values outside of sets.
pub(super) const IN_TERM: Stops = Stops { closers: &[')', '}'], comma: false };
pub(super) const IN_PARENTHESES: Stops = Stops { closers: &[')'], comma: true };
pub(super) const IN_BRACKETS: Stops = Stops { closers: &[']'], comma: true };
pub(super) const IN_RANGE: Stops = Stops { closers: &[']', '}'], comma: false };

/// What ends after a quoted text or a regular expression may follow it directly.
pub(super) fn is_boundary(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, ')' | ']' | '}' | ','))
}

/// The end of the field name that begins at `start`; `start` when none does.
pub(super) fn key_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    if !rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '$')) {
        return start;
    }
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '@' | '$');
    rest.find(|c| !is_key(c)).map_or(text.len(), |length| start + length)
}

/// Whether `text` can stand before any operator without quotes. `a->b` is an arrow, no comparison.
pub(super) fn is_key(text: &str) -> bool {
    !text.is_empty() && key_end(text, 0) == text.len() && !text.ends_with('-')
}

/// The end of the bare text that begins at `start`. Brackets that open inside it belong to it with what closes them: `/users/{id}`.
///
/// # Errors
/// When a quote begins inside.
pub(super) fn bare_end(text: &str, start: usize, stops: Stops) -> Result<usize, SearchError> {
    let mut open = Vec::new();
    let mut chars = text[start..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return Err(SearchError::new(Mistake::QuoteInWord, start + offset..start + offset + 1)),
            ',' if stops.comma && open.is_empty() => return Ok(start + offset),
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.last() == Some(&c) => drop(open.pop()),
            _ if c.is_whitespace() || stops.closers.contains(&c) => return Ok(start + offset),
            _ => {}
        }
    }
    Ok(text.len())
}

/// A quoted text without its quotes.
#[derive(Debug)]
pub(super) struct Quoted {
    pub text: String,
    pub end: usize,
}

pub(super) fn opens_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '”')
}

/// The quoted text whose opening quote is at `start`. What word processors make of quotes is accepted.
///
/// `\"`, `\\`, `\n`, `\r` and `\t` are escapes; any other backslash stays, so that `"\d+"` needs no second one.
///
/// # Errors
/// When the quote is never closed.
pub(super) fn quoted(text: &str, start: usize) -> Result<Quoted, SearchError> {
    let mut chars = text[start..].char_indices();
    let (_, open) = chars.next().expect("the caller saw the quote");
    let closes = |c: char| if open == '“' || open == '”' { matches!(c, '“' | '”') } else { c == open };
    let mut unquoted = String::new();
    while let Some((offset, c)) = chars.next() {
        if closes(c) {
            return Ok(Quoted { text: unquoted, end: start + offset + c.len_utf8() });
        }
        if c != '\\' {
            unquoted.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => unquoted.push('\n'),
            Some((_, 'r')) => unquoted.push('\r'),
            Some((_, 't')) => unquoted.push('\t'),
            Some((_, c)) if c == '\\' || closes(c) => unquoted.push(c),
            Some((_, c)) => unquoted.extend(['\\', c]),
            None => {}
        }
    }
    Err(SearchError::new(Mistake::UnclosedQuote { quote: open }, start..start + open.len_utf8()))
}

/// What a text that begins with a slash is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slash {
    /// A regular expression; `close` is its second slash, `end` behind its flag.
    Regex { close: usize, end: usize },
    /// A path.
    Path,
    /// It ends like a regular expression, but has spaces: too much of a guess.
    Unclear { end: usize },
}

/// Tells `/^pay-.*/` from `/api/v1/pay`: a regular expression ends at its first slash, and nothing follows it.
pub(super) fn slash(text: &str, start: usize) -> Slash {
    let mut open = Vec::new();
    let mut word_start = start;
    let mut spaces = false;
    let mut ends_at_space = false;
    let mut before = '/';
    let mut chars = text[start + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        let at = start + 1 + offset;
        match c {
            '\\' => drop(chars.next()),
            '"' if spaces => return Slash::Path,
            '/' => {
                let end = if text[at + 1..].starts_with('i') && is_boundary(text, at + 2) { at + 2 } else { at + 1 };
                let starts_a_value = before.is_whitespace() || matches!(before, ':' | '=' | '<' | '>' | '~' | '-' | '!' | '(');
                return match spaces {
                    true if ends_at_space => Slash::Path,
                    _ if at == start + 1 || !is_boundary(text, end) => Slash::Path,
                    false => Slash::Regex { close: at, end },
                    true if starts_a_value => Slash::Path,
                    true => Slash::Unclear { end },
                };
            }
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            _ if open.last() == Some(&c) => drop(open.pop()),
            '"' | ')' | ']' | '}' => ends_at_space = true,
            _ if c.is_whitespace() => {
                if ends_at_space || matches!(&text[word_start..at], "AND" | "OR" | "NOT" | "TO") {
                    return Slash::Path;
                }
                spaces = true;
                word_start = at + c.len_utf8();
            }
            _ => {}
        }
        before = c;
    }
    Slash::Path
}

/// What stands between slashes, with `\/` read as a slash.
pub(super) fn with_plain_slashes(inner: &str) -> String {
    let mut pattern = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('/') => pattern.push('/'),
                escaped => pattern.extend(std::iter::once(c).chain(escaped)),
            },
            c => pattern.push(c),
        }
    }
    pattern
}

/// A bare text without its escapes: a backslash takes its meaning from any sign that is neither letter nor digit (`C:\temp` stays).
pub(super) fn unescaped(raw: &str) -> String {
    characters(raw).map(|(c, _)| c).collect()
}

/// A bare text with wildcards, or `None` when it has none. A star or question mark that is text has a backslash.
pub(super) fn wildcard(raw: &str) -> Option<Wildcard> {
    Wildcard::new(characters(raw).map(|(c, escaped)| match c {
        '*' if !escaped => WildcardPart::Any,
        '?' if !escaped => WildcardPart::One,
        c => WildcardPart::Text(c.into()),
    }))
}

/// The characters of a bare text, and whether each was escaped.
fn characters(raw: &str) -> impl Iterator<Item = (char, bool)> {
    let mut chars = raw.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        match chars.peek() {
            Some(next) if c == '\\' && !next.is_alphanumeric() => chars.next().map(|next| (next, true)),
            _ => Some((c, false)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |text: &str, expected: &str| assert_eq!(&text[..key_end(text, 0)], expected, "{text:?}");
        check("http.route:/x", "http.route");
        check("k8s.pod.labels.app.kubernetes.io/name:x", "k8s.pod.labels.app.kubernetes.io/name");
        check("@timestamp>now-1h", "@timestamp");
        check("订单号:5001", "订单号");
        check("9lives", "");
        check("-x", "");
        check("", "");
    }

    #[test]
    fn bare_texts() {
        let check = |text: &str, stops: Stops, expected: &str| {
            assert_eq!(bare_end(text, 0, stops).map(|end| &text[..end]), Ok(expected), "{text:?}");
        };
        check("https://shop.example/cart?id=5&x=[1] next", IN_TERM, "https://shop.example/cart?id=5&x=[1]");
        check("/users/{id}/orders} >> {", IN_TERM, "/users/{id}/orders");
        check("pay.(*Server).Charge) AND", IN_TERM, "pay.(*Server).Charge");
        check("a,b", IN_TERM, "a,b");
        check("a,b", IN_BRACKETS, "a");
        check("f(a,b), c", IN_PARENTHESES, "f(a,b)");
        check(r"GET\ /api x", IN_TERM, r"GET\ /api");
        check("x]", IN_TERM, "x]");
        check("x]", IN_RANGE, "x");
        check("trailing\\", IN_TERM, "trailing\\");
        assert!(bare_end("a\"b", 0, IN_TERM).is_err());
    }

    #[test]
    fn quoted_texts() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(quoted(text, 0).ok().map(|quoted| quoted.text).as_deref(), expected, "{text:?}")
        };
        check(r#""lock lost" x"#, Some("lock lost"));
        check(r#""a \"b\" \\ \n""#, Some("a \"b\" \\ \n"));
        check(r#""\d+\.\w""#, Some(r"\d+\.\w"));
        check("'it is \"so\"'", Some("it is \"so\""));
        check("“锁丢失”", Some("锁丢失"));
        check("”锁丢失”", Some("锁丢失"));
        check("\"\"", Some(""));
        check("\"lock", None);
        check("\"lock\\", None);
        check("\"lock\\\"", None);
    }

    #[test]
    fn regular_expressions_and_paths() {
        use Slash::{Path, Regex, Unclear};
        let check = |text: &str, expected: Slash| assert_eq!(slash(text, 0), expected, "{text:?}");
        check("/^pay-.*/", Regex { close: 8, end: 9 });
        check("/pay/i AND", Regex { close: 4, end: 6 });
        check(r"/a\/b/)", Regex { close: 5, end: 6 });
        check("/(a|b)/", Regex { close: 6, end: 7 });
        check("/health/", Regex { close: 7, end: 8 });
        for path in [
            "/",
            "//",
            "//cdn/",
            "/health",
            "/api/v1/pay",
            "/api/v1/pay/",
            "/health AND -http.route:/ready",
            "/health AND peer:abc/",
            "/health -url.path:/ AND x",
            "/x} >> {dir:tmp/}",
            "/x) OR dir:tmp/",
            "/x \"tmp/ y\"",
            "/pay/x",
        ] {
            check(path, Path);
        }
        check("/connection reset/ AND x", Unclear { end: 18 });
        check("/[a b]/", Unclear { end: 7 });
    }

    #[test]
    fn escapes() {
        let check = |raw: &str, expected: &str| assert_eq!(unescaped(raw), expected, "{raw:?}");
        check(r"5001\*", "5001*");
        check(r"C:\temp\new", r"C:\temp\new");
        check(r"\\server\share", r"\server\share");
        check(r"a\ b", "a b");
        check(r"a\", r"a\");
    }
}
