//! The same kind of error has the same fingerprint: the message without what differs each time.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::finding::cut;

/// Of longer messages only the start counts.
const BYTES_MAX: usize = 1 << 10;

/// A hash of the masked message, and never 0.
pub fn fingerprint(message: &str) -> u64 {
    xxh3_64(mask(message).as_bytes()).max(1)
}

/// The message with numbers, ids and quoted parts replaced, and white space made one blank.
///
/// ```
/// assert_eq!(governance::codes::extract::mask("user 42 has no 'gold' card"), "user # has no '…' card");
/// ```
pub fn mask(message: &str) -> Cow<'_, str> {
    let message = cut(message, BYTES_MAX).trim();
    let mut masked = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let taken = if first.is_whitespace() {
            masked.push(' '); // Many blanks count as one.
            rest.len() - rest.trim_start().len()
        } else if let Some(length) = quoted(rest, first, &masked) {
            masked.push(first);
            masked.push('…');
            masked.push(closing(first));
            length
        } else if is_uuid(rest) {
            masked.push('#');
            UUID_BYTES
        } else if first.is_ascii_alphanumeric() {
            let word = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
            push_word(&mut masked, word);
            word.len()
        } else if first == '-' && masked.ends_with('#') {
            // The dashes of a uuid, a date or a range.
            first.len_utf8()
        } else {
            masked.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    if masked == message { Cow::Borrowed(message) } else { Cow::Owned(masked) }
}

const UUID_BYTES: usize = 36;

fn is_uuid(rest: &str) -> bool {
    rest.as_bytes().get(..UUID_BYTES).is_some_and(|bytes| {
        bytes.iter().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    })
}

/// Bytes of a quoted part at the start of `rest`. An apostrophe inside a word opens none.
fn quoted(rest: &str, first: char, before: &str) -> Option<usize> {
    let close = closing(first);
    if close == '\0' || (first == '\'' && before.ends_with(|c: char| c.is_alphanumeric())) {
        return None;
    }
    let inside = &rest[first.len_utf8()..];
    inside.find(close).map(|end| first.len_utf8() + end + close.len_utf8())
}

fn closing(open: char) -> char {
    match open {
        '"' | '\'' | '`' => open,
        '“' => '”',
        '「' => '」',
        _ => '\0',
    }
}

/// A word of digits, or of eight and more hex digits with a digit among them, is an id; digits inside other words are masked alone.
fn push_word(masked: &mut String, word: &str) {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let has_digit = digits.contains(|c: char| c.is_ascii_digit());
    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if !has_digit {
        masked.push_str(word);
    } else if digits.chars().all(|c| c.is_ascii_digit())
        || (is_hex && (digits.len() >= 8 || masked.ends_with('#') || word.len() > digits.len()))
    {
        if !masked.ends_with('#') {
            masked.push('#');
        }
    } else {
        let mut in_number = masked.ends_with('#');
        for c in word.chars() {
            if !c.is_ascii_digit() {
                masked.push(c);
            } else if !in_number {
                masked.push('#');
            }
            in_number = c.is_ascii_digit();
        }
    }
}
