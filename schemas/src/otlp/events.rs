//! Span events: wire to the list column `events`.

#![deny(clippy::indexing_slicing)]

use arrow::datatypes::UInt32Type;

use super::{
    arrays::{BatchBuilder, ListColumn, NumberColumn, TextColumn, structs},
    attributes::JsonObject,
    reject,
    text::utf8,
    wire::{Reader, Value, WireError},
};
use crate::UnixNanos;

#[derive(Debug, Default)]
pub(crate) struct EventColumns {
    /// Of the item in hand.
    attributes: JsonObject,
    lists: ListColumn,
    times: Vec<i64>,
    names: TextColumn,
    remainder: TextColumn,
    dropped_attributes: NumberColumn<UInt32Type>,
}

impl EventColumns {
    /// The reason to reject the span of these Event messages, if there is one.
    pub fn check(events: &[&[u8]]) -> Result<(), &'static str> {
        let representable = |event: &&[u8]| UnixNanos::from_otlp(read_time(event).unwrap_or_default()).is_some();
        if events.iter().all(representable) { Ok(()) } else { Err(reject::EVENT_TIME) }
    }

    pub fn append(&mut self, row: usize, events: &[&[u8]], repaired: &mut u64) -> Result<(), WireError> {
        if events.is_empty() {
            return Ok(());
        }
        for event in events {
            let item = self.times.len();
            let (mut time, mut name, mut dropped): (u64, &[u8], u32) = (0, &[], 0);
            self.attributes.begin();
            let mut reader = Reader::new(event);
            while let Some(field) = reader.field()? {
                match field {
                    (1, Value::Fixed64(value)) => time = value,
                    (2, Value::Bytes(bytes)) => name = bytes,
                    (3, Value::Bytes(attribute)) => self.attributes.push_message(attribute, repaired)?,
                    (4, Value::Varint(count)) => dropped = count as u32,
                    _ => {}
                }
            }
            self.times.push(time.cast_signed());
            self.names.set(item, &utf8(name, repaired));
            self.attributes.write(item, &mut self.remainder);
            self.dropped_attributes.set_unless_zero(item, dropped);
        }
        self.lists.set(row, self.times.len());
        Ok(())
    }

    pub fn finish(self, batch: &mut BatchBuilder) {
        let items = self.times.len();
        batch.push_list(self.lists, |item| {
            structs(item, items, |batch| {
                batch.push_times(self.times);
                batch.push_text(self.names);
                batch.push_text(self.remainder);
                batch.push_some_numbers(self.dropped_attributes);
            })
        });
    }
}

fn read_time(event: &[u8]) -> Result<u64, WireError> {
    let mut time = 0;
    let mut reader = Reader::new(event);
    while let Some(field) = reader.field()? {
        if let (1, Value::Fixed64(value)) = field {
            time = value;
        }
    }
    Ok(time)
}
