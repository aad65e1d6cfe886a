//! Data points of every metric type: wire to one shape.

#![deny(clippy::indexing_slicing)]

use super::{
    reject,
    wire::{Reader, Value, WireError},
};
use crate::UnixNanos;

/// The type of a metric. The names are the values of column `metric_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricType {
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl MetricType {
    /// The type of the data in field `number` of a Metric message.
    pub fn of_field(number: u32) -> Option<Self> {
        match number {
            5 => Some(Self::Gauge),
            7 => Some(Self::Sum),
            9 => Some(Self::Histogram),
            10 => Some(Self::ExponentialHistogram),
            11 => Some(Self::Summary),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Sum => "sum",
            Self::Histogram => "histogram",
            Self::ExponentialHistogram => "exponential_histogram",
            Self::Summary => "summary",
        }
    }

    pub fn has_temporality(self) -> bool {
        matches!(self, Self::Sum | Self::Histogram | Self::ExponentialHistogram)
    }
}

/// The value of a number point or an exemplar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Double(f64),
    Int(i64),
}

/// A data point of any type; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Point<'a> {
    pub attributes: Vec<&'a [u8]>,
    pub exemplars: Vec<&'a [u8]>,
    pub start_time: u64,
    pub time: u64,
    pub flags: u32,
    pub value: Option<Number>,
    pub count: u64,
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub bounds: Vec<f64>,
    pub bucket_counts: Vec<u64>,
    pub scale: i32,
    pub zero_count: u64,
    pub zero_threshold: f64,
    pub positive: Buckets,
    pub negative: Buckets,
    /// (quantile, value)
    pub quantiles: Vec<(f64, f64)>,
}

/// The buckets of one sign of an exponential histogram.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    /// `None` when the message is absent.
    pub offset: Option<i32>,
    pub counts: Vec<u64>,
}

/// Bit of a point's flags: the series has no value at this time.
const NO_RECORDED_VALUE: u32 = 1;

impl<'a> Point<'a> {
    /// Reads a point message of a metric of type `kind`.
    pub fn read(&mut self, kind: MetricType, message: &'a [u8]) -> Result<(), WireError> {
        self.clear();
        let mut reader = Reader::new(message);
        while let Some((number, value)) = reader.field()? {
            match kind {
                MetricType::Gauge | MetricType::Sum => self.number_field(number, value),
                MetricType::Histogram => self.histogram_field(number, value),
                MetricType::ExponentialHistogram => self.exponential_field(number, value)?,
                MetricType::Summary => self.summary_field(number, value)?,
            }
        }
        Ok(())
    }

