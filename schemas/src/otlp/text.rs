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
    fn json_strings_read_back_as_they_were() {
        let every_ascii: String = (0..128u8).map(char::from).collect();
        for text in ["", "plain", "with \"quotes\" and \\", "日本語 \u{2028} 🦀", &every_ascii] {
            let mut json = String::new();
            write_json_string(&mut json, text);
            assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }
    }
}
