//! Native histograms: sparse in Prometheus, dense in OTLP.
//!
//! ```text
//! spans (offset from the end of the last, length), one delta a bucket   ->   offset of the first bucket, a count for each from there
//! ```
//! Bucket `i` of Prometheus ends at base^i, that of OTLP begins there: indexes differ by one.

#![deny(clippy::indexing_slicing)]

use super::{points::STALE, request::malformed};
use crate::{
    interop::{model::ForeignError, prometheus::write_explicit_buckets},
    otlp::{
        encoder::Encoder,
        wire::{Reader, Value as Wire},
    },
};

pub(super) const FLOAT_COUNTS: &str = "a native histogram has counts that are no whole numbers";
pub(super) const GAUGE_HISTOGRAM: &str = "a native histogram is a gauge, which OTLP cannot say";
pub(super) const UNKNOWN_SCHEMA: &str = "a native histogram has an unknown schema";
pub(super) const TOO_WIDE: &str = "the buckets of a native histogram are too far apart";
pub(super) const BUCKETS: &str = "the buckets of a native histogram do not fit its spans or bounds";

/// Buckets of one side, empty ones between others included.
const BUCKETS_MAX: usize = 16 << 10;
/// The schema of custom buckets.
const CUSTOM: i64 = -53;
const RESET_HINT_GAUGE: u64 = 3;

/// A histogram as it lies on the wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Native<'a> {
    count: Count,
    sum: f64,
    schema: i64,
    zero_threshold: f64,
    zero_count: Count,
    negative: Side<'a>,
    positive: Side<'a>,
    reset_hint: u64,
    pub time_ms: i64,
    pub start_ms: i64,
    custom_values: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    Int(u64),
    Float(f64),
}

#[derive(Debug, Clone, Default)]
struct Side<'a> {
    spans: Vec<&'a [u8]>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

/// A histogram that OTLP can say, but for its time and labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Histogram {
    /// The series has ended.
    Stale {
        custom: bool,
    },
    Exponential {
        count: u64,
        sum: f64,
        scale: i32,
        zero_count: u64,
        zero_threshold: f64,
        negative: Dense,
        positive: Dense,
    },
    Explicit {
        count: u64,
        sum: f64,
        bounds: Vec<f64>,
        counts: Vec<u64>,
    },
}

/// The first bucket's index, and a count for each from there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dense {
    offset: i64,
    counts: Vec<u64>,
}

impl Default for Count {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl Count {
    fn whole(self) -> Result<u64, &'static str> {
        match self {
            Self::Int(count) => Ok(count),
            Self::Float(count) => whole(count),
        }
    }
}

/// # Errors
/// When `message` is no histogram.
pub(super) fn read(message: &[u8]) -> Result<Native<'_>, ForeignError> {
    let mut native = Native::default();
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field().map_err(malformed)? {
        match field {
            (1, Wire::Varint(count)) => native.count = Count::Int(count),
            (2, Wire::Fixed64(bits)) => native.count = Count::Float(f64::from_bits(bits)),
            (3, Wire::Fixed64(bits)) => native.sum = f64::from_bits(bits),
            (4, Wire::Varint(schema)) => native.schema = zigzag(schema),
            (5, Wire::Fixed64(bits)) => native.zero_threshold = f64::from_bits(bits),
            (6, Wire::Varint(count)) => native.zero_count = Count::Int(count),
            (7, Wire::Fixed64(bits)) => native.zero_count = Count::Float(f64::from_bits(bits)),
            (8, Wire::Bytes(span)) => native.negative.spans.push(span),
            (9, deltas) => read_varints(deltas, |delta| native.negative.deltas.push(zigzag(delta)))?,
            (10, counts) => read_doubles(counts, |count| native.negative.counts.push(count))?,
            (11, Wire::Bytes(span)) => native.positive.spans.push(span),
            (12, deltas) => read_varints(deltas, |delta| native.positive.deltas.push(zigzag(delta)))?,
            (13, counts) => read_doubles(counts, |count| native.positive.counts.push(count))?,
            (14, Wire::Varint(hint)) => native.reset_hint = hint,
            (15, Wire::Varint(time)) => native.time_ms = time.cast_signed(),
            (16, values) => read_doubles(values, |value| native.custom_values.push(value))?,
            (17, Wire::Varint(start)) => native.start_ms = start.cast_signed(),
            _ => {}
        }
    }
    Ok(native)
}

impl Native<'_> {
    /// # Errors
    /// Malformed, or inside that why this histogram alone is refused.
    pub(super) fn to_histogram(&self) -> Result<Result<Histogram, &'static str>, ForeignError> {
        if self.sum.to_bits() == STALE {
            return Ok(Ok(Histogram::Stale { custom: self.schema == CUSTOM }));
        }
        if self.reset_hint == RESET_HINT_GAUGE {
            return Ok(Err(GAUGE_HISTOGRAM));
        }
        let (negative, positive) = match (self.negative.dense()?, self.positive.dense()?) {
            (Ok(negative), Ok(positive)) => (negative, positive),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        Ok(self.with_sides(negative, positive))
    }

    fn with_sides(&self, negative: Dense, positive: Dense) -> Result<Histogram, &'static str> {
        let (count, zero_count) = (self.count.whole()?, self.zero_count.whole()?);
        match self.schema {
            -4..=8 => {
                let shifted = |Dense { offset, counts }| Dense { offset: offset - 1, counts };
                let (negative, positive) = (shifted(negative), shifted(positive));
                let (scale, zero_threshold) = (self.schema as i32, self.zero_threshold);
                Ok(Histogram::Exponential { count, sum: self.sum, scale, zero_count, zero_threshold, negative, positive })
            }
            CUSTOM => {
                let bounds = self.custom_values.clone();
                let rising = bounds.iter().zip(bounds.iter().skip(1)).all(|(low, high)| low < high);
                let before = usize::try_from(positive.offset).map_err(|_| BUCKETS)?;
                let mut counts = vec![0; before.min(bounds.len())];
                counts.extend(positive.counts);
                if !rising || bounds.iter().any(|bound| bound.is_nan()) || before > bounds.len() || counts.len() > bounds.len() + 1 {
                    return Err(BUCKETS);
                }
                counts.resize(bounds.len() + 1, 0);
                Ok(Histogram::Explicit { count, sum: self.sum, bounds, counts })
            }
            _ => Err(UNKNOWN_SCHEMA),
        }
    }
}

