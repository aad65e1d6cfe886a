//! Samples and exemplars.

#![deny(clippy::indexing_slicing)]

use super::request::{Labels, Request, malformed};
use crate::{
    interop::{model::ForeignError, prometheus},
    otlp::{
        encoder::Encoder,
        wire::{Reader, Value as Wire},
    },
};

/// The one NaN that says a series has ended.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;

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
    let time = prometheus::time_ns(exemplar.time_ms).filter(|time| *time > 0).unwrap_or(point_ns);
    prometheus::write_exemplar(out, number, (time, exemplar.value), labels.iter().copied());
    Ok(())
}
