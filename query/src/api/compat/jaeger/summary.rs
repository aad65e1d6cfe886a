//! A trace in a few numbers, as the search of Jaeger's newer UI lists it. Pure.

use std::collections::{BTreeMap, HashSet};

use schemas::{
    TraceId,
    interop::{SpanGroup, StatusCode},
    otlp::attributes_json::Value as Any,
};
use serde_json::{Value, json};

const SERVICE_NAME: &str = "service.name";

/// `TraceSummary` of `jaeger.api_v3`: 64-bit numbers are texts, and services are in order.
pub(super) fn summary(id: TraceId, groups: &[SpanGroup<'_>]) -> Value {
    let spans = || groups.iter().flat_map(|group| group.spans.iter().map(move |span| (service(group), span)));
    let ids: HashSet<_> = spans().map(|(_, span)| span.span_id).collect();
    let mut services: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut errors, mut orphans, mut count) = (0, 0, 0);
    for (service, span) in spans() {
        let failed = u64::from(span.status.code == StatusCode::Error);
        let (spans, failures) = services.entry(service).or_default();
        (*spans, *failures) = (*spans + 1, *failures + failed);
        errors += failed;
        count += 1;
        orphans += u64::from(span.parent_span_id.is_some_and(|parent| !ids.contains(&parent)));
    }
    let root = spans().filter(|(_, span)| span.parent_span_id.is_none()).min_by_key(|(_, span)| span.start_ns);
    let root = root.or_else(|| spans().min_by_key(|(_, span)| span.start_ns));
    let service = |(name, (spans, errors)): (&str, (u64, u64))| json!({"name": name, "spanCount": spans, "errorSpanCount": errors});
    json!({
        "traceId": id.to_string(),
        "rootServiceName": root.map(|(service, _)| service).unwrap_or_default(),
        "rootOperationName": root.map(|(_, span)| span.name.as_ref()).unwrap_or_default(),
        "minStartTimeUnixNano": spans().map(|(_, span)| span.start_ns).min().unwrap_or_default().to_string(),
        "maxEndTimeUnixNano": spans().map(|(_, span)| span.end_ns).max().unwrap_or_default().to_string(),
        "spanCount": count,
        "errorSpanCount": errors,
        "orphanSpanCount": orphans,
        "services": services.into_iter().map(service).collect::<Vec<_>>(),
    })
}

fn service<'a>(group: &'a SpanGroup<'_>) -> &'a str {
    let named = group.resource.iter().find(|(key, _)| key == SERVICE_NAME).map(|(_, value)| value);
    match named {
        Some(Any::String(name)) => name,
        _ => "unknown_service",
    }
}
