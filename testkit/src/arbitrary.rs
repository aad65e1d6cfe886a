//! Arbitrary OTLP requests for property tests: every field, every AnyValue, every metric type, valid but nasty.
//!
//! Every record is one that must be accepted; what a test wants refused it breaks itself. Numbers favour the ends of their
//! range, texts what breaks encoders, attribute keys those that have columns of their own, with right and wrong types.

mod attributes;
mod metrics;
mod records;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{EntityRef, InstrumentationScope},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

pub use attributes::{any_value, attributes, text};
pub use metrics::metrics;
pub use records::{body, single_records};

/// A request of spans.
pub fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope_spans =
        (option::of(scope()), vec(span(), 0..4), text()).prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let resource_spans = (option::of(resource()), vec(scope_spans, 0..3), text())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

/// A request of log records.
pub fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope_logs = (option::of(scope()), vec(log_record(), 0..4), text()).prop_map(|(scope, log_records, schema_url)| ScopeLogs {
        scope,
        log_records,
        schema_url,
    });
    let resource_logs = (option::of(resource()), vec(scope_logs, 0..3), text())
        .prop_map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url });
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

fn span() -> impl Strategy<Value = Span> {
    let identity = (id(16), id(8), optional_id(8), text(), text());
    let numbers = (any_u32(), any_i32(), time(), time(), any_u32(), any_u32(), any_u32());
    let status = option::of((text(), any_i32()).prop_map(|(message, code)| Status { message, code }));
    (identity, numbers, attributes(), vec(event(), 0..3), vec(link(), 0..3), status).prop_map(
        |(
            (trace_id, span_id, parent_span_id, trace_state, name),
            (flags, kind, start, end, dropped_attributes_count, dropped_events_count, dropped_links_count),
            attributes,
            events,
            links,
            status,
        )| Span {
            trace_id,
            span_id,
            trace_state,
            parent_span_id,
            flags,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            dropped_attributes_count,
            events,
            dropped_events_count,
            links,
            dropped_links_count,
            status,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), any_u32()).prop_map(|(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
        time_unix_nano,
        name,
        attributes,
        dropped_attributes_count,
    })
}

fn link() -> impl Strategy<Value = Link> {
    (optional_id(16), optional_id(8), text(), attributes(), any_u32(), any_u32()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let numbers = (time(), time(), any_i32(), any_u32(), any_u32());
    (numbers, text(), option::of(any_value()), attributes(), optional_id(16), optional_id(8), text()).prop_map(
        |(
            (time, observed, severity_number, dropped_attributes_count, flags),
            severity_text,
            body,
            attributes,
            trace_id,
            span_id,
            event_name,
        )| {
            LogRecord {
                time_unix_nano: time,
                observed_time_unix_nano: observed,
                severity_number,
                severity_text,
                body,
                attributes,
                dropped_attributes_count,
                flags,
                trace_id,
                span_id,
                event_name,
            }
        },
    )
}

fn resource() -> impl Strategy<Value = Resource> {
    (attributes(), any_u32(), vec(entity_ref(), 0..2)).prop_map(|(attributes, dropped_attributes_count, entity_refs)| Resource {
        attributes,
        dropped_attributes_count,
        entity_refs,
    })
}

fn entity_ref() -> impl Strategy<Value = EntityRef> {
    (text(), text(), vec(text(), 0..3), vec(text(), 0..3)).prop_map(|(schema_url, r#type, id_keys, description_keys)| EntityRef {
        schema_url,
        r#type,
        id_keys,
        description_keys,
    })
}

fn scope() -> impl Strategy<Value = InstrumentationScope> {
    (text(), text(), attributes(), any_u32()).prop_map(|(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
        name,
        version,
        attributes,
        dropped_attributes_count,
    })
}

/// An id that is one.
fn id(bytes: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), bytes).prop_map(|mut id| {
        if id.iter().all(|byte| *byte == 0) {
            id.fill(1);
        }
        id
    })
}

/// An id where none is needed: absent, or all zeros as some senders write it.
fn optional_id(bytes: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => id(bytes), 1 => Just(Vec::new()), 1 => Just(vec![0; bytes])]
}

/// Nanoseconds up to the last that a table can hold.
fn time() -> impl Strategy<Value = u64> {
    const LAST: u64 = i64::MAX as u64;
    prop_oneof![select(vec![0, 1, 1_700_000_000_000_000_000, LAST - 1, LAST]), 0..=LAST]
}

fn any_u32() -> impl Strategy<Value = u32> {
    prop_oneof![select(vec![0, 0, 1, u32::MAX]), any::<u32>()]
}

fn any_i32() -> impl Strategy<Value = i32> {
    prop_oneof![0..6, select(vec![-1, i32::MIN, i32::MAX]), any::<i32>()]
}

fn any_u64() -> impl Strategy<Value = u64> {
    prop_oneof![select(vec![0, 1, u64::MAX]), any::<u64>()]
}

fn any_i64() -> impl Strategy<Value = i64> {
    prop_oneof![select(vec![0, -1, 200, i64::MIN, i64::MAX]), any::<i64>()]
}

/// Any double, though only one of the many NaN: text forms cannot tell them apart.
fn any_f64() -> impl Strategy<Value = f64> {
    let special = vec![0.0, -0.0, 1.0, 0.1, 1e300, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![select(special), any_finite_f64()]
}

fn any_finite_f64() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}
