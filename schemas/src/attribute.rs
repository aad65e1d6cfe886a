//! One attribute out of a JSON remainder, without reading the others: what a question about any key costs per row.
//!
//! The text is what `otlp::attributes_json` describes: `{"key": value, …}` with tagged values. Damaged text finds nothing.

use std::borrow::Cow;

use memchr::{memchr2, memmem};

/// A key to look for, prepared once for many rows.
#[derive(Debug, Clone)]
pub struct AttributeKey {
    key: String,
    /// The key as JSON; a row without it in its text is done.
    quoted: memmem::Finder<'static>,
}

/// The value of an attribute as it stands in the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawValue<'a>(&'a str);

impl AttributeKey {
    pub fn new(key: &str) -> Self {
        let quoted = serde_json::to_string(key).unwrap_or_default();
        Self { key: key.to_owned(), quoted: memmem::Finder::new(quoted.as_bytes()).into_owned() }
    }

    /// The first value under the key in the object `json`. No allocation.
    pub fn find<'a>(&self, json: &'a str) -> Option<RawValue<'a>> {
        self.quoted.find(json.as_bytes())?;
        let mut scanner = Scanner { text: json, position: 0 };
        scanner.take(b'{')?;
        loop {
            let name = scanner.string()?;
            scanner.take(b':')?;
            let value = scanner.value()?;
            if unescaped(name).is_some_and(|name| name == self.key) {
                return Some(RawValue(value));
            }
            scanner.take(b',')?;
        }
    }
}

impl<'a> RawValue<'a> {
    /// As text: strings and tagged bytes and doubles without quotes, everything else as JSON. `None` for an empty value.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.0.as_bytes().first()? {
            b'"' => unescaped(self.0.get(1..self.0.len().checked_sub(1)?)?),
            b'{' => match tagged(self.0) {
                Some(("$bytes" | "$double", value)) => RawValue(value).text(),
                Some(("$empty", _)) => None,
                _ => Some(Cow::Borrowed(self.0)),
            },
            _ => Some(Cow::Borrowed(self.0)),
        }
    }

    /// An integer or double as sent, or a string that reads as a number.
    pub fn number(self) -> Option<f64> {
        match self.0.as_bytes().first()? {
            b't' | b'f' | b'[' => None,
            b'"' => self.text()?.trim().parse().ok(),
            b'{' => match tagged(self.0)? {
                ("$double", value) => match RawValue(value).text()?.as_ref() {
                    "NaN" => Some(f64::NAN),
                    "Infinity" => Some(f64::INFINITY),
                    "-Infinity" => Some(f64::NEG_INFINITY),
                    _ => None,
                },
                _ => None,
            },
            _ => self.0.parse().ok(),
        }
    }

    /// An integer as sent, or a string that reads as one.
    pub fn integer(self) -> Option<i64> {
        match self.0.as_bytes().first()? {
            b'"' => self.text()?.trim().parse().ok(),
            _ => self.0.parse().ok(),
        }
    }

    /// `true` or `false` as sent, or as a string.
    pub fn boolean(self) -> Option<bool> {
        match self.0.trim_matches('"') {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// Calls `attribute` with every key and value of the object `json`, repeated ones included. False when the text is damaged: there may be
/// more.
pub fn for_each_attribute<'a>(json: &'a str, mut attribute: impl FnMut(&str, RawValue<'a>)) -> bool {
    let mut scanner = Scanner { text: json, position: 0 };
    let mut read = || {
        scanner.take(b'{')?;
        if scanner.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = unescaped(scanner.string()?)?;
            scanner.take(b':')?;
            let value = scanner.value()?;
            attribute(&key, RawValue(value));
            // A scalar without quotes ends at the next comma or brace: where one is missing, more than a value was read.
            if !value.starts_with(['"', '{', '[']) && value.contains(|c: char| c == '"' || c.is_ascii_whitespace()) {
                return None;
            }
            if scanner.take(b',').is_none() {
                return scanner.take(b'}');
            }
        }
    };
    read().is_some()
}

/// The tag and value of an object with one member whose key starts with `$`.
fn tagged(object: &str) -> Option<(&str, &str)> {
    let mut scanner = Scanner { text: object, position: 0 };
    scanner.take(b'{')?;
    let tag = scanner.string()?;
    scanner.take(b':')?;
    let value = scanner.value()?;
    scanner.take(b'}')?;
    tag.starts_with('$').then_some((tag, value))
}

/// The text between the quotes of a JSON string. Borrowed unless something was escaped.
fn unescaped(inside: &str) -> Option<Cow<'_, str>> {
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str(&format!("\"{inside}\"")).ok().map(Cow::Owned)
}