    /// The times (start, end), or why the point is not acceptable.
    pub fn check(&self, kind: MetricType) -> Result<(UnixNanos, UnixNanos), &'static str> {
        let start_time = UnixNanos::from_otlp(self.start_time).ok_or(reject::START_TIME)?;
        let time = UnixNanos::from_otlp(self.time).ok_or(reject::TIME)?;
        match kind {
            MetricType::Gauge | MetricType::Sum if self.value.is_none() && self.flags & NO_RECORDED_VALUE == 0 => {
                return Err(reject::NO_VALUE);
            }
            MetricType::Histogram => self.check_buckets()?,
            _ => {}
        }
        Ok((start_time, time))
    }

    fn check_buckets(&self) -> Result<(), &'static str> {
        if self.bucket_counts.len() != self.bounds.len() + 1 && !(self.bucket_counts.is_empty() && self.bounds.is_empty()) {
            return Err(reject::BUCKET_COUNTS);
        }
        let rises = self.bounds.iter().zip(self.bounds.iter().skip(1)).all(|(low, high)| low < high);
        if rises && !self.bounds.iter().any(|bound| bound.is_nan()) { Ok(()) } else { Err(reject::BOUNDS) }
    }

    fn clear(&mut self) {
        let Self { attributes, exemplars, bounds, bucket_counts, positive, negative, quantiles, .. } = self;
        attributes.clear();
        exemplars.clear();
        bounds.clear();
        bucket_counts.clear();
        positive.clear();
        negative.clear();
        quantiles.clear();
        (self.start_time, self.time, self.flags, self.value) = (0, 0, 0, None);
        (self.count, self.sum, self.min, self.max) = (0, None, None, None);
        (self.scale, self.zero_count, self.zero_threshold) = (0, 0, 0.0);
    }

    fn number_field(&mut self, number: u32, value: Value<'a>) {
        match (number, value) {
            (2, Value::Fixed64(time)) => self.start_time = time,
            (3, Value::Fixed64(time)) => self.time = time,
            (4, Value::Fixed64(bits)) => self.value = Some(Number::Double(f64::from_bits(bits))),
            (5, Value::Bytes(exemplar)) => self.exemplars.push(exemplar),
            (6, Value::Fixed64(bits)) => self.value = Some(Number::Int(bits.cast_signed())),
            (7, Value::Bytes(attribute)) => self.attributes.push(attribute),
            (8, Value::Varint(flags)) => self.flags = flags as u32,
            _ => {}
        }
    }

    fn histogram_field(&mut self, number: u32, value: Value<'a>) {
        match (number, value) {
            (2, Value::Fixed64(time)) => self.start_time = time,
            (3, Value::Fixed64(time)) => self.time = time,
            (4, Value::Fixed64(count)) => self.count = count,
            (5, Value::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, counts) => each_fixed64(counts, |count| self.bucket_counts.push(count)),
            (7, bounds) => each_fixed64(bounds, |bits| self.bounds.push(f64::from_bits(bits))),
            (8, Value::Bytes(exemplar)) => self.exemplars.push(exemplar),
            (9, Value::Bytes(attribute)) => self.attributes.push(attribute),
            (10, Value::Varint(flags)) => self.flags = flags as u32,
            (11, Value::Fixed64(bits)) => self.min = Some(f64::from_bits(bits)),
            (12, Value::Fixed64(bits)) => self.max = Some(f64::from_bits(bits)),
            _ => {}
        }
    }

    fn exponential_field(&mut self, number: u32, value: Value<'a>) -> Result<(), WireError> {
        match (number, value) {
            (1, Value::Bytes(attribute)) => self.attributes.push(attribute),
            (2, Value::Fixed64(time)) => self.start_time = time,
            (3, Value::Fixed64(time)) => self.time = time,
            (4, Value::Fixed64(count)) => self.count = count,
            (5, Value::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, Value::Varint(scale)) => self.scale = unzigzag(scale),
            (7, Value::Fixed64(count)) => self.zero_count = count,
            (8, Value::Bytes(buckets)) => self.positive.read(buckets)?,
            (9, Value::Bytes(buckets)) => self.negative.read(buckets)?,
            (10, Value::Varint(flags)) => self.flags = flags as u32,
            (11, Value::Bytes(exemplar)) => self.exemplars.push(exemplar),
            (12, Value::Fixed64(bits)) => self.min = Some(f64::from_bits(bits)),
            (13, Value::Fixed64(bits)) => self.max = Some(f64::from_bits(bits)),
            (14, Value::Fixed64(bits)) => self.zero_threshold = f64::from_bits(bits),
            _ => {}
        }
        Ok(())
    }

    fn summary_field(&mut self, number: u32, value: Value<'a>) -> Result<(), WireError> {
        match (number, value) {
            (2, Value::Fixed64(time)) => self.start_time = time,
            (3, Value::Fixed64(time)) => self.time = time,
            (4, Value::Fixed64(count)) => self.count = count,
            (5, Value::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, Value::Bytes(quantile)) => self.quantiles.push(read_quantile(quantile)?),
            (7, Value::Bytes(attribute)) => self.attributes.push(attribute),
            (8, Value::Varint(flags)) => self.flags = flags as u32,
            _ => {}
        }
        Ok(())
    }
}

impl Buckets {
    fn clear(&mut self) {
        self.offset = None;
        self.counts.clear();
    }

    fn read(&mut self, message: &[u8]) -> Result<(), WireError> {
        self.offset = Some(0);
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Varint(offset)) => self.offset = Some(unzigzag(offset)),
                (2, Value::Varint(count)) => self.counts.push(count),
                (2, Value::Bytes(packed)) => {
                    let mut packed = Reader::new(packed);
                    while !packed.rest().is_empty() {
                        self.counts.push(packed.varint()?);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Numbers of a repeated field of eight bytes each: packed, or one.
fn each_fixed64(value: Value<'_>, mut each: impl FnMut(u64)) {
    match value {
        Value::Fixed64(number) => each(number),
        Value::Bytes(packed) => {
            let (numbers, _rest_that_scan_refused) = packed.as_chunks::<8>();
            numbers.iter().for_each(|number| each(u64::from_le_bytes(*number)));
        }
        _ => {}
    }
}

fn read_quantile(message: &[u8]) -> Result<(f64, f64), WireError> {
    let (mut quantile, mut value) = (0.0, 0.0);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (1, Value::Fixed64(bits)) => quantile = f64::from_bits(bits),
            (2, Value::Fixed64(bits)) => value = f64::from_bits(bits),
            _ => {}
        }
    }
    Ok((quantile, value))
}

/// `sint32`: small negative numbers are short.
fn unzigzag(value: u64) -> i32 {
    let value = value as u32;
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
