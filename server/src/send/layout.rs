//! Where the ids and times of an OTLP request stand, and how many records it has.
//!
//! Ids are bytes of a fixed length and times fixed64, so both can be overwritten in place: a loop over a capture sends fresh
//! telemetry without decoding it again.
#![deny(clippy::indexing_slicing)]

use schemas::Signal;

use super::wire::{self, Malformed, Value};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Spans, log records or data points.
    pub(crate) records: u64,
    /// Positions of ids of 16 bytes.
    pub(crate) trace_ids: Vec<u32>,
    /// Positions of ids of 8 bytes, those of parents and links included.
    pub(crate) span_ids: Vec<u32>,
    /// Positions of times that are not 0.
    pub(crate) times: Vec<u32>,
    pub(crate) oldest_ns: Option<u64>,
    pub(crate) newest_ns: Option<u64>,
}

/// What a field means here; all others are skipped.
enum Field {
    Message(Message),
    Record(Message),
    TraceId,
    SpanId,
    Time,
}

/// Field numbers of opentelemetry-proto that matter here.
type Message = &'static [(u32, Field)];

const TRACES: Message = &[(1, Field::Message(&[(2, Field::Message(&[(2, Field::Record(SPAN))]))]))];
const LOGS: Message = &[(1, Field::Message(&[(2, Field::Message(&[(2, Field::Record(LOG))]))]))];
const METRICS: Message = &[(1, Field::Message(&[(2, Field::Message(&[(2, Field::Message(METRIC))]))]))];

const SPAN: Message = &[
    (1, Field::TraceId),
    (2, Field::SpanId),
    (4, Field::SpanId),
    (7, Field::Time),
    (8, Field::Time),
    (11, Field::Message(&[(1, Field::Time)])),
    (13, Field::Message(&[(1, Field::TraceId), (2, Field::SpanId)])),
];
const LOG: Message = &[(1, Field::Time), (11, Field::Time), (9, Field::TraceId), (10, Field::SpanId)];
const METRIC: Message = &[
    (5, Field::Message(&[(1, Field::Record(NUMBER_POINT))])),
    (7, Field::Message(&[(1, Field::Record(NUMBER_POINT))])),
    (9, Field::Message(&[(1, Field::Record(HISTOGRAM_POINT))])),
    (10, Field::Message(&[(1, Field::Record(EXPONENTIAL_POINT))])),
    (11, Field::Message(&[(1, Field::Record(SUMMARY_POINT))])),
];
const NUMBER_POINT: Message = &[(2, Field::Time), (3, Field::Time), (5, Field::Message(EXEMPLAR))];
const HISTOGRAM_POINT: Message = &[(2, Field::Time), (3, Field::Time), (8, Field::Message(EXEMPLAR))];
const EXPONENTIAL_POINT: Message = &[(2, Field::Time), (3, Field::Time), (11, Field::Message(EXEMPLAR))];
const SUMMARY_POINT: Message = &[(2, Field::Time), (3, Field::Time)];
const EXEMPLAR: Message = &[(2, Field::Time), (4, Field::SpanId), (5, Field::TraceId)];

impl Layout {
    /// Reads a whole request. The depth is that of the tables above, whatever the bytes say.
    ///
    /// # Errors
    /// When the body is no protobuf.
    pub(crate) fn scan(signal: Signal, body: &[u8]) -> Result<Self, Malformed> {
        let request = match signal {
            Signal::Traces => TRACES,
            Signal::Logs => LOGS,
            Signal::Metrics => METRICS,
        };
        let mut layout = Self::default();
        layout.read(request, body, 0..body.len())?;
        Ok(layout)
    }

    fn read(&mut self, message: Message, body: &[u8], range: std::ops::Range<usize>) -> Result<(), Malformed> {
        for field in wire::fields(body, range) {
            let (number, value) = field?;
            let Some((_, meaning)) = message.iter().find(|(known, _)| *known == number) else { continue };
            match (meaning, value) {
                (Field::Message(inner), Value::Bytes(range)) => self.read(inner, body, range)?,
                (Field::Record(inner), Value::Bytes(range)) => {
                    self.records += 1;
                    self.read(inner, body, range)?;
                }
                (Field::TraceId, Value::Bytes(range)) if range.len() == 16 => self.trace_ids.push(position(range.start)?),
                (Field::SpanId, Value::Bytes(range)) if range.len() == 8 => self.span_ids.push(position(range.start)?),
                (Field::Time, Value::Fixed64(start)) => self.read_time(body, start)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_time(&mut self, body: &[u8], start: usize) -> Result<(), Malformed> {
        let bytes = body.get(start..start + 8).and_then(|bytes| bytes.try_into().ok()).ok_or(Malformed { position: start })?;
        let time_ns = u64::from_le_bytes(bytes);
        if time_ns != 0 {
            self.times.push(position(start)?);
            self.oldest_ns = Some(self.oldest_ns.map_or(time_ns, |oldest| oldest.min(time_ns)));
            self.newest_ns = Some(self.newest_ns.map_or(time_ns, |newest| newest.max(time_ns)));
        }
        Ok(())
    }
}

/// Four bytes per position: a request beyond 4 GiB cannot be sent anyway.
fn position(start: usize) -> Result<u32, Malformed> {
    u32::try_from(start).map_err(|_| Malformed { position: start })
}
