//! Text to samples.

#![deny(clippy::indexing_slicing)]

use std::{borrow::Cow, collections::HashMap};

/// Which of the two, by the content type of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `text/plain; version=0.0.4`: times in ms.
    Prometheus,
    /// `application/openmetrics-text`: times in s, exemplars, `# EOF` at the end.
    OpenMetrics,
}

/// A page.
#[derive(Debug, Default)]
pub struct Exposition<'a> {
    pub families: HashMap<Cow<'a, str>, Family<'a>>,
    pub samples: Vec<Sample<'a>>,
}

/// What a page says about a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family<'a> {
    pub kind: Kind,
    pub help: Cow<'a, str>,
    pub unit: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    #[default]
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    pub name: Cow<'a, str>,
    /// In the order of the page.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub value: f64,
    pub time_ms: Option<i64>,
    pub exemplar: Option<Exemplar<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar<'a> {
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub value: f64,
    pub time_ms: Option<i64>,
}

/// Why nothing of a page is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("line {line}: {what}")]
    Line { line: usize, what: &'static str },
    #[error("the page does not end with # EOF")]
    NoEnd,
    #[error("more than {limit} samples")]
    TooMany { limit: usize },
}

impl Syntax {
    pub fn of_content_type(content_type: &str) -> Self {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }
}

/// All of a page, `samples_max` samples at most.
///
/// # Errors
/// At the first line that is not of the format.
pub fn parse(syntax: Syntax, text: &str, samples_max: usize) -> Result<Exposition<'_>, ParseError> {
    let mut exposition = Exposition::default();
    let mut ended = false;
    for (index, line) in text.lines().enumerate() {
        let wrong = |what| ParseError::Line { line: index + 1, what };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if ended {
            return Err(wrong("something behind # EOF"));
        }
        if let Some(comment) = line.strip_prefix('#') {
            ended = syntax == Syntax::OpenMetrics && comment.trim() == "EOF";
            describe(&mut exposition.families, comment).map_err(wrong)?;
            continue;
        }
        if exposition.samples.len() >= samples_max {
            return Err(ParseError::TooMany { limit: samples_max });
        }
        exposition.samples.push(sample(syntax, line).map_err(wrong)?);
    }
    if syntax == Syntax::OpenMetrics && !ended { Err(ParseError::NoEnd) } else { Ok(exposition) }
}

/// `# TYPE name kind`, `# HELP name text`, `# UNIT name unit`; any other comment says nothing.
fn describe<'a>(families: &mut HashMap<Cow<'a, str>, Family<'a>>, comment: &'a str) -> Result<(), &'static str> {
    let Some((what, rest)) = comment.trim_start().split_once([' ', '\t']) else { return Ok(()) };
    if !["TYPE", "HELP", "UNIT"].contains(&what) {
        return Ok(());
    }
    let rest = rest.trim_start();
    let (name, text) = match rest.starts_with('"') {
        true => quoted(rest)?,
        false => rest.split_once([' ', '\t']).map_or((Cow::Borrowed(rest), ""), |(name, text)| (name.into(), text)),
    };
    let family = families.entry(name).or_default();
    match what {
        "TYPE" => family.kind = kind(text.trim()).ok_or("an unknown type")?,
        "HELP" => family.help = unescape(text.trim()),
        _ => family.unit = text.trim().into(),
    }
    Ok(())
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "gaugehistogram" => Kind::GaugeHistogram,
        "summary" => Kind::Summary,
        "info" => Kind::Info,
        "stateset" => Kind::StateSet,
        "unknown" | "untyped" => Kind::Unknown,
        _ => return None,
    })
}

