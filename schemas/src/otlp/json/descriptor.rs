//! The OTLP 1.x messages as data: per message its fields with their JSON name, protobuf number and type.
//!
//! Source: opentelemetry-proto, `trace.proto`, `logs.proto`, `metrics.proto`, `common.proto`, `resource.proto`.
//! Fields of profiles are absent, except the two `strindex` fields that other signals may carry by mistake.

use super::enum_names::{SEVERITIES, SPAN_KINDS, STATUS_CODES, TEMPORALITIES};
use crate::Signal;

/// A protobuf message. Statics refer to each other, so the recursion of AnyValue needs no allocation.
#[derive(Debug)]
pub(crate) struct Message {
    pub name: &'static str,
    pub fields: &'static [Field],
}

#[derive(Debug)]
pub(crate) struct Field {
    /// lowerCamelCase, the only spelling OTLP JSON allows.
    pub json: &'static str,
    pub number: u32,
    pub kind: Kind,
    pub repeated: bool,
    /// Member of the message's oneof: of several members on the wire the last one counts.
    pub oneof: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    String,
    /// Base64 in JSON.
    Bytes,
    /// Bytes too, but hex in JSON.
    Id,
    Bool,
    Int32,
    Uint32,
    Sint32,
    Fixed32,
    Int64,
    Uint64,
    Fixed64,
    Sfixed64,
    Double,
    /// Integers in JSON. The names, in the order of their numbers from 0, are understood when a sender uses them.
    Enum(&'static [&'static str]),
    Message(&'static Message),
}

impl Message {
    /// What a request body of `signal` is, and equally `TracesData`, `LogsData` and `MetricsData`.
    pub fn of_request(signal: Signal) -> &'static Self {
        match signal {
            Signal::Traces => &TRACES,
            Signal::Logs => &LOGS,
            Signal::Metrics => &METRICS,
        }
    }

    pub fn is_any_value(&self) -> bool {
        std::ptr::eq(self, &ANY_VALUE)
    }

    pub fn is_key_value(&self) -> bool {
        std::ptr::eq(self, &KEY_VALUE)
    }

    pub fn is_entity_ref(&self) -> bool {
        std::ptr::eq(self, &ENTITY_REF)
    }

    pub fn is_link_or_exemplar(&self) -> bool {
        std::ptr::eq(self, &LINK) || std::ptr::eq(self, &EXEMPLAR)
    }

    /// A span, log record or data point.
    pub fn is_record(&self) -> bool {
        [&SPAN, &LOG_RECORD, &NUMBER_POINT, &HISTOGRAM_POINT, &EXPONENTIAL_POINT, &SUMMARY_POINT]
            .iter()
            .any(|record| std::ptr::eq(self, *record))
    }

    /// Where the field with this number is in `fields`. Found at once when it is the one at `expected` or the next.
    #[inline]
    pub fn position(&self, number: u32, expected: usize) -> Option<usize> {
        let is_it = |position: &usize| self.fields.get(*position).is_some_and(|field| field.number == number);
        (expected..self.fields.len()).find(is_it).or_else(|| (0..expected).find(is_it))
    }
}

impl Field {
    /// A reference into the string table of profiles, which other signals do not have.
    pub fn is_strindex(&self) -> bool {
        matches!(self.kind, Kind::Int32)
    }
}

const fn one(json: &'static str, number: u32, kind: Kind) -> Field {
    Field { json, number, kind, repeated: false, oneof: false }
}

const fn many(json: &'static str, number: u32, kind: Kind) -> Field {
    Field { json, number, kind, repeated: true, oneof: false }
}

const fn either(json: &'static str, number: u32, kind: Kind) -> Field {
    Field { json, number, kind, repeated: false, oneof: true }
}

static TRACES: Message = Message { name: "ExportTraceServiceRequest", fields: &[many("resourceSpans", 1, Kind::Message(&RESOURCE_SPANS))] };

static LOGS: Message = Message { name: "ExportLogsServiceRequest", fields: &[many("resourceLogs", 1, Kind::Message(&RESOURCE_LOGS))] };

static METRICS: Message =
    Message { name: "ExportMetricsServiceRequest", fields: &[many("resourceMetrics", 1, Kind::Message(&RESOURCE_METRICS))] };

static RESOURCE_SPANS: Message = Message {
    name: "ResourceSpans",
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeSpans", 2, Kind::Message(&SCOPE_SPANS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_SPANS: Message = Message {
    name: "ScopeSpans",
    fields: &[one("scope", 1, Kind::Message(&SCOPE)), many("spans", 2, Kind::Message(&SPAN)), one("schemaUrl", 3, Kind::String)],
};

