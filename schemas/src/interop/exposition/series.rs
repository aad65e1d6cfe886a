//! A sample with the labels that it is stored under, and its part in its family.

use std::{borrow::Cow, collections::HashMap};

use super::parse::{Exemplar, Exposition, Family, Kind};

/// By name, sorted, each name once; without `__name__`.
pub type Labels = Vec<(String, String)>;

/// A sample on its way into the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a> {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
    pub time_ms: i64,
    /// The page says the time: then nobody can tell when the series ends.
    pub has_own_time: bool,
    pub exemplar: Option<Exemplar<'a>>,
    pub(super) part: Part,
    pub(super) help: Cow<'a, str>,
    pub(super) unit: Cow<'a, str>,
}

/// What a series is in its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Gauge,
    Counter,
    /// Of a histogram.
    Bucket,
    Sum(Whole),
    Count(Whole),
    Quantile,
    /// When whatever it is began, of a family of this kind.
    Created(Kind),
}

/// What a `_sum` or `_count` is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Whole {
    Histogram,
    Summary,
}

impl Part {
    /// How the names of such series end beside the family's.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Gauge | Self::Counter | Self::Quantile => "",
            Self::Bucket => "_bucket",
            Self::Sum(_) => "_sum",
            Self::Count(_) => "_count",
            Self::Created(_) => "_created",
        }
    }
}

impl<'a> Series<'a> {
    /// `sample_name`: on the page; `name` and `labels`: after relabelling. A part whose name says so no more is a number of its own.
    pub fn new(
        exposition: &Exposition<'a>,
        sample_name: &str,
        (name, mut labels): (String, Labels),
        value: f64,
        (time_ms, has_own_time): (i64, bool),
        exemplar: Option<Exemplar<'a>>,
    ) -> Self {
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort();
        labels.dedup_by(|later, first| later.0 == first.0);
        let (part, family) = part(&exposition.families, sample_name);
        let kept = name.ends_with(part.suffix());
        let has = |label: &str| labels.iter().any(|(key, _)| key == label);
        let part = match part {
            Part::Bucket if !kept || !has("le") => Part::Counter,
            Part::Quantile if !has("quantile") => Part::Gauge,
            Part::Sum(_) | Part::Count(_) if !kept => Part::Counter,
            Part::Created(_) if !kept => Part::Gauge,
            part => part,
        };
        let (help, unit) = family.map_or_else(Default::default, |family| (family.help.clone(), family.unit.clone()));
        Self { name, labels, value, time_ms, has_own_time, exemplar, part, help, unit }
    }

    /// A number that nobody's page says, for instance `up`.
    pub fn gauge(name: &str, labels: Labels, value: f64, time_ms: i64) -> Self {
        let (help, unit) = Default::default();
        Self { name: name.to_owned(), labels, value, time_ms, has_own_time: false, exemplar: None, part: Part::Gauge, help, unit }
    }
}

/// The part of a sample of this name, and its family.
fn part<'f, 'a>(families: &'f HashMap<Cow<'a, str>, Family<'a>>, name: &str) -> (Part, Option<&'f Family<'a>>) {
    if let Some(family) = families.get(name) {
        let part = match family.kind {
            Kind::Counter => Part::Counter,
            Kind::Summary => Part::Quantile,
            _ => Part::Gauge,
        };
        return (part, Some(family));
    }
    for suffix in ["_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount"] {
        let Some(family) = name.strip_suffix(suffix).and_then(|base| families.get(base)) else { continue };
        let part = match (family.kind, suffix) {
            (Kind::Histogram, "_bucket") => Part::Bucket,
            (Kind::Histogram, "_sum") => Part::Sum(Whole::Histogram),
            (Kind::Histogram, "_count") => Part::Count(Whole::Histogram),
            (Kind::Summary, "_sum") => Part::Sum(Whole::Summary),
            (Kind::Summary, "_count") => Part::Count(Whole::Summary),
            (Kind::Counter, "_total") => Part::Counter,
            (kind @ (Kind::Counter | Kind::Histogram | Kind::Summary), "_created") => Part::Created(kind),
            _ => Part::Gauge,
        };
        return (part, Some(family));
    }
    (Part::Gauge, None)
}