/// `name{labels} value time # {labels} value time`; a name that is no identifier stands quoted within the braces.
fn sample(syntax: Syntax, line: &str) -> Result<Sample<'_>, &'static str> {
    let end = line.find(['{', ' ', '\t']).ok_or("a name without a value")?;
    let (name, rest) = line.split_at_checked(end).ok_or("no name")?;
    let mut name = Cow::Borrowed(name);
    let mut labels = Vec::new();
    let mut rest = rest.trim_start();
    if rest.starts_with('{') {
        let within;
        (within, labels, rest) = braces(rest)?;
        match within {
            Some(_) if !name.is_empty() => return Err("a sample has two names"),
            Some(within) => name = within,
            None => {}
        }
    }
    if name.is_empty() {
        return Err("a sample has no name");
    }
    let (numbers, exemplar) = match rest.split_once(" # ") {
        Some((numbers, exemplar)) if syntax == Syntax::OpenMetrics => (numbers, Some(exemplar)),
        _ => (rest, None),
    };
    let (value, time_ms) = value_and_time(syntax, numbers)?;
    let exemplar = exemplar.map(|text| self::exemplar(syntax, text.trim())).transpose()?;
    Ok(Sample { name, labels, value, time_ms, exemplar })
}

fn exemplar(syntax: Syntax, text: &str) -> Result<Exemplar<'_>, &'static str> {
    let (_, labels, rest) = braces(text)?;
    let (value, time_ms) = value_and_time(syntax, rest)?;
    Ok(Exemplar { labels, value, time_ms })
}

fn value_and_time(syntax: Syntax, text: &str) -> Result<(f64, Option<i64>), &'static str> {
    let mut numbers = text.split_ascii_whitespace();
    let value = number(numbers.next().ok_or("a sample has no value")?).ok_or("the value is no number")?;
    let time_ms = match (numbers.next(), syntax) {
        (None, _) => None,
        (Some(time), Syntax::Prometheus) => Some(time.parse().map_err(|_| "the time is no number")?),
        (Some(time), Syntax::OpenMetrics) => Some((number(time).ok_or("the time is no number")? * 1e3).round() as i64),
    };
    if numbers.next().is_some() { Err("something behind the time") } else { Ok((value, time_ms)) }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" | "Inf" | "+inf" | "inf" => Some(f64::INFINITY),
        "-Inf" | "-inf" => Some(f64::NEG_INFINITY),
        // The one NaN that is no stale marker.
        "NaN" | "nan" => Some(f64::from_bits(0x7ff8_0000_0000_0001)),
        _ => text.parse().ok(),
    }
}

type LabelList<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A name that stands alone in them, the labels, and what comes behind.
fn braces(text: &str) -> Result<(Option<Cow<'_, str>>, LabelList<'_>, &str), &'static str> {
    let (mut name, mut labels) = (None, Vec::new());
    let mut rest = text.strip_prefix('{').ok_or("no labels")?.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((name, labels, behind.trim_start()));
        }
        let key;
        (key, rest) = match rest.starts_with('"') {
            true => quoted(rest)?,
            false => {
                let end = rest.find(['=', ',', '}']).ok_or("labels do not end")?;
                let (key, behind) = rest.split_at_checked(end).ok_or("labels do not end")?;
                (Cow::Borrowed(key.trim()), behind)
            }
        };
        rest = rest.trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            let text;
            (text, rest) = quoted(value.trim_start())?;
            if key.is_empty() {
                return Err("a label has no name");
            }
            labels.push((key, text));
        } else if name.is_none() && !key.is_empty() {
            name = Some(key);
        } else {
            return Err("a label has no value");
        }
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start(),
            None if rest.starts_with('}') => {}
            None => return Err("no comma between labels"),
        }
    }
}

