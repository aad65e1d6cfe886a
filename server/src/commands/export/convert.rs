//! The server's stream in the format that was asked for, as it comes.

use schemas::{
    TraceId,
    interop::{Span, SpanGroup, jaeger::TraceJson, read_spans, zipkin},
    otlp::DecodeError,
};

use crate::cli::ExportFormat;

#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    #[error("read the server's stream")]
    Request(#[from] DecodeError),
    #[error("the server's stream ends inside a request")]
    CutOff,
}

pub(super) enum Converter {
    /// As it comes.
    Pass,
    Requests {
        frames: Frames,
        format: Foreign,
    },
}

pub(super) enum Foreign {
    Jaeger(Traces),
    Zipkin { written: bool },
}

/// Requests after their length in four bytes, in parts of any size.
#[derive(Default)]
pub(super) struct Frames {
    rest: Vec<u8>,
}

/// Spans that come one trace after the other. Holds one trace.
#[derive(Default)]
pub(super) struct Traces {
    current: Option<(TraceId, TraceJson)>,
    written: bool,
}

impl Converter {
    pub(super) fn new(format: ExportFormat) -> Self {
        let format = match format {
            ExportFormat::OtlpProto | ExportFormat::OtlpJson => return Self::Pass,
            ExportFormat::JaegerJson => Foreign::Jaeger(Traces::default()),
            ExportFormat::ZipkinJson => Foreign::Zipkin { written: false },
        };
        Self::Requests { frames: Frames::default(), format }
    }

    /// # Errors
    /// When the server sends no OTLP.
    pub(super) fn push(&mut self, part: &[u8]) -> Result<Vec<u8>, ConvertError> {
        let Self::Requests { frames, format } = self else { return Ok(part.to_vec()) };
        let mut out = String::new();
        for body in frames.push(part) {
            format.push(&mut out, &read_spans(&body)?);
        }
        Ok(out.into_bytes())
    }

    /// # Errors
    /// When a request is cut off.
    pub(super) fn finish(self) -> Result<Vec<u8>, ConvertError> {
        let Self::Requests { frames, format } = self else { return Ok(Vec::new()) };
        if !frames.rest.is_empty() {
            return Err(ConvertError::CutOff);
        }
        Ok(format.finish().into_bytes())
    }
}

impl Frames {
    fn push(&mut self, part: &[u8]) -> Vec<Vec<u8>> {
        self.rest.extend_from_slice(part);
        let mut bodies = Vec::new();
        let mut rest = self.rest.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>()
            && let Some((body, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize)
        {
            bodies.push(body.to_vec());
            rest = after;
        }
        self.rest = rest.to_vec();
        bodies
    }
}

impl Foreign {
    fn push(&mut self, out: &mut String, groups: &[SpanGroup<'_>]) {
        match self {
            Self::Jaeger(traces) => traces.push(out, groups),
            Self::Zipkin { written } => {
                for group in groups {
                    for span in &group.spans {
                        out.push_str(if std::mem::replace(written, true) { ",\n" } else { "[\n" });
                        out.push_str(&zipkin::span_json(group, span));
                    }
                }
            }
        }
    }

    fn finish(self) -> String {
        match self {
            Self::Jaeger(mut traces) => {
                let mut out = String::new();
                traces.end_trace(&mut out);
                out.push_str(if traces.written { "\n]}\n" } else { "{\"data\":[]}\n" });
                out
            }
            Self::Zipkin { written } => if written { "\n]\n" } else { "[]\n" }.to_owned(),
        }
    }
}

impl Traces {
    /// Spans of a request are grouped by resource: they are put back into the order of their traces first.
    fn push(&mut self, out: &mut String, groups: &[SpanGroup<'_>]) {
        let mut spans: Vec<(TraceId, usize, &Span<'_>)> = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            spans.extend(group.spans.iter().map(|span| (span.trace_id, place, span)));
        }
        spans.sort_by_key(|(trace, place, _)| (*trace, *place));
        for run in spans.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((trace, group)) = run.first().and_then(|(trace, place, _)| Some((*trace, groups.get(*place)?))) else { continue };
            if self.current.as_ref().is_none_or(|(current, _)| *current != trace) {
                self.end_trace(out);
            }
            let of_run: Vec<&Span<'_>> = run.iter().map(|(_, _, span)| *span).collect();
            self.current.get_or_insert_with(|| (trace, TraceJson::new(trace))).1.push(group, &of_run);
        }
    }

    fn end_trace(&mut self, out: &mut String) {
        if let Some((_, trace)) = self.current.take() {
            out.push_str(if std::mem::replace(&mut self.written, true) { ",\n" } else { "{\"data\":[\n" });
            out.push_str(&trace.finish());
        }
    }
}
