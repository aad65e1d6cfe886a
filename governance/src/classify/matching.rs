//! Does a row meet the conditions of a rule?

use std::borrow::Cow;

use regex::Regex;
use schemas::{SpanId, TraceId, UnixNanos};

use super::{
    field::Field,
    rules::{Rule, Rules},
};
use crate::facts::{Amount, Emitter, Source, SpanKind};

/// A row as rules see it. `event` is the place of a span event, for fields of events.
pub(super) trait Row {
    fn value(&self, field: &Field, event: Option<usize>) -> Option<Cow<'_, str>>;

    fn number(&self, field: &Field, event: Option<usize>) -> Option<f64> {
        self.value(field, event)?.trim().parse().ok()
    }

    /// What it says in words, the most telling first.
    fn texts(&self) -> Vec<Cow<'_, str>>;

    /// Span events.
    fn events(&self) -> usize {
        0
    }

    fn origin(&self, event: Option<usize>) -> Origin;
}

/// What all facts of a row share.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub time: UnixNanos,
    pub duration_ns: Option<i64>,
    pub emitter: Emitter,
    pub span_kind: Option<SpanKind>,
    /// `None`: the row is a level and counts nothing.
    pub amount: Option<Amount>,
    /// Value of a gauge.
    pub value: Option<f64>,
    pub series: Option<u64>,
    pub source: Source,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
    pub parent_span_id: Option<SpanId>,
}

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub field: Field,
    pub test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Equals(Vec<String>),
    Contains(Literals),
    NotContains(Literals),
    Prefix(Vec<String>),
    NotPrefix(Vec<String>),
    Regex(Regex),
    Exists(bool),
    AtLeast(f64),
    Below(f64),
}

#[derive(Debug, Clone)]
pub(super) struct Literals(Vec<String>);

impl Literals {
    pub fn literals(&self) -> &[String] {
        &self.0
    }

    fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|literal| text.contains(literal.as_str()))
    }
}

impl Test {
    pub fn contains(literals: Vec<String>) -> Self {
        Self::Contains(Literals(literals))
    }

    pub fn not_contains(literals: Vec<String>) -> Self {
        Self::NotContains(Literals(literals))
    }
}

/// A row that is compared with a rule: with one of its texts, at one of its events.
pub(super) struct Subject<'a> {
    pub rules: &'a Rules,
    pub row: &'a dyn Row,
    pub text: Option<&'a str>,
    pub event: Option<usize>,
    /// Named groups of the regexes that matched.
    pub groups: Vec<(String, String)>,
    pub operation: String,
    pub part: String,
}

impl<'a> Subject<'a> {
    /// `row` as it meets all conditions of `rule`, if it does. `texts` are those of the row.
    pub fn of(rules: &'a Rules, rule: &Rule, row: &'a dyn Row, texts: &'a [Cow<'a, str>]) -> Option<Self> {
        let at = |text: Option<&'a str>, event: Option<usize>| {
            let subject = Self { rules, row, text, event, groups: Vec::new(), operation: String::new(), part: String::new() };
            rule.conditions.iter().all(|condition| subject.meets(condition)).then_some(subject)
        };
        let mut subject = if rule.uses_text {
            texts.iter().find_map(|text| at(Some(text), None))?
        } else if rule.uses_event {
            (0..row.events()).find_map(|event| at(None, Some(event)))?
        } else {
            at(None, None)?
        };
        subject.groups = rule.conditions.iter().flat_map(|condition| subject.groups_of(condition)).collect();
        Some(subject)
    }

    pub fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
        match field {
            // No condition looked at a text: a template means the first one.
            Field::Text => {
                self.text.map(Cow::Borrowed).or_else(|| self.row.texts().into_iter().next().map(|text| Cow::Owned(text.into_owned())))
            }
            Field::Framework => self.rules.frameworks.of(self.row).map(Cow::Owned),
            Field::Group(name) => self.groups.iter().find_map(|(group, value)| (group == name).then_some(Cow::Borrowed(value.as_str()))),
            Field::Part => Some(Cow::Borrowed(&self.part)),
            Field::Operation => Some(Cow::Borrowed(&self.operation)),
            _ => self.row.value(field, self.event),
        }
    }

    fn meets(&self, condition: &Condition) -> bool {
        let field = &condition.field;
        let value = || self.value(field);
        match &condition.test {
            Test::Equals(texts) => value().is_some_and(|value| texts.iter().any(|text| *text == value)),
            Test::Contains(literals) => value().is_some_and(|value| literals.are_in(&value)),
            Test::NotContains(literals) => !value().is_some_and(|value| literals.are_in(&value)),
            Test::Prefix(texts) => value().is_some_and(|value| texts.iter().any(|text| value.starts_with(text.as_str()))),
            Test::NotPrefix(texts) => !value().is_some_and(|value| texts.iter().any(|text| value.starts_with(text.as_str()))),
            Test::Regex(regex) => value().is_some_and(|value| regex.is_match(&value)),
            Test::Exists(wanted) => value().is_some_and(|value| !value.is_empty()) == *wanted,
            Test::AtLeast(least) => self.row.number(field, self.event).is_some_and(|number| number >= *least),
            Test::Below(limit) => self.row.number(field, self.event).is_some_and(|number| number < *limit),
        }
    }

    fn groups_of(&self, condition: &Condition) -> Vec<(String, String)> {
        let Test::Regex(regex) = &condition.test else { return Vec::new() };
        if regex.captures_len() == 1 {
            return Vec::new();
        }
        let Some(value) = self.value(&condition.field) else { return Vec::new() };
        let Some(found) = regex.captures(&value) else { return Vec::new() };
        let named = |name: &str| found.name(name).map(|group| (name.to_owned(), group.as_str().to_owned()));
        regex.capture_names().flatten().filter_map(named).collect()
    }
}
