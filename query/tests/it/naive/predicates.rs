//! Whether a value is what was asked for.

use std::{cmp::Ordering, ops::Bound};

use jiff::Timestamp;
use query::search::{Comparison, Pattern, Predicate, Regex, Wildcard};

use super::{values::Value, words::glob};

pub(super) fn holds(value: &Value, predicate: &Predicate) -> bool {
    let compare = |comparison, asked: &query::search::Value| compare(value, comparison, asked.text());
    let is = |pattern: &Pattern| match pattern {
        Pattern::Value(asked) => compare(Comparison::Equal, asked),
        Pattern::Wildcard(wildcard) => like(value, wildcard),
    };
    match predicate {
        Predicate::Exists => true,
        Predicate::Is(pattern) => is(pattern),
        Predicate::AnyOf(patterns) => patterns.iter().any(is),
        Predicate::Compare(comparison, asked) => compare(*comparison, asked),
        Predicate::Between(from, to) => {
            let from = match from {
                Bound::Included(asked) => compare(Comparison::GreaterOrEqual, asked),
                Bound::Excluded(asked) => compare(Comparison::Greater, asked),
                Bound::Unbounded => true,
            };
            let to = match to {
                Bound::Included(asked) => compare(Comparison::LessOrEqual, asked),
                Bound::Excluded(asked) => compare(Comparison::Less, asked),
                Bound::Unbounded => true,
            };
            from && to
        }
        Predicate::Matches(regex) => matches(value, regex),
        Predicate::MatchesNot(regex) => !matches(value, regex),
    }
}

fn compare(value: &Value, comparison: Comparison, asked: &str) -> bool {
    match value {
        Value::Text(text) => {
            let equal =
                text == asked || same_boolean(text, asked) || read(asked) != Read::Text && order(text, asked) == Some(Ordering::Equal);
            match comparison {
                Comparison::Equal => equal,
                Comparison::NotEqual => !equal,
                _ => order(text, asked).is_some_and(|order| is(comparison, order)),
            }
        }
        Value::Number { number, names } => {
            let asked = asked.to_ascii_lowercase().replace("status_code_", "").replace("span_kind_", "");
            if let Some((_, from, to)) = names.iter().find(|(name, ..)| *name == asked) {
                return match comparison {
                    Comparison::Equal => (*from..=*to).contains(number),
                    Comparison::NotEqual => !(*from..=*to).contains(number),
                    Comparison::Greater | Comparison::LessOrEqual => is(comparison, number.cmp(to)),
                    Comparison::GreaterOrEqual | Comparison::Less => is(comparison, number.cmp(from)),
                };
            }
            order(&number.to_string(), &asked).map_or(comparison == Comparison::NotEqual, |order| is(comparison, order))
        }
        Value::Duration(ns) => {
            let asked = duration_ns(asked).unwrap_or_else(|| asked.parse().expect("searches ask for durations"));
            is(comparison, ns.cmp(&asked))
        }
        Value::Time(ns) => is(comparison, ns.cmp(&time_ns(asked).expect("searches ask for times"))),
        Value::Id(id) => is(comparison, id.cmp(&asked.to_ascii_lowercase())),
        Value::List => unreachable!("searches ask only whether there is a list"),
    }
}

fn is(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
    }
}

/// As people read a value: its digits, and the words that stand for it.
fn readings(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) | Value::Id(text) => vec![text.clone()],
        Value::Number { number, names } => {
            let names = names.iter().filter(|(_, from, to)| (*from..=*to).contains(number)).map(|(name, ..)| (*name).to_owned());
            names.chain([number.to_string()]).collect()
        }
        Value::Duration(ns) => vec![ns.to_string()],
        Value::Time(_) | Value::List => unreachable!("searches ask for no pattern of it"),
    }
}

fn like(value: &Value, wildcard: &Wildcard) -> bool {
    let chars = |text: &String| text.chars().collect::<Vec<_>>();
    readings(value).iter().any(|text| glob(wildcard.parts(), &chars(text), &|_| true))
}

fn matches(value: &Value, regex: &Regex) -> bool {
    let regex = regex::Regex::new(regex.pattern()).expect("the pattern parses");
    readings(value).iter().any(|text| regex.is_match(text))
}

/// What somebody means by a value.
#[derive(Debug, PartialEq)]
enum Read {
    Number(f64),
    Duration(i64),
    Size(f64),
    Time(i64),
    Text,
}

fn read(asked: &str) -> Read {
    let number = number(asked).map(Read::Number);
    let duration = || duration_ns(asked).map(Read::Duration);
    let size = || size_bytes(asked).map(Read::Size);
    number.or_else(duration).or_else(size).or_else(|| time_ns(asked).map(Read::Time)).unwrap_or(Read::Text)
}

/// How a text compares, read as what is asked for; `None` when it is nothing of the kind.
fn order(text: &str, asked: &str) -> Option<Ordering> {
    match read(asked) {
        Read::Number(asked) => number(text.trim())?.partial_cmp(&asked),
        Read::Duration(asked) => Some(duration_ns(text)?.cmp(&asked)),
        Read::Size(asked) => number(text).or_else(|| size_bytes(text))?.partial_cmp(&asked),
        Read::Time(asked) => Some(time_ns(text)?.cmp(&asked)),
        Read::Text => Some(text.cmp(asked)),
    }
}

fn same_boolean(text: &str, asked: &str) -> bool {
    let is_boolean = |text: &str| ["true", "false"].contains(&text.to_ascii_lowercase().as_str());
    is_boolean(asked) && text.eq_ignore_ascii_case(asked)
}

fn number(text: &str) -> Option<f64> {
    text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// One or more numbers, each with its unit.
fn with_unit(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let next = rest[unit_at..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| unit_at + at);
        let (_, factor) = units.iter().find(|(unit, _)| *unit == &rest[unit_at..next])?;
        total += rest[..unit_at].parse::<f64>().ok()? * factor;
        rest = &rest[next..];
    }
    (!text.is_empty()).then_some(total)
}

fn duration_ns(text: &str) -> Option<i64> {
    let ns = with_unit(text.trim_start_matches('-'), &[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)])?;
    Some(if text.starts_with('-') { -ns as i64 } else { ns as i64 })
}

fn size_bytes(text: &str) -> Option<f64> {
    with_unit(&text.to_ascii_lowercase(), &[("b", 1.0), ("kb", 1e3), ("mb", 1e6), ("kib", 1024.0), ("mib", 1_048_576.0)])
}

fn time_ns(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_nanosecond() as i64)
}
