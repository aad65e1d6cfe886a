//! Exemplars of data points: wire to the list column `exemplars`.

#![deny(clippy::indexing_slicing)]

use arrow::datatypes::{Float64Type, Int64Type};

use super::{
    arrays::{BatchBuilder, IdColumn, ListColumn, NumberColumn, TextColumn, structs},
    attributes::JsonObject,
    points::Number,
    reject,
    wire::{Reader, Value, WireError},
};
use crate::{SpanId, TraceId, UnixNanos};

#[derive(Debug, Default)]
pub(crate) struct ExemplarColumns {
    /// Of the item in hand.
    attributes: JsonObject,
    lists: ListColumn,
    times: Vec<i64>,
    trace_ids: IdColumn<16>,
    span_ids: IdColumn<8>,
    value_doubles: NumberColumn<Float64Type>,
    value_ints: NumberColumn<Int64Type>,
    remainder: TextColumn,
}

impl ExemplarColumns {
    /// The reason to reject the point of these Exemplar messages, if there is one.
    pub fn check(exemplars: &[&[u8]]) -> Result<(), &'static str> {
        let representable = |exemplar: &&[u8]| UnixNanos::from_otlp(read_time(exemplar).unwrap_or_default()).is_some();
        if exemplars.iter().all(representable) { Ok(()) } else { Err(reject::EXEMPLAR_TIME) }
    }

    pub fn append(&mut self, row: usize, exemplars: &[&[u8]], repaired: &mut u64) -> Result<(), WireError> {
        for exemplar in exemplars {
            self.append_one(exemplar, repaired)?;
        }
        if !exemplars.is_empty() {
            self.lists.set(row, self.times.len());
        }
        Ok(())
    }

    pub fn finish(self, batch: &mut BatchBuilder) {
        let items = self.times.len();
        batch.push_list(self.lists, |item| {
            structs(item, items, |batch| {
                batch.push_times(self.times);
                batch.push_ids(self.trace_ids);
                batch.push_ids(self.span_ids);
                batch.push_some_numbers(self.value_doubles);
                batch.push_some_numbers(self.value_ints);
                batch.push_text(self.remainder);
            })
        });
    }

    fn append_one(&mut self, exemplar: &[u8], repaired: &mut u64) -> Result<(), WireError> {
        let item = self.times.len();
        let (mut time, mut value): (u64, Option<Number>) = (0, None);
        let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
        self.attributes.begin();
        let mut reader = Reader::new(exemplar);
        while let Some(field) = reader.field()? {
            match field {
                (2, Value::Fixed64(nanos)) => time = nanos,
                (3, Value::Fixed64(bits)) => value = Some(Number::Double(f64::from_bits(bits))),
                (4, Value::Bytes(bytes)) => span_id = bytes,
                (5, Value::Bytes(bytes)) => trace_id = bytes,
                (6, Value::Fixed64(bits)) => value = Some(Number::Int(bits.cast_signed())),
                (7, Value::Bytes(attribute)) => self.attributes.push_message(attribute, repaired)?,
                _ => {}
            }
        }
        self.times.push(time.cast_signed());
        if let Some(id) = TraceId::from_slice(trace_id) {
            self.trace_ids.set(item, id.as_bytes());
        }
        if let Some(id) = SpanId::from_slice(span_id) {
            self.span_ids.set(item, id.as_bytes());
        }
        match value {
            Some(Number::Double(value)) => self.value_doubles.set(item, value),
            Some(Number::Int(value)) => self.value_ints.set(item, value),
            None => {}
        }
        self.attributes.write(item, &mut self.remainder);
        Ok(())
    }
}

fn read_time(exemplar: &[u8]) -> Result<u64, WireError> {
    let mut time = 0;
    let mut reader = Reader::new(exemplar);
    while let Some(field) = reader.field()? {
        if let (2, Value::Fixed64(value)) = field {
            time = value;
        }
    }
    Ok(time)
}
