//! A value as it was written, and everything it can be read as.
//!
//! The type of what it is compared with is not known here, and one attribute arrives as a number from one sender and as text from the
//! next. So a value keeps its text and every reading; whoever compares takes the reading that fits the other side.

use super::{moment::Moment, place::Place, quantity};

/// The text of a value with its readings. Quotes do not matter: `"200"` reads as a number as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    text: String,
    readings: Readings,
    place: Place,
}

/// What a text can be read as; `None` where it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Readings {
    pub number: Option<Number>,
    /// `200ms`, `1.5s`, `1h30m`; a number without a unit is no duration.
    pub duration_ns: Option<i64>,
    /// `4KiB`, `10MB`; a number without a unit is no size.
    pub size_bytes: Option<u64>,
    /// RFC 3339, Unix time by its digits, `now-15m`.
    pub time: Option<Moment>,
    /// `true` and `false`, in any case.
    pub boolean: Option<bool>,
}

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Written without point or exponent.
    Integer(i128),
    Double(f64),
}

impl Value {
    pub fn new(text: impl Into<String>) -> Self {
        Self::at(text.into(), Place::default())
    }

    pub(super) fn at(text: String, place: Place) -> Self {
        Self { readings: Readings::of(&text), text, place }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn readings(&self) -> Readings {
        self.readings
    }

    pub fn place(&self) -> Place {
        self.place
    }
}

impl Readings {
    pub fn of(text: &str) -> Self {
        Self {
            number: Number::read(text),
            duration_ns: quantity::duration_ns(text),
            size_bytes: quantity::size_bytes(text),
            time: Moment::read(text),
            boolean: boolean(text),
        }
    }
}

impl Number {
    /// As a double, to the nearest one.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Double(double) => double,
        }
    }

    /// The notations of JSON, and a sign in front.
    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let is_numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+');
        if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.bytes().all(is_numeric) {
            return None;
        }
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().filter(|double: &f64| double.is_finite()).map(Self::Double)
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use schemas::UnixNanos;

    use super::*;

    #[test]
    fn every_reading_of_a_text() {
        let check = |text: &str, expected: Readings| assert_eq!(Value::new(text).readings(), expected, "{text:?}");
        let none = Readings::default();
        let number = |number| Readings { number: Some(number), ..none };
        check("500", number(Number::Integer(500)));
        check("-1", number(Number::Integer(-1)));
        check("+1", number(Number::Integer(1)));
        check("1e3", number(Number::Double(1000.0)));
        check("0.25", number(Number::Double(0.25)));
        check("1e999", none);
        check("340282366920938463463374607431768211456", number(Number::Double(3.402_823_669_209_385e38)));
        let time = Some(Moment::At(UnixNanos(1_793_959_200_000_000_000)));
        check("1793959200", Readings { number: Some(Number::Integer(1_793_959_200)), time, ..none });
        check("200ms", Readings { duration_ns: Some(200_000_000), ..none });
        check("4KiB", Readings { size_bytes: Some(4096), ..none });
        check("now", Readings { time: Some(Moment::FromNow(0)), ..none });
        check("True", Readings { boolean: Some(true), ..none });
        check("FALSE", Readings { boolean: Some(false), ..none });
        for text in ["", "fast", "NaN", "inf", "-", "0x10", "1_000", "库存不足", "1.2.3.4", ".5"] {
            check(text, none);
        }
    }
}
