//! Samples and exemplars.

#![deny(clippy::indexing_slicing)]

use super::request::{Labels, Request, malformed};
use crate::{
    SpanId, TraceId,
    interop::{model::ForeignError, read::text},
    otlp::{
        encoder::Encoder,
        wire::{Reader, Value as Wire},
    },
};

/// The one NaN that says a series has ended.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;
/// `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
pub(super) const NO_RECORDED_VALUE: u64 = 1;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    pub value: f64,
    pub time_ms: i64,
    pub start_ms: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Exemplar<'a> {
    pub message: &'a [u8],
    pub value: f64,
    pub time_ms: i64,
}

/// ms since 1970 in ns, when OTLP and our columns can say that time.
pub(super) fn time_ns(ms: i64) -> Option<u64> {
    let ns = ms.checked_mul(1_000_000)?;
    u64::try_from(ns).ok()
}

pub(super) fn read_sample(message: &[u8]) -> Result<Sample, ForeignError> {
    let mut sample = Sample::default();
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field().map_err(malformed)? {
        match field {
            (1, Wire::Fixed64(bits)) => sample.value = f64::from_bits(bits),
            (2, Wire::Varint(time)) => sample.time_ms = time.cast_signed(),
            (3, Wire::Varint(start)) => sample.start_ms = start.cast_signed(),
            _ => {}
        }
    }
    Ok(sample)
}

pub(super) fn read_exemplar(message: &[u8]) -> Result<Exemplar<'_>, ForeignError> {
    let Sample { value, time_ms, .. } = {
        let mut exemplar = Sample::default();
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field().map_err(malformed)? {
            match field {
                (2, Wire::Fixed64(bits)) => exemplar.value = f64::from_bits(bits),
                (3, Wire::Varint(time)) => exemplar.time_ms = time.cast_signed(),
                _ => {}
            }
        }
        exemplar
    };
    Ok(Exemplar { message, value, time_ms })
}

/// Field `number`, an exemplar. One whose time cannot be said has that of its point.
pub(super) fn write_exemplar<'a>(
    out: &mut Encoder,
    number: u32,
    request: &Request<'a>,
    exemplar: &Exemplar<'a>,
    labels: &mut Labels<'a>,
    point_ns: u64,
) -> Result<(), ForeignError> {
    request.labels(exemplar.message, labels)?;
    let message = out.open(number);
    out.fixed64(2, time_ns(exemplar.time_ms).filter(|time| *time > 0).unwrap_or(point_ns));
    out.double(3, exemplar.value);
    for (name, value) in labels.iter() {
        let value = text(value);
        match *name {
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
    Ok(())
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
