//! Short spellings for metrics and data points.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets,
        metric::Data, number_data_point, summary_data_point::ValueAtQuantile,
    },
};

use super::{
    Reading,
    cells::{Distribution, Sample},
};
use crate::otlp::{Scope, nanos};

/// Name, unit, description.
pub(super) type Instrument = (&'static str, &'static str, &'static str);

/// The unit an instrument measures durations in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temporality {
    Cumulative,
    Delta,
}

pub(super) fn scope(scope: &Scope, metrics: Vec<Metric>) -> ScopeMetrics {
    ScopeMetrics { scope: Some(scope.to_otlp()), metrics, schema_url: scope.schema_url.to_owned() }
}

pub(super) fn count(metric: &Metric) -> u64 {
    let points = match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
        None => 0,
    };
    points as u64
}

pub(super) fn integer(value: u64) -> number_data_point::Value {
    number_data_point::Value::AsInt(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn double(value: f64) -> number_data_point::Value {
    number_data_point::Value::AsDouble(value)
}

impl Unit {
    fn scale(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1_000.0,
        }
    }
}

impl Temporality {
    fn code(self) -> i32 {
        match self {
            Self::Cumulative => AggregationTemporality::Cumulative as i32,
            Self::Delta => AggregationTemporality::Delta as i32,
        }
    }
}

impl Reading<'_> {
    pub(super) fn number(&self, attributes: Vec<KeyValue>, temporality: Temporality, value: number_data_point::Value) -> NumberDataPoint {
        NumberDataPoint {
            attributes,
            start_time_unix_nano: self.start(temporality),
            time_unix_nano: nanos(self.now),
            value: Some(value),
            ..NumberDataPoint::default()
        }
    }

    pub(super) fn gauge(&self, instrument: Instrument, points: Vec<(Vec<KeyValue>, number_data_point::Value)>) -> Metric {
        let sample =
            |(attributes, value)| NumberDataPoint { start_time_unix_nano: 0, ..self.number(attributes, Temporality::Cumulative, value) };
        metric(instrument, Data::Gauge(Gauge { data_points: points.into_iter().map(sample).collect() }))
    }

    /// A counter that only grows.
    pub(super) fn counter(
        &self,
        instrument: Instrument,
        temporality: Temporality,
        points: Vec<(Vec<KeyValue>, number_data_point::Value)>,
    ) -> Metric {
        self.sum(instrument, temporality, true, points)
    }

    /// An up-down counter: a level that has a total.
    pub(super) fn level(&self, instrument: Instrument, points: Vec<(Vec<KeyValue>, number_data_point::Value)>) -> Metric {
        self.sum(instrument, Temporality::Cumulative, false, points)
    }

    fn sum(
        &self,
        instrument: Instrument,
        temporality: Temporality,
        is_monotonic: bool,
        points: Vec<(Vec<KeyValue>, number_data_point::Value)>,
    ) -> Metric {
        let data_points = points.into_iter().map(|(attributes, value)| self.number(attributes, temporality, value)).collect();
        metric(instrument, Data::Sum(Sum { data_points, aggregation_temporality: temporality.code(), is_monotonic }))
    }

    pub(super) fn histogram(
        &self,
        instrument: Instrument,
        temporality: Temporality,
        unit: Unit,
        series: Vec<(Vec<KeyValue>, &Distribution)>,
    ) -> Metric {
        let point = |(attributes, durations): (Vec<KeyValue>, &Distribution)| HistogramDataPoint {
            attributes,
            start_time_unix_nano: self.start(temporality),
            time_unix_nano: nanos(self.now),
            count: durations.count,
            sum: Some(durations.sum_s * unit.scale()),
            bucket_counts: durations.buckets.clone(),
            explicit_bounds: durations.aggregation.bounds_s.iter().map(|bound| bound * unit.scale()).collect(),
            exemplars: exemplars(durations, unit),
            min: durations.aggregation.min_max.then_some(durations.min_s * unit.scale()),
            max: durations.aggregation.min_max.then_some(durations.max_s * unit.scale()),
            ..HistogramDataPoint::default()
        };
        let data_points = series.into_iter().map(point).collect();
        metric(instrument, Data::Histogram(Histogram { data_points, aggregation_temporality: temporality.code() }))
    }

    pub(super) fn exponential_histogram(&self, instrument: Instrument, series: Vec<(Vec<KeyValue>, &Distribution)>) -> Metric {
        let temporality = Temporality::Cumulative;
        let point = |(attributes, durations): (Vec<KeyValue>, &Distribution)| {
            let exponential = durations.exponential();
            ExponentialHistogramDataPoint {
                attributes,
                start_time_unix_nano: self.start(temporality),
                time_unix_nano: nanos(self.now),
                count: durations.count,
                sum: Some(durations.sum_s),
                scale: exponential.scale,
                positive: Some(Buckets { offset: exponential.offset, bucket_counts: exponential.counts }),
                exemplars: exemplars(durations, Unit::Seconds),
                min: Some(durations.min_s),
                max: Some(durations.max_s),
                ..ExponentialHistogramDataPoint::default()
            }
        };
        let data_points = series.into_iter().map(point).collect();
        metric(instrument, Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality: temporality.code() }))
    }

    pub(super) fn summary(&self, instrument: Instrument, count: u64, sum: f64, quantiles: &[(f64, f64)]) -> Metric {
        let point = SummaryDataPoint {
            start_time_unix_nano: self.start(Temporality::Cumulative),
            time_unix_nano: nanos(self.now),
            count,
            sum,
            quantile_values: quantiles.iter().map(|(quantile, value)| ValueAtQuantile { quantile: *quantile, value: *value }).collect(),
            ..SummaryDataPoint::default()
        };
        metric(instrument, Data::Summary(Summary { data_points: vec![point] }))
    }

    fn start(&self, temporality: Temporality) -> u64 {
        nanos(match temporality {
            Temporality::Cumulative => self.opened,
            Temporality::Delta => self.previous,
        })
    }
}

fn metric((name, unit, description): Instrument, data: Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), description: description.to_owned(), data: Some(data), ..Metric::default() }
}

fn exemplars(durations: &Distribution, unit: Unit) -> Vec<Exemplar> {
    let exemplar = |sample: &Sample| Exemplar {
        time_unix_nano: nanos(sample.at),
        value: Some(exemplar::Value::AsDouble(sample.seconds * unit.scale())),
        trace_id: sample.trace.0.to_vec(),
        span_id: sample.span.0.to_vec(),
        ..Exemplar::default()
    };
    durations.exemplars.iter().flatten().map(exemplar).collect()
}
