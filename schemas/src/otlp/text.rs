//! Strings as senders really write them: not always UTF-8.

use std::borrow::Cow;

/// The string in `bytes`, with U+FFFD for what is not UTF-8; `repaired` counts the strings changed.
#[inline]
pub(crate) fn utf8<'a>(bytes: &'a [u8], repaired: &mut u64) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            *repaired += 1;
            String::from_utf8_lossy(bytes)
        }
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn write_json_string(json: &mut String, text: &str) {
    json.push('"');
    // Without an early exit, so that it compiles to vector instructions.
    if text.bytes().fold(false, |any, byte| any | needs_escape(byte)) {
        write_escaped(json, text);
    } else {
        json.push_str(text);
    }
    json.push('"');
}

/// Bytes of `text` that are more than themselves in a column: a JSON escape is up to six bytes, U+FFFD for a byte that is not UTF-8 three.
/// In a string that needs repair every byte that is not ASCII counts.
#[inline]
pub(crate) fn growing_bytes(text: &[u8]) -> u64 {
    if is_plain(text) { 0 } else { count_growing_bytes(text) }
}

fn count_growing_bytes(text: &[u8]) -> u64 {
    let count = |grows: fn(u8) -> bool| text.iter().filter(|byte| grows(**byte)).count() as u64;
    let repaired = if std::str::from_utf8(text).is_ok() { 0 } else { count(|byte| !byte.is_ascii()) };
    count(needs_escape) + repaired
}

/// Whether `text` is ASCII without anything to escape. Every string of every request is asked, so eight bytes are looked at together.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let (words, _) = text.as_chunks();
    match text.last_chunk() {
        Some(last) => words.iter().chain([last]).all(|word| is_plain_word(u64::from_le_bytes(*word))),
        None => text.iter().all(|byte| byte.is_ascii() && !needs_escape(*byte)),
    }
}

#[inline]
fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // The highest bit of each byte: whether that byte, below 0x80, is below `limit`. Exact for the lowest byte that is, which is enough.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (word | below(word, 0x20) | equal(b'"') | equal(b'\\')) & (ONES << 7) == 0
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escaped(json: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..='\x1f' => {
                let code = character as usize;
                json.push_str("\\u00");
                json.push(HEX[code >> 4]);
                json.push(HEX[code & 15]);
            }
            _ => json.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_utf8_is_repaired_and_counted() {
        let mut repaired = 0;
        assert_eq!(utf8("schön".as_bytes(), &mut repaired), "schön");
        assert_eq!(repaired, 0);
        assert_eq!(utf8(b"a\xffb\xed\xa0\x80", &mut repaired), "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(repaired, 1);
    }

    #[test]
    fn bytes_that_grow_are_counted_wherever_they_are() {
        let check = |text: &[u8], expected: u64| assert_eq!(growing_bytes(text), expected, "{text:?}");
        check(b"", 0);
        check("日本語 🦀 schön".as_bytes(), 0);
        check("日本語 \n".as_bytes(), 1);
        check(b"sch\xf6n \xc3\xb6", 3);
        for byte in 0..=255u8 {
            let grows = u64::from(needs_escape(byte) || !byte.is_ascii());
            for length in 1..20 {
                for place in 0..length {
                    let mut text = vec![b'~'; length];
                    text[place] = byte;
                    check(&text, grows);
                }
            }
            check(&[byte; 100], grows * 100);
        }
    }

    #[test]
    fn json_strings_read_back_as_they_were() {
        let every_ascii: String = (0..128u8).map(char::from).collect();
        for text in ["", "plain", "with \"quotes\" and \\", "日本語 \u{2028} 🦀", &every_ascii] {
            let mut json = String::new();
            write_json_string(&mut json, text);
            assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }
    }
}