/// A quoted text, and what comes behind it.
fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    if !text.starts_with('"') {
        return Err("a value is not quoted");
    }
    let (value, behind) = crate::interop::quoted::quoted(text).ok_or("a value does not end")?;
    Ok((unescape(value), behind))
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.clone().next()) {
            ('\\', Some(next @ ('\\' | '"' | 'n'))) => {
                out.push(if next == 'n' { '\n' } else { next });
                characters.next();
            }
            _ => out.push(character),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(syntax: Syntax, text: &str) -> Exposition<'_> {
        parse(syntax, text, 100).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn samples() {
        let check = |syntax, line: &str, expected: &str| {
            let text = format!("{line}\n{}", if syntax == Syntax::OpenMetrics { "# EOF\n" } else { "" });
            let exposition = read(syntax, &text);
            let Sample { name, labels, value, time_ms, exemplar } = &exposition.samples[0];
            let shown = |labels: &LabelList<'_>| labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
            let exemplar =
                exemplar.as_ref().map(|exemplar| format!(" # {} {} {:?}", shown(&exemplar.labels), exemplar.value, exemplar.time_ms));
            assert_eq!(format!("{name} {} {value} {time_ms:?}{}", shown(labels), exemplar.unwrap_or_default()), expected, "{line}");
        };
        check(Syntax::Prometheus, "up 1", "up  1 None");
        check(Syntax::Prometheus, "a{b=\"c\",d=\"e\\\"\\\\\\n\",} 2.5e3 1700000000123", "a b=c,d=e\"\\\n 2500 Some(1700000000123)");
        check(Syntax::Prometheus, "a { b = \"}\" } +Inf", "a b=} inf None");
        check(Syntax::Prometheus, "a{b=\"# {\"}\t-1", "a b=# { -1 None");
        check(Syntax::Prometheus, "{\"my.metric\",\"my.label\"=\"库\"} 1", "my.metric my.label=库 1 None");
        check(Syntax::OpenMetrics, "a_total 1 1700000000.123", "a_total  1 Some(1700000000123)");
        check(
            Syntax::OpenMetrics,
            "a_bucket{le=\"1\"} 3 # {trace_id=\"4bf9\"} 0.5 1700000000.5",
            "a_bucket le=1 3 None # trace_id=4bf9 0.5 Some(1700000000500)",
        );
        check(Syntax::OpenMetrics, "a NaN # {} 1", "a  NaN None #  1 None");
    }

    #[test]
    fn families() {
        let text = "# a comment\n# HELP a what\\na is\n# TYPE a histogram\n# TYPE \"b.c\" gauge\n# UNIT a seconds\na_sum 1\n# EOF\n";
        let exposition = read(Syntax::OpenMetrics, text);
        let family = Family { kind: Kind::Histogram, help: "what\na is".into(), unit: "seconds".into() };
        assert_eq!(
            (exposition.families.get("a"), exposition.families.get("b.c").map(|family| family.kind)),
            (Some(&family), Some(Kind::Gauge))
        );
    }

    #[test]
    fn mistakes() {
        let check = |syntax, text: &str, expected: &str| {
            assert_eq!(parse(syntax, text, 2).expect_err(text).to_string(), expected, "{text}");
        };
        check(Syntax::Prometheus, "up 1\n\nup", "line 3: a name without a value");
        check(Syntax::Prometheus, "up one", "line 1: the value is no number");
        check(Syntax::Prometheus, "up 1 2 3", "line 1: something behind the time");
        check(Syntax::Prometheus, "a{b=\"c} 1", "line 1: a value does not end");
        check(Syntax::Prometheus, "a{b} 1\n", "line 1: a sample has two names");
        check(Syntax::Prometheus, "a{b=\"c\" d=\"e\"} 1", "line 1: no comma between labels");
        check(Syntax::Prometheus, "a{b=c} 1", "line 1: a value is not quoted");
        check(Syntax::Prometheus, "{} 1", "line 1: a sample has no name");
        check(Syntax::Prometheus, "# TYPE a thing", "line 1: an unknown type");
        check(Syntax::Prometheus, "<html>", "line 1: a name without a value");
        check(Syntax::Prometheus, "a 1\nb 1\nc 1\n", "more than 2 samples");
        check(Syntax::OpenMetrics, "a 1\n", "the page does not end with # EOF");
        check(Syntax::OpenMetrics, "# EOF\na 1\n", "line 2: something behind # EOF");
    }
}