struct Scanner<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Scanner<'a> {
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.position..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.position += self.bytes().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        self.skip_space();
        if self.bytes().first() != Some(&wanted) {
            return None;
        }
        self.position += 1;
        Some(())
    }

    /// A string; what is between its quotes, escapes as they are.
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.position;
        self.skip_string()?;
        self.text.get(start..self.position - 1)
    }

    /// Past the closing quote of a string whose opening quote is behind.
    fn skip_string(&mut self) -> Option<()> {
        loop {
            let offset = memchr2(b'"', b'\\', self.bytes())?;
            let closes = self.bytes().get(offset) == Some(&b'"');
            self.position += offset + if closes { 1 } else { 2 };
            if closes {
                return Some(());
            }
        }
    }

    /// Any value, as its text.
    fn value(&mut self) -> Option<&'a str> {
        self.skip_space();
        let start = self.position;
        match self.bytes().first()? {
            b'"' => {
                self.position += 1;
                self.skip_string()?;
            }
            b'{' | b'[' => self.skip_nested()?,
            _ => self.position += self.bytes().iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?,
        }
        self.text.get(start..self.position).map(str::trim_end)
    }

    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            let byte = *self.bytes().first()?;
            self.position += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                b'"' => self.skip_string()?,
                _ => {}
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otlp::attributes_json::{Value, read_attributes};

    #[test]
    fn values_are_found_as_text_and_in_their_types() {
        let json = r#"{"a":"x","n":7,"neg":-2,"d":1.5,"b":true,"s":"42","l":[1,{"n":9},"]"],"m":{"n":8},"e":{"$empty":true},
            "by":{"$bytes":"AAE="},"nan":{"$double":"NaN"},"q\"uote":"a\\b\n","用户":"登录失败","last" : "end" }"#;
        let check = |key: &str, text: Option<&str>, number: Option<f64>, integer: Option<i64>, boolean: Option<bool>| {
            let value = AttributeKey::new(key).find(json);
            assert_eq!(value.and_then(RawValue::text).as_deref(), text, "text of {key}");
            assert_eq!(value.and_then(RawValue::number).map(f64::to_bits), number.map(f64::to_bits), "number of {key}");
            assert_eq!(value.and_then(RawValue::integer), integer, "integer of {key}");
            assert_eq!(value.and_then(RawValue::boolean), boolean, "boolean of {key}");
        };
        check("a", Some("x"), None, None, None);
        check("n", Some("7"), Some(7.0), Some(7), None);
        check("neg", Some("-2"), Some(-2.0), Some(-2), None);
        check("d", Some("1.5"), Some(1.5), None, None);
        check("b", Some("true"), None, None, Some(true));
        check("s", Some("42"), Some(42.0), Some(42), None);
        check("l", Some(r#"[1,{"n":9},"]"]"#), None, None, None);
        check("m", Some(r#"{"n":8}"#), None, None, None);
        check("e", None, None, None, None);
        check("by", Some("AAE="), None, None, None);
        check("nan", Some("NaN"), Some(f64::NAN), None, None);
        check("q\"uote", Some("a\\b\n"), None, None, None);
        check("用户", Some("登录失败"), None, None, None);
        check("last", Some("end"), None, None, None);
        check("x", None, None, None, None);
        check("$bytes", None, None, None, None);
    }

    #[test]
    fn damaged_text_finds_nothing() {
        for json in ["", "{", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"x", "{\"a\":[1", "[\"a\"]", "{\"b\":\"\\", "{\"b\":1 \"a\":2}"] {
            assert_eq!(AttributeKey::new("a").find(json), None, "{json}");
        }
    }

    #[test]
    fn keys_in_their_order() {
        let check = |json: &str, expected: &[&str], whole: bool| {
            let mut keys = Vec::new();
            assert_eq!(for_each_attribute(json, |key, _| keys.push(key.to_owned())), whole, "{json}");
            assert_eq!(keys, expected, "{json}");
        };
        check("{}", &[], true);
        check(r#" { "b" : 1 , "a":{"x":[{"y":"}"}]},"b":null} "#, &["b", "a", "b"], true);
        check(r#"{"q\"uote":"\\","用户":true}"#, &["q\"uote", "用户"], true);
        check(r#"{"a":1,"b"#, &["a"], false);
        check(r#"{"a":1,"b":"#, &["a"], false);
        check(r#"{"a":1 "b":2}"#, &["a"], false);
        check("[1]", &[], false);
        check("", &[], false);
    }

    proptest! {
        #[test]
        fn finds_what_the_full_reader_finds(pairs in prop::collection::vec((".{0,6}", ".{0,12}"), 0..6), other in ".{0,4}") {
            let members: Vec<String> = pairs.iter().map(|(key, value)| {
                format!("{}:{}", serde_json::to_string(key).expect("text"), serde_json::to_string(value).expect("text"))
            }).collect();
            let json = format!("{{{}}}", members.join(","));
            let all = read_attributes(&json).expect("valid");
            let mut listed = Vec::new();
            prop_assert!(for_each_attribute(&json, |key, value| listed.push((key.to_owned(), value.text().expect("no value is empty").into_owned()))));
            prop_assert_eq!(&listed, &pairs);
            for key in pairs.iter().map(|(key, _)| key).chain([&other]) {
                let expected = all.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
                let found = AttributeKey::new(key).find(&json).and_then(RawValue::text);
                prop_assert_eq!(found.map(Value::String), expected);
            }
        }
    }
}