static SPAN: Message = Message {
    name: "Span",
    fields: &[
        one("traceId", 1, Kind::Id),
        one("spanId", 2, Kind::Id),
        one("traceState", 3, Kind::String),
        one("parentSpanId", 4, Kind::Id),
        one("flags", 16, Kind::Fixed32),
        one("name", 5, Kind::String),
        one("kind", 6, Kind::Enum(SPAN_KINDS)),
        one("startTimeUnixNano", 7, Kind::Fixed64),
        one("endTimeUnixNano", 8, Kind::Fixed64),
        many("attributes", 9, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 10, Kind::Uint32),
        many("events", 11, Kind::Message(&EVENT)),
        one("droppedEventsCount", 12, Kind::Uint32),
        many("links", 13, Kind::Message(&LINK)),
        one("droppedLinksCount", 14, Kind::Uint32),
        one("status", 15, Kind::Message(&STATUS)),
    ],
};

static EVENT: Message = Message {
    name: "Event",
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("name", 2, Kind::String),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Uint32),
    ],
};

static LINK: Message = Message {
    name: "Link",
    fields: &[
        one("traceId", 1, Kind::Id),
        one("spanId", 2, Kind::Id),
        one("traceState", 3, Kind::String),
        many("attributes", 4, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 5, Kind::Uint32),
        one("flags", 6, Kind::Fixed32),
    ],
};

static STATUS: Message = Message { name: "Status", fields: &[one("message", 2, Kind::String), one("code", 3, Kind::Enum(STATUS_CODES))] };

static RESOURCE_LOGS: Message = Message {
    name: "ResourceLogs",
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeLogs", 2, Kind::Message(&SCOPE_LOGS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_LOGS: Message = Message {
    name: "ScopeLogs",
    fields: &[one("scope", 1, Kind::Message(&SCOPE)), many("logRecords", 2, Kind::Message(&LOG_RECORD)), one("schemaUrl", 3, Kind::String)],
};

static LOG_RECORD: Message = Message {
    name: "LogRecord",
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("observedTimeUnixNano", 11, Kind::Fixed64),
        one("severityNumber", 2, Kind::Enum(SEVERITIES)),
        one("severityText", 3, Kind::String),
        one("body", 5, Kind::Message(&ANY_VALUE)),
        many("attributes", 6, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 7, Kind::Uint32),
        one("flags", 8, Kind::Fixed32),
        one("traceId", 9, Kind::Id),
        one("spanId", 10, Kind::Id),
        one("eventName", 12, Kind::String),
    ],
};

static RESOURCE_METRICS: Message = Message {
    name: "ResourceMetrics",
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeMetrics", 2, Kind::Message(&SCOPE_METRICS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_METRICS: Message = Message {
    name: "ScopeMetrics",
    fields: &[one("scope", 1, Kind::Message(&SCOPE)), many("metrics", 2, Kind::Message(&METRIC)), one("schemaUrl", 3, Kind::String)],
};

static METRIC: Message = Message {
    name: "Metric",
    fields: &[
        one("name", 1, Kind::String),
        one("description", 2, Kind::String),
        one("unit", 3, Kind::String),
        either("gauge", 5, Kind::Message(&GAUGE)),
        either("sum", 7, Kind::Message(&SUM)),
        either("histogram", 9, Kind::Message(&HISTOGRAM)),
        either("exponentialHistogram", 10, Kind::Message(&EXPONENTIAL_HISTOGRAM)),
        either("summary", 11, Kind::Message(&SUMMARY)),
        many("metadata", 12, Kind::Message(&KEY_VALUE)),
    ],
};

static GAUGE: Message = Message { name: "Gauge", fields: &[many("dataPoints", 1, Kind::Message(&NUMBER_POINT))] };

static SUM: Message = Message {
    name: "Sum",
    fields: &[
        many("dataPoints", 1, Kind::Message(&NUMBER_POINT)),
        one("aggregationTemporality", 2, Kind::Enum(TEMPORALITIES)),
        one("isMonotonic", 3, Kind::Bool),
    ],
};

static HISTOGRAM: Message = Message {
    name: "Histogram",
    fields: &[many("dataPoints", 1, Kind::Message(&HISTOGRAM_POINT)), one("aggregationTemporality", 2, Kind::Enum(TEMPORALITIES))],
};

static EXPONENTIAL_HISTOGRAM: Message = Message {
    name: "ExponentialHistogram",
    fields: &[many("dataPoints", 1, Kind::Message(&EXPONENTIAL_POINT)), one("aggregationTemporality", 2, Kind::Enum(TEMPORALITIES))],
};

