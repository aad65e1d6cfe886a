//! `[[scrape]]`: what to fetch, in Prometheus' words where it has them.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::relabel::{Relabel, RelabelConfig};
use crate::dial::Tls;

/// Targets of one kind. Times are milliseconds, sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeConfig {
    /// `service.name`; of `a/b`, a is `service.namespace`.
    pub job: String,
    /// `host:port` of each.
    pub targets: Vec<String>,
    /// `http`, the default, or `https`.
    #[serde(default = "scheme")]
    pub scheme: String,
    /// Certificates in PEM to trust instead of those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Default `/metrics`.
    #[serde(default = "metrics_path")]
    pub metrics_path: String,
    /// Default 15,000.
    #[serde(default = "interval_ms")]
    pub interval_ms: u64,
    /// At most the interval. Default 10,000.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// Of every series of these targets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Of the request. Shown to nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "crate::config::hidden")]
    pub headers: BTreeMap<String, String>,
    /// Labels of the page win over those of the target. Default false: they become `exported_…`.
    #[serde(default)]
    pub honor_labels: bool,
    /// Times of the page count. Default true.
    #[serde(default = "yes")]
    pub honor_timestamps: bool,
    /// A page with more samples than that is refused. 0 is no limit but that of a million.
    #[serde(default)]
    pub sample_limit: usize,
    /// A larger page is refused, as it comes and without compression. Default 64 MiB.
    #[serde(default = "body_bytes_max")]
    pub body_bytes_max: u64,
    /// Change targets, or drop them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relabel_configs: Vec<RelabelConfig>,
    /// Change series, or drop them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_relabel_configs: Vec<RelabelConfig>,
}

/// Samples of a page, whatever is configured.
pub(super) const SAMPLES_MAX: usize = 1_000_000;

fn scheme() -> String {
    "http".to_owned()
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

fn interval_ms() -> u64 {
    15_000
}

fn timeout_ms() -> u64 {
    10_000
}

fn yes() -> bool {
    true
}

fn body_bytes_max() -> u64 {
    64 << 20
}

/// What of `[[scrape]]` cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    #[error("{key} is missing or empty")]
    Missing { key: &'static str },
    #[error("{key} has {value:?}, which is not {wanted}")]
    Wrong { key: &'static str, value: String, wanted: &'static str },
    #[error("{key} is {value}, it must be between {least} and {most}")]
    Range { key: &'static str, value: u64, least: u64, most: u64 },
    #[error("https: {what}")]
    Tls { what: String },
    #[error("{key} number {number}: {what}")]
    Relabel { key: &'static str, number: usize, what: String },
}

impl ScrapeConfig {
    /// Scrapes `targets` as `job`, with everything else at its default.
    pub fn new(job: &str, targets: Vec<String>) -> Self {
        Self {
            job: job.to_owned(),
            targets,
            scheme: scheme(),
            ca_file: None,
            metrics_path: metrics_path(),
            interval_ms: interval_ms(),
            timeout_ms: timeout_ms(),
            labels: BTreeMap::new(),
            headers: BTreeMap::new(),
            honor_labels: false,
            honor_timestamps: true,
            sample_limit: 0,
            body_bytes_max: body_bytes_max(),
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
        }
    }

    /// # Errors
    /// The first setting that cannot work.
    pub fn check(&self) -> Result<(), ScrapeError> {
        if self.job.is_empty() {
            return Err(ScrapeError::Missing { key: "job" });
        }
        if self.targets.is_empty() {
            return Err(ScrapeError::Missing { key: "targets" });
        }
        for target in &self.targets {
            if target.contains('/') || target.is_empty() {
                return Err(ScrapeError::Wrong { key: "targets", value: target.clone(), wanted: "host:port" });
            }
        }
        if !["http", "https"].contains(&self.scheme.as_str()) {
            return Err(ScrapeError::Wrong { key: "scheme", value: self.scheme.clone(), wanted: "http or https" });
        }
        if let Some(path) = &self.ca_file {
            Tls::new(Some(path), &[]).map_err(|error| ScrapeError::Tls { what: error.to_string() })?;
        }
        if !self.metrics_path.starts_with('/') || self.metrics_path.parse::<http::Uri>().is_err() {
            return Err(ScrapeError::Wrong { key: "metrics_path", value: self.metrics_path.clone(), wanted: "a path" });
        }
        for (name, value) in &self.headers {
            if http::HeaderName::try_from(name).is_err() || http::HeaderValue::try_from(value).is_err() {
                return Err(ScrapeError::Wrong { key: "headers", value: name.clone(), wanted: "a header" });
            }
        }
        let within = |key, value, least, most| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(ScrapeError::Range { key, value, least, most }),
        };
        within("interval_ms", self.interval_ms, 100, 24 * 60 * 60 * 1_000)?;
        within("timeout_ms", self.timeout_ms, 10, self.interval_ms.max(timeout_ms()))?;
        within("body_bytes_max", self.body_bytes_max, 1 << 10, 64 << 20)?;
        self.rules("relabel_configs", &self.relabel_configs)?;
        self.rules("metric_relabel_configs", &self.metric_relabel_configs).map(drop)
    }

    pub(super) fn samples_max(&self) -> usize {
        if self.sample_limit == 0 { SAMPLES_MAX } else { self.sample_limit.min(SAMPLES_MAX) }
    }

    /// # Errors
    /// The first rule that cannot work.
    pub(super) fn rules(&self, key: &'static str, rules: &[RelabelConfig]) -> Result<Vec<Relabel>, ScrapeError> {
        let of = |(index, rule): (usize, &RelabelConfig)| {
            Relabel::new(rule).map_err(|what| ScrapeError::Relabel { key, number: index + 1, what })
        };
        rules.iter().enumerate().map(of).collect()
    }
}
