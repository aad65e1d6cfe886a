//! Rows of table `metrics` as rules see them. Which rules look at a metric is decided once per name, not per point.

use std::borrow::Cow;

use arrow::array::{
    Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use schemas::{UnixNanos, attribute::RawValue, columns as c};

use super::{
    columns::{GroupText, column, double, group, integer, number, text, time, unsigned},
    field::Field,
    file::On,
    keys,
    matching::{Origin, Row},
    names::canonical,
    resource::Groups,
    rules::{Rule, Rules},
    run::{Found, Place},
};
use crate::facts::{Amount, Source};

const DELTA: i32 = 1;
const NO_RECORDED_VALUE: u32 = 1;

/// The columns of a batch of points.
pub(super) struct Metrics<'a> {
    groups: Groups<'a>,
    name: GroupText<'a>,
    kind: GroupText<'a>,
    temporality: &'a Int32Array,
    series_id: &'a UInt64Array,
    start_time: &'a TimestampNanosecondArray,
    time: &'a TimestampNanosecondArray,
    value_double: &'a Float64Array,
    value_int: &'a Int64Array,
    count: &'a UInt64Array,
    flags: &'a UInt32Array,
    attributes: &'a StringArray,
}

struct PointRow<'a> {
    metrics: &'a Metrics<'a>,
    row: usize,
    value: f64,
    on: On,
}

impl<'a> Metrics<'a> {
    pub fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            groups: Groups::of(batch)?,
            name: group(batch, c::METRIC_NAME)?,
            kind: group(batch, c::METRIC_TYPE)?,
            temporality: column(batch, c::TEMPORALITY)?,
            series_id: column(batch, c::SERIES_ID)?,
            start_time: column(batch, c::START_TIME)?,
            time: column(batch, c::TIME)?,
            value_double: column(batch, c::VALUE_DOUBLE)?,
            value_int: column(batch, c::VALUE_INT)?,
            count: column(batch, c::COUNT)?,
            flags: column(batch, c::FLAGS)?,
            attributes: column(batch, c::ATTRIBUTES)?,
        })
    }

    pub fn classify(&self, rules: &Rules, batch: usize, found: &mut Found) {
        let by_name: Vec<Vec<&Rule>> = (0..self.name.values.len()).map(|key| rules_of(rules, text(self.name.values, key))).collect();
        if by_name.iter().all(Vec::is_empty) {
            return;
        }
        for (row, key) in self.name.keys.values().iter().enumerate() {
            let Some(candidates) = usize::try_from(*key).ok().and_then(|key| by_name.get(key)).filter(|rules| !rules.is_empty()) else {
                continue;
            };
            if let Some(point) = self.point(row) {
                let candidates = candidates.iter().copied().filter(|rule| rule.on.contains(&point.on));
                found.look(rules, candidates, &point, Place { batch, row });
            }
        }
    }

    /// The point when it has a value that can be counted.
    fn point(&'a self, row: usize) -> Option<PointRow<'a>> {
        if self.flags.value(row) & NO_RECORDED_VALUE != 0 {
            return None;
        }
        let on = match self.kind.get(row)? {
            "gauge" => On::Gauge,
            "sum" => On::Sum,
            _ => On::Histogram,
        };
        let value = match on {
            On::Histogram => unsigned(self.count, row)? as f64,
            _ => double(self.value_double, row).or_else(|| integer(self.value_int, row).map(|value| value as f64))?,
        };
        value.is_finite().then_some(PointRow { metrics: self, row, value, on })
    }
}

fn rules_of<'r>(rules: &'r Rules, name: Option<&str>) -> Vec<&'r Rule> {
    let Some(name) = name.map(canonical) else { return Vec::new() };
    let looks = |rule: &&Rule| rule.metric.iter().any(|pattern| pattern.matches(&name));
    rules.metrics.iter().map(AsRef::as_ref).filter(looks).collect()
}

impl Row for PointRow<'_> {
    fn value(&self, field: &Field, _: Option<usize>) -> Option<Cow<'_, str>> {
        let (metrics, row) = (self.metrics, self.row);
        let label = |key: &schemas::attribute::AttributeKey| key.find(text(metrics.attributes, row)?).and_then(RawValue::text);
        match field {
            Field::MetricName => metrics.name.get(row).map(Cow::Borrowed),
            Field::Attributes => text(metrics.attributes, row).map(Cow::Borrowed),
            Field::Attribute(attribute) => label(&attribute.json),
            Field::ExceptionType => label(&keys::EXCEPTION_TYPE),
            Field::Value => Some(Cow::Owned(self.value.to_string())),
            _ => metrics.groups.value(field, row),
        }
    }

    fn texts(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn origin(&self, _: Option<usize>) -> Origin {
        let (metrics, row) = (self.metrics, self.row);
        let series = metrics.series_id.value(row);
        let source = match self.on {
            On::Gauge => Source::Gauge,
            On::Histogram => Source::Histogram,
            _ => Source::Sum,
        };
        let amount = match self.on {
            On::Gauge => None,
            _ if number(metrics.temporality, row) == Some(DELTA) => Some(Amount::Count(self.value)),
            _ => Some(Amount::Cumulative { value: self.value, series, start_time: time(metrics.start_time, row) }),
        };
        Origin {
            time: UnixNanos(metrics.time.value(row)),
            duration_ns: None,
            emitter: metrics.groups.emitter(row, text(metrics.attributes, row)),
            span_kind: None,
            amount,
            value: Some(self.value),
            series: Some(series),
            source,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
        }
    }
}
