//! What Prometheus says by remote write and on a `/metrics` page alike, as OTLP.

#![deny(clippy::indexing_slicing)]

use super::read::text;
use crate::{SpanId, TraceId, otlp::encoder::Encoder};

pub(super) const JOB: &[u8] = b"job";
pub(super) const INSTANCE: &[u8] = b"instance";
pub(super) const SCOPE_NAME: &[u8] = b"otel_scope_name";
pub(super) const SCOPE_VERSION: &[u8] = b"otel_scope_version";
pub(super) const TARGET_INFO: &[u8] = b"target_info";

/// `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
pub(super) const NO_RECORDED_VALUE: u64 = 1;
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
pub(super) const CUMULATIVE: i32 = 2;

/// ms since 1970 in ns, when OTLP and our columns can say that time.
pub(super) fn time_ns(ms: i64) -> Option<u64> {
    let ns = ms.checked_mul(1_000_000)?;
    u64::try_from(ns).ok()
}

/// Field 1, the resource of a target. `told`: what else is known of it; what `job` and `instance` say counts more.
pub(super) fn write_resource<'t>(out: &mut Encoder, job: &'t [u8], instance: &'t [u8], told: impl Iterator<Item = (&'t [u8], &'t [u8])>) {
    let mut parts = job.splitn(2, |byte| *byte == b'/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let (namespace, name) = second.map_or((&[][..], first), |name| (first, name));
    let own: [(&[u8], &[u8]); 3] = [(b"service.namespace", namespace), (b"service.name", name), (b"service.instance.id", instance)];
    let message = out.open(1);
    for (key, value) in own.into_iter().chain(told.filter(|(key, _)| own.iter().all(|(own, _)| own != key))) {
        if !value.is_empty() {
            write_label(out, 1, key, value);
        }
    }
    out.close(message);
}

/// Field 1, the scope; nothing when it has no name and no version.
pub(super) fn write_scope(out: &mut Encoder, name: &[u8], version: &[u8]) {
    let scope = out.open(1);
    out.optional_bytes(1, Some(name).filter(|name| !name.is_empty()));
    out.optional_bytes(2, Some(version).filter(|version| !version.is_empty()));
    out.close_unless_empty(1, scope);
}

/// Name, description and unit of a metric.
pub(super) fn write_name(out: &mut Encoder, name: &[u8], help: &[u8], unit: &[u8]) {
    out.bytes(1, name);
    out.optional_bytes(2, Some(help).filter(|help| !help.is_empty()));
    out.optional_bytes(3, Some(unit).filter(|unit| !unit.is_empty()));
}

/// Field `number`, an exemplar.
pub(super) fn write_exemplar<'l>(
    out: &mut Encoder,
    number: u32,
    (time_ns, value): (u64, f64),
    labels: impl Iterator<Item = (&'l [u8], &'l [u8])>,
) {
    let message = out.open(number);
    out.fixed64(2, time_ns);
    out.double(3, value);
    for (name, value) in labels {
        let value = text(value);
        match name {
            b"span_id" | b"spanID" | b"spanId" if value.parse::<SpanId>().is_ok() => {
                out.optional_bytes(4, value.parse::<SpanId>().ok().as_ref().map(|id| id.as_bytes().as_slice()));
            }
            b"trace_id" | b"traceID" | b"traceId" if value.parse::<TraceId>().is_ok() => {
                out.optional_bytes(5, value.parse::<TraceId>().ok().as_ref().map(|id| id.as_bytes().as_slice()));
            }
            name => write_label(out, 7, name, value.as_bytes()),
        }
    }
    out.close(message);
}

/// The rest of a HistogramDataPoint: `counts` has one more than `bounds`.
pub(super) fn write_explicit_buckets(out: &mut Encoder, (count, sum): (u64, Option<f64>), bounds: &[f64], counts: &[u64]) {
    out.fixed64(4, count);
    out.optional_double(5, sum);
    let list = out.open(6);
    counts.iter().for_each(|count| out.packed_fixed64(*count));
    out.close(list);
    let list = out.open(7);
    bounds.iter().for_each(|bound| out.packed_fixed64(bound.to_bits()));
    out.close_unless_empty(7, list);
}

/// Field `number`, a label as a KeyValue.
pub(super) fn write_label(out: &mut Encoder, number: u32, name: &[u8], value: &[u8]) {
    let attribute = out.open(number);
    out.bytes(1, name);
    let any_value = out.open(2);
    out.bytes(1, value);
    out.close(any_value);
    out.close(attribute);
}