static SUMMARY: Message = Message { name: "Summary", fields: &[many("dataPoints", 1, Kind::Message(&SUMMARY_POINT))] };

static NUMBER_POINT: Message = Message {
    name: "NumberDataPoint",
    fields: &[
        many("attributes", 7, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        either("asDouble", 4, Kind::Double),
        either("asInt", 6, Kind::Sfixed64),
        many("exemplars", 5, Kind::Message(&EXEMPLAR)),
        one("flags", 8, Kind::Uint32),
    ],
};

static HISTOGRAM_POINT: Message = Message {
    name: "HistogramDataPoint",
    fields: &[
        many("attributes", 9, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        many("bucketCounts", 6, Kind::Fixed64),
        many("explicitBounds", 7, Kind::Double),
        many("exemplars", 8, Kind::Message(&EXEMPLAR)),
        one("flags", 10, Kind::Uint32),
        one("min", 11, Kind::Double),
        one("max", 12, Kind::Double),
    ],
};

static EXPONENTIAL_POINT: Message = Message {
    name: "ExponentialHistogramDataPoint",
    fields: &[
        many("attributes", 1, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        one("scale", 6, Kind::Sint32),
        one("zeroCount", 7, Kind::Fixed64),
        one("positive", 8, Kind::Message(&BUCKETS)),
        one("negative", 9, Kind::Message(&BUCKETS)),
        one("flags", 10, Kind::Uint32),
        many("exemplars", 11, Kind::Message(&EXEMPLAR)),
        one("min", 12, Kind::Double),
        one("max", 13, Kind::Double),
        one("zeroThreshold", 14, Kind::Double),
    ],
};

static BUCKETS: Message = Message { name: "Buckets", fields: &[one("offset", 1, Kind::Sint32), many("bucketCounts", 2, Kind::Uint64)] };

static SUMMARY_POINT: Message = Message {
    name: "SummaryDataPoint",
    fields: &[
        many("attributes", 7, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        many("quantileValues", 6, Kind::Message(&VALUE_AT_QUANTILE)),
        one("flags", 8, Kind::Uint32),
    ],
};

static VALUE_AT_QUANTILE: Message =
    Message { name: "ValueAtQuantile", fields: &[one("quantile", 1, Kind::Double), one("value", 2, Kind::Double)] };

static EXEMPLAR: Message = Message {
    name: "Exemplar",
    fields: &[
        many("filteredAttributes", 7, Kind::Message(&KEY_VALUE)),
        one("timeUnixNano", 2, Kind::Fixed64),
        either("asDouble", 3, Kind::Double),
        either("asInt", 6, Kind::Sfixed64),
        one("spanId", 4, Kind::Id),
        one("traceId", 5, Kind::Id),
    ],
};

static RESOURCE: Message = Message {
    name: "Resource",
    fields: &[
        many("attributes", 1, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 2, Kind::Uint32),
        many("entityRefs", 3, Kind::Message(&ENTITY_REF)),
    ],
};

static ENTITY_REF: Message = Message {
    name: "EntityRef",
    fields: &[
        one("schemaUrl", 1, Kind::String),
        one("type", 2, Kind::String),
        many("idKeys", 3, Kind::String),
        many("descriptionKeys", 4, Kind::String),
    ],
};

static SCOPE: Message = Message {
    name: "InstrumentationScope",
    fields: &[
        one("name", 1, Kind::String),
        one("version", 2, Kind::String),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Uint32),
    ],
};

static KEY_VALUE: Message = Message {
    name: "KeyValue",
    fields: &[one("key", 1, Kind::String), one("value", 2, Kind::Message(&ANY_VALUE)), one("keyStrindex", 3, Kind::Int32)],
};

static ANY_VALUE: Message = Message {
    name: "AnyValue",
    fields: &[
        either("stringValue", 1, Kind::String),
        either("boolValue", 2, Kind::Bool),
        either("intValue", 3, Kind::Int64),
        either("doubleValue", 4, Kind::Double),
        either("arrayValue", 5, Kind::Message(&ARRAY_VALUE)),
        either("kvlistValue", 6, Kind::Message(&KEY_VALUE_LIST)),
        either("bytesValue", 7, Kind::Bytes),
        either("stringValueStrindex", 8, Kind::Int32),
    ],
};

static ARRAY_VALUE: Message = Message { name: "ArrayValue", fields: &[many("values", 1, Kind::Message(&ANY_VALUE))] };

static KEY_VALUE_LIST: Message = Message { name: "KeyValueList", fields: &[many("values", 1, Kind::Message(&KEY_VALUE))] };
