//! A value that was asked for, and how it compares with a text.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use schemas::UnixNanos;

use crate::search::{Number, Readings, Value};

/// A [`Value`] whose time is resolved, so that all of one question is asked at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    text: String,
    readings: Readings,
    time: Option<UnixNanos>,
}

impl Literal {
    pub(super) fn new(value: &Value, now: UnixNanos) -> Self {
        let readings = value.readings();
        Self { text: value.text().to_owned(), readings, time: readings.time.map(|moment| moment.resolve(now)) }
    }

    /// The number `number`, as text compares with it.
    pub(super) fn number(number: i64) -> Self {
        let text = number.to_string();
        Self { readings: Readings::of(&text), text, time: None }
    }

    pub(super) fn time(&self) -> Option<UnixNanos> {
        self.time
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text that equals it is the same number, or the same text in whatever case.
    pub(super) fn is_text_or_number(&self) -> bool {
        self.is_plain() || self.readings.number.is_some() || self.readings.boolean.is_some()
    }

    /// Whether only the very text can equal it.
    pub(super) fn is_plain(&self) -> bool {
        self.readings == Readings::default()
    }

    pub(super) fn equals(&self, text: &str) -> bool {
        text == self.text
            || self.readings.boolean.is_some_and(|boolean| text.eq_ignore_ascii_case(if boolean { "true" } else { "false" }))
            || !self.is_plain() && self.readings.boolean.is_none() && self.order_of(text) == Some(Ordering::Equal)
    }

    /// How `text` compares, read as what the literal is; `None` when it cannot be. Texts compare by their bytes.
    pub(super) fn order_of(&self, text: &str) -> Option<Ordering> {
        let Readings { number, duration_ns, size_bytes, .. } = self.readings;
        if let Some(number) = number {
            return compare(read(text)?, number);
        }
        if let Some(duration_ns) = duration_ns {
            return Some(Readings::of(text).duration_ns?.cmp(&duration_ns));
        }
        if let Some(size_bytes) = size_bytes {
            let size = Number::Integer(size_bytes.into());
            return read(text)
                .or_else(|| Some(Number::Integer(Readings::of(text).size_bytes?.into())))
                .and_then(|text| compare(text, size));
        }
        if let Some(time) = self.time {
            return Some(Readings::of(text).time?.resolve(time).cmp(&time));
        }
        Some(text.cmp(&self.text))
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.time == other.time
    }
}

impl Eq for Literal {}

impl Hash for Literal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// A finite number in the notations of JSON, white space around it left out.
fn read(text: &str) -> Option<Number> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Number::Integer).or_else(|| text.parse().ok().filter(|double: &f64| double.is_finite()).map(Number::Double))
}

/// Integers exactly, all others as doubles.
fn compare(one: Number, other: Number) -> Option<Ordering> {
    match (one, other) {
        (Number::Integer(one), Number::Integer(other)) => Some(one.cmp(&other)),
        (one, other) => one.as_f64().partial_cmp(&other.as_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    #[test]
    fn texts_compare_as_what_is_asked_for() {
        let check = |text: &str, literal: &str, expected: Option<Ordering>| {
            let literal = Literal::new(&Value::new(literal), NOW);
            assert_eq!(literal.order_of(text), expected, "{text:?} against {literal:?}");
        };
        check("500", "500.0", Some(Ordering::Equal));
        check(" 9", "10", Some(Ordering::Less));
        check("9007199254740993", "9007199254740992", Some(Ordering::Greater));
        check("fast", "10", None);
        check("inf", "10", None);
        check("1500ms", "1s", Some(Ordering::Greater));
        check("1500", "1s", None);
        check("4096", "4KiB", Some(Ordering::Equal));
        check("5kb", "4KiB", Some(Ordering::Greater));
        check("2026-11-06T09:59:59Z", "now", Some(Ordering::Less));
        check("pay", "cart", Some(Ordering::Greater));
    }

    #[test]
    fn equal_are_the_text_and_what_it_means() {
        let check = |text: &str, literal: &str, expected: bool| {
            assert_eq!(Literal::new(&Value::new(literal), NOW).equals(text), expected, "{text:?} against {literal:?}");
        };
        check("pay", "pay", true);
        check("Pay", "pay", false);
        check("200", "200.0", true);
        check("200.0", "200", true);
        check("TRUE", "true", true);
        check("1", "true", false);
        check("1000ms", "1s", true);
        check("", "", true);
    }
}
