//! What is told of series, as JSON.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::super::answer::{Meta, meta};
use crate::{
    engine::Summary,
    series::{Counts, Kind, Labels, Temporality},
};

/// What an answer about series cost, and of how much it is made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct MetricsMeta {
    #[serde(flatten)]
    pub meta: Meta,
    /// Series that were evaluated.
    pub series: usize,
    /// Their points.
    pub points: u64,
    /// Of the points those that arrived more than a minute after their time.
    pub late_points: u64,
    /// Points left out: others are of the same series and time.
    pub doubled_points: u64,
}

impl MetricsMeta {
    pub(super) fn new(summary: &Summary, warnings: &[String], series: usize, counts: Counts) -> Self {
        let Counts { points, late, doubled, .. } = counts;
        Self { meta: meta(summary, warnings), series, points, late_points: late, doubled_points: doubled }
    }
}

/// What a metric is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct MetricType {
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `delta` or `cumulative`; null for a gauge.
    pub temporality: Option<&'static str>,
    /// Of a sum: whether it only rises.
    pub monotonic: Option<bool>,
    /// UCUM.
    pub unit: Option<String>,
}

impl MetricType {
    pub(super) fn new(kind: Kind, unit: Option<String>) -> Self {
        let temporality = kind.temporality().map(|temporality| match temporality {
            Temporality::Delta => "delta",
            Temporality::Cumulative => "cumulative",
        });
        let monotonic = if let Kind::Sum { monotonic, .. } = kind { Some(monotonic) } else { None };
        Self { kind: kind.name(), temporality, monotonic, unit }
    }
}

/// A value; null where nothing is known. What is not finite is a text, as in all answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub Option<f64>);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some(value) if value.is_finite() => serializer.serialize_f64(value),
            Some(value) if value.is_nan() => serializer.serialize_str("NaN"),
            Some(value) => serializer.serialize_str(if value > 0.0 { "Infinity" } else { "-Infinity" }),
        }
    }
}

pub(super) fn label_map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
