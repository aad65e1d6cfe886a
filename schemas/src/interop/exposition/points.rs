//! Series of one histogram or summary together.

#![deny(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::{
    parse::{Exemplar, Kind},
    series::{Labels, Part, Series, Whole},
};
use crate::otlp::Rejected;

const TWICE: &str = "a series stands twice on the page";
const BUCKETS: &str = "buckets of a histogram that do not count up to its count";

/// What tells a point from others of the same page; in the order in which OTLP has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointKey {
    pub(super) target: Target,
    pub(super) metric: String,
    pub(super) data: Data,
    pub(super) unit: String,
    pub(super) labels: Labels,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Target {
    pub job: String,
    pub instance: String,
    pub scope_name: String,
    pub scope_version: String,
}

/// The discriminant is the number of the field in OTLP's Metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Data {
    Gauge = 5,
    Sum = 7,
    Histogram = 9,
    Summary = 11,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point<'s, 'a> {
    pub help: &'s str,
    pub time_ms: i64,
    pub start_ms: Option<i64>,
    pub has_own_time: bool,
    pub value: Value,
    pub exemplars: Vec<&'s Exemplar<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Histogram { count: u64, sum: Option<f64>, bounds: Vec<f64>, counts: Vec<u64> },
    Summary { count: u64, sum: f64, quantiles: Vec<(f64, f64)> },
}

/// A point of which some series are there.
#[derive(Debug, Default)]
struct Parts<'s, 'a> {
    first: Option<&'s Series<'a>>,
    number: Option<f64>,
    /// By bound or quantile.
    steps: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
    created_s: Option<f64>,
    exemplars: Vec<&'s Exemplar<'a>>,
}

/// All points, sorted.
pub(super) fn points<'s, 'a>(series: &'s [Series<'a>], rejected: &mut Rejected) -> BTreeMap<PointKey, Point<'s, 'a>> {
    let mut found: BTreeMap<PointKey, Parts<'s, 'a>> = BTreeMap::new();
    for one in series {
        let Some((key, step)) = key(one) else { continue };
        let parts = found.entry(key).or_default();
        if !matches!(one.part, Part::Created(_)) {
            parts.first.get_or_insert(one);
        }
        let twice = match one.part {
            Part::Gauge | Part::Counter => parts.number.replace(one.value).is_some(),
            Part::Sum(_) => parts.sum.replace(one.value).is_some(),
            Part::Count(_) => parts.count.replace(one.value).is_some(),
            Part::Created(_) => parts.created_s.replace(one.value).is_some(),
            Part::Bucket | Part::Quantile => {
                let step = step.unwrap_or(f64::NAN);
                let twice = parts.steps.iter().any(|(known, _)| *known == step);
                parts.steps.push((step, one.value));
                twice
            }
        };
        if twice {
            rejected.add(TWICE);
        }
        parts.exemplars.extend(one.exemplar.as_ref());
    }
    let mut points = BTreeMap::new();
    for (key, parts) in found {
        let Some(first) = parts.first else { continue };
        let Some(value) = parts.value(key.data) else {
            rejected.add(BUCKETS);
            continue;
        };
        let start_ms = parts.created_s.filter(|created| *created > 0.0).map(|created| (created * 1e3) as i64);
        let (help, time_ms, has_own_time) = (first.help.as_ref(), first.time_ms, first.has_own_time);
        points.insert(key, Point { help, time_ms, start_ms, has_own_time, value, exemplars: parts.exemplars });
    }
    points
}

/// The point that a series is part of, and which bucket or quantile of it. `None`: it is a bucket without a bound.
fn key(series: &Series<'_>) -> Option<(PointKey, Option<f64>)> {
    let (data, step_label) = match series.part {
        Part::Gauge => (Data::Gauge, None),
        Part::Counter | Part::Created(Kind::Counter) => (Data::Sum, None),
        Part::Bucket => (Data::Histogram, Some("le")),
        Part::Quantile => (Data::Summary, Some("quantile")),
        Part::Sum(Whole::Histogram) | Part::Count(Whole::Histogram) | Part::Created(Kind::Histogram) => (Data::Histogram, None),
        Part::Sum(Whole::Summary) | Part::Count(Whole::Summary) | Part::Created(_) => (Data::Summary, None),
    };
    let base = series.name.strip_suffix(series.part.suffix()).unwrap_or(&series.name);
    let metric = if series.part == Part::Created(Kind::Counter) { format!("{base}_total") } else { base.to_owned() };
    let (mut target, mut labels, mut step) = (Target::default(), Labels::new(), None);
    for (name, value) in &series.labels {
        match name.as_str() {
            "job" => target.job.clone_from(value),
            "instance" => target.instance.clone_from(value),
            "otel_scope_name" => target.scope_name.clone_from(value),
            "otel_scope_version" => target.scope_version.clone_from(value),
            name if Some(name) == step_label => step = Some(value.trim_start_matches('+').parse::<f64>().ok()?),
            _ => labels.push((name.clone(), value.clone())),
        }
    }
    Some((PointKey { target, metric, data, unit: series.unit.to_string(), labels }, step))
}

impl Parts<'_, '_> {
    /// `None`: its parts contradict each other.
    fn value(&self, data: Data) -> Option<Value> {
        let mut steps = self.steps.clone();
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        steps.dedup_by(|later, first| later.0 == first.0);
        match data {
            Data::Gauge | Data::Sum => self.number.map(Value::Number),
            Data::Summary => {
                let count = self.count.map_or(Some(0), whole)?;
                Some(Value::Summary { count, sum: self.sum.unwrap_or(0.0), quantiles: steps })
            }
            Data::Histogram => {
                let infinite = steps.last().filter(|(bound, _)| bound.is_infinite()).map(|(_, count)| *count);
                let count = whole(infinite.or(self.count)?)?;
                let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0);
                for (bound, cumulative) in steps.iter().filter(|(bound, _)| !bound.is_infinite()) {
                    let cumulative = whole(*cumulative)?;
                    bounds.push(*bound);
                    counts.push(cumulative.checked_sub(below)?);
                    below = cumulative;
                }
                counts.push(count.checked_sub(below)?);
                let is_ordered = bounds.iter().all(|bound| !bound.is_nan());
                is_ordered.then_some(Value::Histogram { count, sum: self.sum.filter(|sum| !sum.is_nan()), bounds, counts })
            }
        }
    }
}

fn whole(count: f64) -> Option<u64> {
    let most = (1_u64 << 53) as f64;
    (count.fract() == 0.0 && (0.0..=most).contains(&count)).then_some(count as u64)
}