impl Side<'_> {
    fn dense(&self) -> Result<Result<Dense, &'static str>, ForeignError> {
        let (mut dense, mut next, mut started) = (Dense::default(), 0_i64, false);
        let mut buckets = self.buckets();
        for span in &self.spans {
            let (offset, length) = read_span(span)?;
            next = next.saturating_add(offset);
            if !started && length > 0 {
                (dense.offset, started) = (next, true);
            }
            let gap = if started { next.saturating_sub(dense.offset).saturating_sub(dense.counts.len() as i64) } else { 0 };
            if gap < 0 {
                return Ok(Err(BUCKETS));
            }
            let buckets_now = gap.saturating_add(dense.counts.len() as i64 + i64::from(length));
            if buckets_now > BUCKETS_MAX as i64 || i32::try_from(dense.offset.saturating_sub(1)).is_err() {
                return Ok(Err(TOO_WIDE));
            }
            dense.counts.resize(dense.counts.len() + gap as usize, 0);
            for _ in 0..length {
                match buckets.next() {
                    Some(Ok(count)) => dense.counts.push(count),
                    Some(Err(reason)) => return Ok(Err(reason)),
                    None => return Ok(Err(BUCKETS)),
                }
            }
            next = next.saturating_add(length.into());
        }
        let left = buckets.next().is_some();
        Ok(if left { Err(BUCKETS) } else { Ok(dense) })
    }

    /// Counts of the buckets, one after the other.
    fn buckets(&self) -> impl Iterator<Item = Result<u64, &'static str>> {
        let mut last = 0_i64;
        let of_deltas = self.deltas.iter().map(move |delta| {
            last = last.saturating_add(*delta);
            u64::try_from(last).map_err(|_| BUCKETS)
        });
        of_deltas.chain(self.counts.iter().map(|count| whole(*count)))
    }
}

/// The fields of a point of the kind that `histogram` is, but for time and labels.
pub(super) fn write_fields(out: &mut Encoder, histogram: &Histogram) {
    match histogram {
        Histogram::Stale { .. } => {}
        Histogram::Exponential { count, sum, scale, zero_count, zero_threshold, negative, positive } => {
            out.fixed64(4, *count);
            out.double(5, *sum);
            out.sint32(6, *scale);
            out.fixed64(7, *zero_count);
            for (number, side) in [(8, positive), (9, negative)] {
                let message = out.open(number);
                out.sint32(1, i32::try_from(side.offset).unwrap_or_default());
                let counts = out.open(2);
                side.counts.iter().for_each(|count| out.packed_varint(*count));
                out.close_unless_empty(2, counts);
                out.close(message);
            }
            out.double(14, *zero_threshold);
        }
        Histogram::Explicit { count, sum, bounds, counts } => write_explicit_buckets(out, (*count, Some(*sum)), bounds, counts),
    }
}

fn read_span(message: &[u8]) -> Result<(i64, u32), ForeignError> {
    let (mut offset, mut length) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field().map_err(malformed)? {
        match field {
            (1, Wire::Varint(value)) => offset = zigzag(value),
            (2, Wire::Varint(value)) => length = u32::try_from(value).unwrap_or(u32::MAX),
            _ => {}
        }
    }
    Ok((offset, length))
}

fn whole(count: f64) -> Result<u64, &'static str> {
    let most = (1_u64 << 53) as f64;
    if count.fract() == 0.0 && (0.0..=most).contains(&count) { Ok(count as u64) } else { Err(FLOAT_COUNTS) }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Packed or single.
fn read_varints(value: Wire<'_>, mut visit: impl FnMut(u64)) -> Result<(), ForeignError> {
    match value {
        Wire::Varint(number) => visit(number),
        Wire::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while !reader.rest().is_empty() {
                visit(reader.varint().map_err(malformed)?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Packed or single.
fn read_doubles(value: Wire<'_>, mut visit: impl FnMut(f64)) -> Result<(), ForeignError> {
    match value {
        Wire::Fixed64(bits) => visit(f64::from_bits(bits)),
        Wire::Bytes(packed) => {
            let (doubles, rest) = packed.as_chunks();
            if !rest.is_empty() {
                return Err(ForeignError::Protobuf { format: super::FORMAT, what: "packed numbers end inside one" });
            }
            doubles.iter().for_each(|bytes| visit(f64::from_le_bytes(*bytes)));
        }
        _ => {}
    }
    Ok(())
}
