//! Streams and their lines as an OTLP logs request.

use std::borrow::Cow;

use super::FORMAT;
use crate::{
    SpanId, TraceId,
    interop::{keys, model::ForeignError, severity, trace, translate::Translated},
    otlp::{
        Rejected,
        encoder::{Encoder, Open},
        reject,
    },
};

/// Labels that name a service, best first: Loki's own list, behind the names of OpenTelemetry.
const SERVICE_LABELS: [&str; 16] = [
    "service_name",
    keys::SERVICE_NAME,
    "service",
    "app",
    "application",
    "app_name",
    "name",
    "app_kubernetes_io_name",
    "container",
    "container_name",
    "k8s_container_name",
    "component",
    "workload",
    "job",
    "k8s_job_name",
    "compose_service",
];

/// Writes streams one after another.
pub(super) struct Writer {
    out: Encoder,
    bytes_max: usize,
    rejected: Rejected,
}

/// A stream whose lines are being written.
pub(super) struct Stream {
    resource_logs: Open,
    scope_logs: Open,
    level: Option<String>,
}

impl Writer {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { out: Encoder::default(), bytes_max, rejected: Rejected::default() }
    }

    pub(super) fn open<'a>(&mut self, labels: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Stream {
        let out = &mut self.out;
        let resource_logs = out.open(1);
        let resource = out.open(1);
        let label = |name: &str| labels.clone().find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value);
        if label(keys::SERVICE_NAME).is_none()
            && let Some(service) = SERVICE_LABELS.into_iter().find_map(label)
        {
            text_attribute(out, 1, keys::SERVICE_NAME, service);
        }
        labels.clone().for_each(|(name, value)| text_attribute(out, 1, name, value));
        out.close(resource);
        let level = severity::KEYS.into_iter().find_map(label).map(str::to_owned);
        let scope_logs = out.open(2);
        Stream { resource_logs, scope_logs, level }
    }

    /// # Errors
    /// When the request would become larger than it may.
    pub(super) fn entry(
        &mut self,
        stream: &Stream,
        time_ns: Option<u64>,
        line: &str,
        metadata: &[(Cow<'_, str>, Cow<'_, str>)],
    ) -> Result<(), ForeignError> {
        let Some(time_ns) = time_ns.filter(|time| i64::try_from(*time).is_ok()) else {
            self.rejected.add(reject::FOREIGN_TIME);
            return Ok(());
        };
        let out = &mut self.out;
        let record = out.open(2);
        out.fixed64(1, time_ns);
        let find = |key: &str| metadata.iter().find(|(found, value)| found == key && !value.is_empty()).map(|(_, value)| value.as_ref());
        if let Some(level) = severity::KEYS.into_iter().find_map(find).or(stream.level.as_deref()) {
            out.non_zero_int32(2, severity::number(level));
            out.string(3, level);
        }
        let body = out.open(5);
        out.string(1, line);
        out.close(body);
        let (mut of_trace, mut of_span): (Option<TraceId>, Option<SpanId>) = (None, None);
        for (key, value) in metadata {
            match key.as_ref() {
                key if trace::is_trace_id(key) && of_trace.is_none() && value.parse::<TraceId>().is_ok() => of_trace = value.parse().ok(),
                key if trace::is_span_id(key) && of_span.is_none() && value.parse::<SpanId>().is_ok() => of_span = value.parse().ok(),
                key => text_attribute(out, 6, key, value),
            }
        }
        if of_trace.is_none()
            && let Some((trace, span)) = trace::named(line)
        {
            (of_trace, of_span) = (Some(trace), of_span.or(span));
        }
        out.optional_bytes(9, of_trace.as_ref().map(|id| id.as_bytes().as_slice()));
        out.optional_bytes(10, of_span.as_ref().map(|id| id.as_bytes().as_slice()));
        out.close(record);
        if out.len() > self.bytes_max { Err(ForeignError::TooLarge { format: FORMAT, limit: self.bytes_max }) } else { Ok(()) }
    }

    pub(super) fn close(&mut self, Stream { resource_logs, scope_logs, .. }: Stream) {
        self.out.close(scope_logs);
        self.out.close(resource_logs);
    }

    pub(super) fn finish(self) -> Translated {
        Translated { protobuf: self.out.into_bytes(), rejected: self.rejected, ..Translated::default() }
    }
}

fn text_attribute(out: &mut Encoder, number: u32, key: &str, value: &str) {
    let attribute = out.open(number);
    out.string(1, key);
    let any_value = out.open(2);
    out.string(1, value);
    out.close(any_value);
    out.close(attribute);
}
