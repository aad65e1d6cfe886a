//! Span links: wire to the list column `links`.

#![deny(clippy::indexing_slicing)]

use arrow::datatypes::UInt32Type;

use super::{
    arrays::{BatchBuilder, IdColumn, ListColumn, NumberColumn, TextColumn, structs},
    attributes::JsonObject,
    text::utf8,
    wire::{Reader, Value, WireError},
};
use crate::{SpanId, TraceId};

#[derive(Debug, Default)]
pub(crate) struct LinkColumns {
    /// Of the item in hand.
    attributes: JsonObject,
    lists: ListColumn,
    trace_ids: IdColumn<16>,
    span_ids: IdColumn<8>,
    trace_states: TextColumn,
    flags: Vec<u32>,
    remainder: TextColumn,
    dropped_attributes: NumberColumn<UInt32Type>,
}

impl LinkColumns {
    pub fn append(&mut self, row: usize, links: &[&[u8]], repaired: &mut u64) -> Result<(), WireError> {
        if links.is_empty() {
            return Ok(());
        }
        for link in links {
            let item = self.flags.len();
            let (mut trace_id, mut span_id, mut trace_state): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
            let (mut flags, mut dropped) = (0, 0);
            self.attributes.begin();
            let mut reader = Reader::new(link);
            while let Some(field) = reader.field()? {
                match field {
                    (1, Value::Bytes(bytes)) => trace_id = bytes,
                    (2, Value::Bytes(bytes)) => span_id = bytes,
                    (3, Value::Bytes(bytes)) => trace_state = bytes,
                    (4, Value::Bytes(attribute)) => self.attributes.push_message(attribute, repaired)?,
                    (5, Value::Varint(count)) => dropped = count as u32,
                    (6, Value::Fixed32(value)) => flags = value,
                    _ => {}
                }
            }
            if let Some(id) = TraceId::from_slice(trace_id) {
                self.trace_ids.set(item, id.as_bytes());
            }
            if let Some(id) = SpanId::from_slice(span_id) {
                self.span_ids.set(item, id.as_bytes());
            }
            self.trace_states.set_unless_empty(item, &utf8(trace_state, repaired));
            self.flags.push(flags);
            self.attributes.write(item, &mut self.remainder);
            self.dropped_attributes.set_unless_zero(item, dropped);
        }
        self.lists.set(row, self.flags.len());
        Ok(())
    }

    pub fn finish(self, batch: &mut BatchBuilder) {
        let items = self.flags.len();
        batch.push_list(self.lists, |item| {
            structs(item, items, |batch| {
                batch.push_ids(self.trace_ids);
                batch.push_ids(self.span_ids);
                batch.push_text(self.trace_states);
                batch.push_numbers::<UInt32Type>(self.flags);
                batch.push_text(self.remainder);
                batch.push_some_numbers(self.dropped_attributes);
            })
        });
    }
}
