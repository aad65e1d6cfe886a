//! Attributes of one resource or record: promoted ones into slots, the others into a JSON object.

use arrow::datatypes::Int64Type;

use super::{
    any_value::{AnyValue, read_key_value},
    arrays::{BatchBuilder, FinishedKeys, NumberColumn, TextColumn},
    keys::{Key, Keys},
    text,
    wire::WireError,
};
use crate::promoted::{Promoted, ValueType};

/// Promoted columns of a level at most.
const SLOTS_MAX: usize = 48;

/// A JSON object of attributes in the order they come; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct JsonObject(String);

impl JsonObject {
    #[inline]
    pub fn begin(&mut self) {
        self.0.clear();
    }

    /// Adds a KeyValue message.
    #[inline]
    pub fn push_message(&mut self, key_value: &[u8], repaired: &mut u64) -> Result<(), WireError> {
        let (key, value) = read_key_value(key_value)?;
        self.push(key, value, repaired)
    }

    pub fn push(&mut self, key: &[u8], value: AnyValue<'_>, repaired: &mut u64) -> Result<(), WireError> {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        text::write_json_string(&mut self.0, &text::utf8(key, repaired));
        self.0.push(':');
        value.write_json(&mut self.0, repaired)
    }

    /// Closes the object and writes it to row `row` of `column`; null when there are no attributes.
    pub fn write(&mut self, row: usize, column: &mut TextColumn) {
        if !self.0.is_empty() {
            self.0.push('}');
            column.set(row, &self.0);
        }
    }
}

/// The attributes of one resource or record at a time.
///
/// Of equal keys the last has the slot and the earlier go to the remainder, in order. The canonical key beats its aliases,
/// the first alias beats the others; what is beaten stays in the remainder under its own key.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    keys: &'static Keys,
    held: [Option<Held<'a>>; SLOTS_MAX],
    /// Bit per slot of `held` that is filled.
    filled: u64,
    remainder: JsonObject,
    /// OTLP kind of the span, which decides what some aliases mean; 0 for others.
    kind: i32,
}

#[derive(Debug, Clone, Copy)]
struct Held<'a> {
    key: &'static Key,
    value: AnyValue<'a>,
}

impl<'a> Attributes<'a> {
    pub fn new(keys: &'static Keys) -> Self {
        Self { keys, held: [None; SLOTS_MAX], filled: 0, remainder: JsonObject::default(), kind: 0 }
    }

    /// Forgets the last record.
    #[inline]
    pub fn begin(&mut self, kind: i32) {
        self.filled = 0;
        self.remainder.begin();
        self.kind = kind;
    }

    /// Adds a KeyValue message.
    #[inline]
    pub fn push(&mut self, key_value: &'a [u8], repaired: &mut u64) -> Result<(), WireError> {
        let (key, value) = read_key_value(key_value)?;
        match self.keys.find(key) {
            Some(promoted) => self.push_promoted(promoted, value, repaired),
            None => self.remainder.push(key, value, repaired),
        }
    }

    /// Writes the promoted values to row `row` of `columns` and the others to that of `remainder`.
    pub fn write(&mut self, row: usize, columns: &mut PromotedColumns, remainder: &mut TextColumn, repaired: &mut u64) {
        let mut renamed = 0;
        let mut filled = self.filled;
        while filled != 0 {
            let slot = filled.trailing_zeros() as usize;
            filled &= filled - 1;
            let (Some(Some(held)), Some(column)) = (self.held.get(slot), columns.columns.get_mut(slot)) else { continue };
            match (column, held.value) {
                (PromotedColumn::Text(column), AnyValue::Text(bytes)) => column.set(row, &text::utf8(bytes, repaired)),
                (PromotedColumn::Int(column), AnyValue::Int(value)) => column.set(row, value),
                _ => {}
            }
            if let Some((bit, _)) = held.key.alias {
                renamed |= 1 << bit;
            }
        }
        columns.renamed.set_unless_zero(row, renamed);
        self.remainder.write(row, remainder);
    }

    fn push_promoted(&mut self, key: &'static Key, value: AnyValue<'a>, repaired: &mut u64) -> Result<(), WireError> {
        let fits = matches!((key.value, value), (ValueType::Text, AnyValue::Text(_)) | (ValueType::Int, AnyValue::Int(_)))
            && key.alias.is_none_or(|(_, side)| side.includes(self.kind));
        let holder = if self.filled & 1 << key.slot == 0 { None } else { self.held[key.slot] };
        let beaten = holder.filter(|holder| holder.key.text == key.text || (fits && key.alias.is_none()));
        if let Some(beaten) = beaten {
            self.remainder.push(beaten.key.text.as_bytes(), beaten.value, repaired)?;
            self.filled &= !(1 << key.slot);
        }
        if fits && (holder.is_none() || beaten.is_some()) {
            self.held[key.slot] = Some(Held { key, value });
            self.filled |= 1 << key.slot;
            return Ok(());
        }
        self.remainder.push(key.text.as_bytes(), value, repaired)
    }
}

/// The promoted columns of a level, in the order of its table, and which aliases filled them.
#[derive(Debug)]
pub(crate) struct PromotedColumns {
    columns: Vec<PromotedColumn>,
    renamed: NumberColumn<Int64Type>,
}

#[derive(Debug)]
enum PromotedColumn {
    Text(TextColumn),
    Int(NumberColumn<Int64Type>),
}

impl PromotedColumns {
    pub fn new(level: &[Promoted]) -> Self {
        let column = |promoted: &Promoted| match promoted.value {
            ValueType::Text => PromotedColumn::Text(TextColumn::default()),
            ValueType::Int => PromotedColumn::Int(NumberColumn::default()),
        };
        Self { columns: level.iter().map(column).collect(), renamed: NumberColumn::default() }
    }

    pub fn take_renamed(&mut self) -> NumberColumn<Int64Type> {
        std::mem::take(&mut self.renamed)
    }

    /// Pushes the columns of a record level.
    pub fn finish(self, batch: &mut BatchBuilder) {
        for column in self.columns {
            match column {
                PromotedColumn::Text(column) => batch.push_text(column),
                PromotedColumn::Int(column) => batch.push_some_numbers(column),
            }
        }
    }

    /// Pushes the columns of a resource level: one row per group.
    pub fn finish_groups(self, batch: &mut BatchBuilder, keys: &FinishedKeys) {
        for column in self.columns {
            match column {
                PromotedColumn::Text(column) => batch.push_group_text(column, keys),
                PromotedColumn::Int(column) => batch.push_group_numbers(column, keys),
            }
        }
    }
}
