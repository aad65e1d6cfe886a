//! Short spellings for the OTLP messages the shapes are made of.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value};
use schemas::UnixNanos;

/// The library a record comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) schema_url: &'static str,
}

impl Scope {
    pub(crate) const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, schema_url: "" }
    }

    pub(crate) const fn with_schema(self, schema_url: &'static str) -> Self {
        Self { schema_url, ..self }
    }

    pub(crate) fn to_otlp(&self) -> InstrumentationScope {
        InstrumentationScope { name: self.name.to_owned(), version: self.version.to_owned(), ..InstrumentationScope::default() }
    }
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

pub(crate) fn int(key: &str, value: impl Into<i64>) -> KeyValue {
    attribute(key, Value::IntValue(value.into()))
}

pub(crate) fn float(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}

pub(crate) fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

pub(crate) fn texts(key: &str, values: &[&str]) -> KeyValue {
    let values = values.iter().map(|value| string(*value)).collect();
    attribute(key, Value::ArrayValue(ArrayValue { values }))
}

pub(crate) fn string(value: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.into())) }
}

/// OTLP's unsigned form; the shop lives after 1970.
pub(crate) fn nanos(time: UnixNanos) -> u64 {
    u64::try_from(time.0).unwrap_or(0)
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
