//! The JSON as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An answer of the API (`data`), or one trace alone.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default, deserialize_with = "or_null")]
    pub data: Vec<Trace>,
    #[serde(flatten)]
    pub alone: Trace,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Trace {
    #[serde(default)]
    pub spans: Vec<Span>,
    #[serde(default)]
    pub processes: BTreeMap<String, Process>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Span {
    #[serde(rename = "traceID")]
    pub trace_id: String,
    #[serde(rename = "spanID")]
    pub span_id: String,
    /// How older versions say it.
    #[serde(rename = "parentSpanID", default, skip_serializing)]
    pub parent_span_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<u32>,
    #[serde(rename = "operationName", default)]
    pub operation_name: String,
    #[serde(default, deserialize_with = "or_null")]
    pub references: Vec<Reference>,
    /// µs since 1970.
    #[serde(rename = "startTime", default)]
    pub start_time: u64,
    /// µs.
    #[serde(default)]
    pub duration: u64,
    #[serde(default, deserialize_with = "or_null")]
    pub tags: Vec<KeyValue>,
    #[serde(default, deserialize_with = "or_null")]
    pub logs: Vec<Log>,
    #[serde(rename = "processID", default)]
    pub process_id: String,
    /// As stored in Elasticsearch, where no trace is around it.
    #[serde(default, skip_serializing)]
    pub process: Option<Process>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "refType", default)]
    pub ref_type: String,
    #[serde(rename = "traceID")]
    pub trace_id: String,
    #[serde(rename = "spanID")]
    pub span_id: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Process {
    #[serde(rename = "serviceName", default)]
    pub service_name: String,
    #[serde(default, deserialize_with = "or_null")]
    pub tags: Vec<KeyValue>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Log {
    /// µs since 1970.
    #[serde(default)]
    pub timestamp: u64,
    #[serde(default, deserialize_with = "or_null")]
    pub fields: Vec<KeyValue>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyValue {
    pub key: String,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub value: serde_json::Value,
}

/// Go writes an empty list as null.
fn or_null<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
