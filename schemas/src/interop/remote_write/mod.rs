//! Prometheus remote write, 1.0 and 2.0.
//!
//! | Prometheus | OpenTelemetry |
//! |---|---|
//! | `job` (`namespace/name`), `instance` | `service.namespace` and `service.name`, `service.instance.id` of the resource |
//! | labels of `target_info` in the same request | attributes of that resource; the series itself is kept as well |
//! | `otel_scope_name`, `otel_scope_version` | scope |
//! | `__name__`, all other labels | name of the metric, attributes of the point |
//! | counter, and `_sum`, `_count`, `_bucket` of a histogram or summary | sum, cumulative and monotonic |
//! | everything else of one number | gauge |
//! | native histogram | exponential histogram; with custom buckets a histogram |
//! | exemplar | exemplar of the sample of its series, `trace_id` and `span_id` as ids |
//! | stale marker | point with the flag that it has no value |
//! | created or start timestamp, help, unit (2.0) | start time, description, unit |
//!
//! Version 1.0 says no types: what ends in `_total`, `_sum`, `_count` or `_bucket` counts up, the rest are gauges. Classic histograms come
//! as single series, which senders spread over requests, so they stay series.
//!
//! ```text
//! request    either version -> the same series
//! entries    series of one name and one target together
//! points     samples and exemplars, histograms -> native histograms as OTLP
//! write      entries -> OTLP
//! ```

mod entries;
mod histograms;
mod points;
mod request;
mod write;

pub(super) use request::Version;
pub(super) use write::translate;

const FORMAT: &str = "remote write";
