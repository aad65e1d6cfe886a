//! Rust text with everything hidden that is not code, so that a check can look for words.
//!
//! Comments, string and character literals become spaces; line breaks stay, so line numbers hold.
//! `production` hides the items under `#[cfg(test)]` as well.

pub(crate) struct Code {
    /// All code, tests included.
    pub all: String,
    /// Code without items under `#[cfg(test)]`.
    pub production: String,
}

impl Code {
    pub fn read(text: &str) -> Self {
        let all = hide_text(text);
        let production = hide_tests(&all);
        Self { all, production }
    }
}

/// The words (`[A-Za-z0-9_]+`) of `code` with the byte offset of each.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

/// 1-based line of a byte offset.
pub(crate) fn line_of(code: &str, offset: usize) -> usize {
    code[..offset].matches('\n').count() + 1
}

/// Offsets of `needle` where it is not part of a longer word.
pub(crate) fn find_all<'a>(code: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(needle).map(|(offset, _)| offset).filter(move |&offset| {
        let before = code[..offset].chars().next_back().is_some_and(is_word) && needle.starts_with(is_word);
        let after = code[offset + needle.len()..].chars().next().is_some_and(is_word) && needle.ends_with(is_word);
        !before && !after
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn hide_text(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let end = literal_end(&text[at..], after_word).map_or(at, |length| at + length);
        if end > at {
            out.extend(text[at..end].chars().flat_map(blank));
            at = end;
        } else {
            let c = text[at..].chars().next().expect("at is a character boundary before the end");
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

fn blank(c: char) -> impl Iterator<Item = char> {
    std::iter::repeat_n(if c == '\n' { '\n' } else { ' ' }, c.len_utf8())
}

/// Length of the comment or literal that `text` starts with.
fn literal_end(text: &str, after_word: bool) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment_end(text));
    }
    if text.starts_with('"') {
        return Some(quoted_end(text, 1));
    }
    if text.starts_with('\'') {
        return character_end(text);
    }
    if after_word {
        return None;
    }
    let unprefixed = text.strip_prefix(['b', 'c']).unwrap_or(text);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = prefix + 1 + hashes + 1;
            return Some(text[open..].find(&close).map_or(text.len(), |length| open + length + close.len()));
        }
    }
    if prefix == 1 && unprefixed.starts_with('"') {
        return Some(quoted_end(text, 2));
    }
    None
}

fn block_comment_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn quoted_end(text: &str, open: usize) -> usize {
    let mut escaped = false;
    for (offset, c) in text[open..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return open + offset + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character literal, not a lifetime.
fn character_end(text: &str) -> Option<usize> {
    let mut inside = text[1..].char_indices();
    let (_, first) = inside.next()?;
    if first == '\\' {
        return text[3..].find('\'').map(|length| 3 + length + 1);
    }
    let (close, quote) = inside.next()?;
    (quote == '\'').then_some(1 + close + 1)
}

/// Hides each item that follows `#[cfg(test)]`: to its `;`, or to the end of its braces.
fn hide_tests(code: &str) -> String {
    let mut out = code.to_owned();
    for (start, attribute) in code.match_indices("#[cfg(test)]") {
        let body = start + attribute.len();
        let end = item_end(code, body);
        let hidden: String = code[start..end].chars().flat_map(blank).collect();
        out.replace_range(start..end, &hidden);
    }
    out
}

fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return from + offset + 1;
                }
            }
            ';' if depth == 0 => return from + offset + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, visible: &[&str], hidden: &[&str]) {
        let code = Code::read(text);
        assert_eq!(code.all.len(), text.len(), "{text}");
        assert_eq!(code.all.matches('\n').count(), text.matches('\n').count(), "{text}");
        for word in visible {
            assert!(code.production.contains(word), "{word} is code in {text}");
        }
        for word in hidden {
            assert!(!code.production.contains(word), "{word} is not code in {text}");
        }
    }

    #[test]
    fn only_code_stays() {
        check("let a = 1; // gone\nlet b = 2;", &["let a", "let b"], &["gone"]);
        check("a /* gone /* gone */ gone */ b", &["a ", " b"], &["gone"]);
        check(r#"f("gone \" gone", 'g', kept)"#, &["f(", "kept"], &["gone", "'g'"]);
        check(r###"f(r#"gone " gone"#, br"gone\", kept)"###, &["kept"], &["gone"]);
        check(r#"f(b"gone", c"gone", kept)"#, &["kept"], &["gone"]);
        check("fn f<'kept>(x: &'kept str, c: char) { c == '\\'' || c == '\\u{1F600}' || kept }", &["'kept", "|| kept }"], &["1F600"]);
        check("let s = \"münze gone\"; kept", &["kept"], &["gone", "ü"]);
        check("let attr = 3; let xr = \"gone\"; kept", &["attr", "xr", "kept"], &["gone"]);
    }

    #[test]
    fn tests_are_hidden_from_production() {
        check("fn kept() {}\n#[cfg(test)]\nmod tests {\n fn gone() { let x = { 1 }; }\n}\nfn also() {}", &["kept", "also"], &["gone"]);
        check("#[cfg(test)]\nmod gone;\nfn kept() {}", &["kept"], &["gone"]);
        check("#[cfg(test)]\nuse a::{gone, b};\nfn kept() {}", &["kept"], &["gone"]);
        check("#[cfg(not(test))]\nfn kept() {}", &["kept"], &[]);
    }

    #[test]
    fn words_and_places() {
        assert_eq!(words("a_b::c1 + d").map(|(_, word)| word).collect::<Vec<_>>(), ["a_b", "c1", "d"]);
        assert_eq!(line_of("a\nb\nc", 4), 3);
        assert_eq!(find_all("tokio tokio_util tokio::x", "tokio").count(), 2);
    }
}
