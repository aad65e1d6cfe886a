//! `key=value` pairs: logrus' text, slog's text, and Kratos' standard logger, which begins with the level and quotes nothing.

#![deny(clippy::indexing_slicing)]

use std::borrow::Cow;

use super::{
    field::{self, MEANINGS, Meaning, Scalar, text_value},
    record::Record,
    time::LocalOffset,
};
use crate::interop::severity;

/// `None`: it is something else. It must begin with a pair, or a level and a pair, and have a message or a level.
pub(super) fn read<'a>(text: &'a str, local: LocalOffset<'_>) -> Option<Record<'a>> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (level, pairs) = if severity::number(first) > 0 { (Some(first), rest.trim_start()) } else { (None, text) };
    key(pairs)?;
    let mut pairs = parse(pairs)?;
    let mut record = Record::default();
    let mut taken = [false; MEANINGS.len()];
    if let Some(level) = level {
        record.severity = Some((level.into(), severity::number(level)));
    }
    for ((meaning, names), taken) in MEANINGS.into_iter().zip(&mut taken) {
        if meaning == Meaning::Level && level.is_some() {
            *taken = true;
            continue;
        }
        for name in names {
            let Some(place) = pairs.iter().position(|(key, _)| key == name) else { continue };
            let Some((_, value)) = pairs.get(place) else { continue };
            if field::take(&mut record, meaning, &Scalar::Text(value.clone()), local) {
                pairs.remove(place);
                *taken = true;
                break;
            }
        }
    }
    let [_, has_level, has_message] = taken;
    if !has_level && !has_message {
        return None;
    }
    if !has_message {
        record.body = text.into();
    }
    for (key, value) in pairs {
        if !field::take_id(&mut record, key, &value) {
            record.attributes.push((field::key(key.into()), text_value(value)));
        }
    }
    Some(record)
}

type Pairs<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// `None`: something in it is no pair.
fn parse(text: &str) -> Option<Pairs<'_>> {
    let mut pairs = Pairs::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = key(rest)?;
        let value;
        (value, rest) = if after.starts_with('"') { quoted(after)? } else { bare(after) };
        pairs.push((name, value));
        rest = rest.trim_start();
    }
    Some(pairs)
}

/// A key at the start, and what comes behind its `=`.
fn key(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.@-/".contains(byte)).count();
    let (name, rest) = text.split_at_checked(length)?;
    let rest = rest.strip_prefix('=')?;
    (!name.is_empty()).then_some((name, rest))
}

/// Up to the next pair, because Kratos quotes nothing.
fn bare(text: &str) -> (Cow<'_, str>, &str) {
    let ends = text.match_indices([' ', '\n']).map(|(at, _)| at);
    let end = ends.into_iter().find(|at| text.get(at + 1..).is_some_and(|rest| key(rest).is_some())).unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (value.into(), rest)
}

/// As Go quotes it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (value, rest) = crate::interop::quoted::quoted(text)?;
    Some((if value.contains('\\') { unescaped(value).into() } else { value.into() }, rest))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('x') => code(&mut characters, 2),
                Some('u') => code(&mut characters, 4),
                Some('U') => code(&mut characters, 8),
                Some(same) => same,
                None => '\\',
            },
            other => other,
        });
    }
    out
}

fn code(characters: &mut std::str::Chars<'_>, digits: usize) -> char {
    let mut code = 0_u32;
    for _ in 0..digits {
        match characters.next().and_then(|digit| digit.to_digit(16)) {
            Some(digit) => code = code << 4 | digit,
            None => return char::REPLACEMENT_CHARACTER,
        }
    }
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::text::attributes_json;

    #[test]
    fn pairs_of_all_libraries() {
        let check = |line: &str, time_ns: Option<u64>, level: Option<&str>, body: &str, attributes: &str| {
            let record = read(line, &|_| 0).unwrap_or_else(|| panic!("{line} has pairs"));
            let severity = record.severity.as_ref().map(|(text, _)| text.as_ref());
            assert_eq!((record.time_ns, severity, record.body.as_ref()), (time_ns, level, body), "{line}");
            assert_eq!(attributes_json(&record.attributes), attributes, "{line}");
        };
        let noon = Some(1_714_536_000_000_000_000);
        // logrus
        check(
            r#"time="2024-05-01T04:00:00Z" level=warning msg="it \"broke\"\n\u5e93" size=10 animal="a b""#,
            noon,
            Some("warning"),
            "it \"broke\"\n库",
            r#"{"size":"10","animal":"a b"}"#,
        );
        // slog
        check("time=2024-05-01T04:00:00.000Z level=INFO msg=hello user.id=7", noon, Some("INFO"), "hello", r#"{"user.id":"7"}"#);
        // Kratos' standard logger
        check(
            "ERROR ts=2024-05-01T04:00:00Z caller=a.go:7 service.id=x service.name= msg=could not connect: a=b",
            noon,
            Some("ERROR"),
            "could not connect:",
            r#"{"caller":"a.go:7","service.id":"x","service.name":"","a":"b"}"#,
        );
        check("INFO msg=ready to serve", None, Some("INFO"), "ready to serve", "{}");
        let none = |line: &str| assert_eq!(read(line, &|_| 0), None, "{line}");
        none("user=7 logged in");
        none("a=b");
        none("INFO ready");
        none("level=info msg=\"it does not end");
        none("");
    }
}
