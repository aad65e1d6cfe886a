//! Facts -> one batch per table.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, FixedSizeBinaryBuilder, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
        StringDictionaryBuilder, TimestampNanosecondArray, UInt64Array,
    },
    datatypes::{DataType, Int32Type},
};
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{breaker_signals, errors, rejections, resilience_actions};
use crate::facts::{Emitter, Facts};

/// Different words of a column, and their length: room that is taken at once.
const WORDS_EXPECTED: usize = 8;
const WORD_BYTES_EXPECTED: usize = 16;

/// The rows of `facts`: a batch for each table that has any, with the schema of [`Table::schema`].
pub fn to_batches(facts: &Facts, received_at: UnixNanos) -> Vec<TableBatch> {
    let Facts { rejections, breaker_signals, resilience_actions, errors } = facts;
    // Most requests say little: a batch costs an array for each of its columns, whether it has rows or not.
    let batches = [
        some(rejections, received_at, rejections::write),
        some(breaker_signals, received_at, breaker_signals::write),
        some(resilience_actions, received_at, resilience_actions::write),
        some(errors, received_at, errors::write),
    ];
    batches.into_iter().flatten().collect()
}

fn some<T>(facts: &[T], received_at: UnixNanos, write: fn(&[T], UnixNanos) -> TableBatch) -> Option<TableBatch> {
    (!facts.is_empty()).then(|| write(facts, received_at))
}

/// Columns of a batch by their names, in any order.
pub(super) struct Writer {
    table: Table,
    rows: usize,
    columns: HashMap<&'static str, ArrayRef>,
}

impl Writer {
    pub(super) fn new(table: Table, rows: usize, received_at: UnixNanos) -> Self {
        let mut writer = Self { table, rows, columns: HashMap::new() };
        writer.times(c::RECEIVED_AT, (0..rows).map(|_| Some(received_at)));
        writer
    }

    pub(super) fn emitters<'a>(&mut self, emitters: impl Iterator<Item = &'a Emitter> + Clone) {
        self.words(c::SERVICE_NAME, emitters.clone().map(|emitter| emitter.service.as_str()));
        self.words(c::SERVICE_NAMESPACE, emitters.clone().map(|emitter| emitter.namespace.as_str()));
        self.words(c::SERVICE_INSTANCE_ID, emitters.clone().map(|emitter| emitter.instance.as_str()));
        self.words(c::SERVICE_VERSION, emitters.clone().map(|emitter| emitter.version.as_str()));
        self.words(c::DEPLOYMENT_ENVIRONMENT, emitters.map(|emitter| emitter.environment.as_str()));
    }

    /// Text that repeats. Where the column is required, an empty one stays empty.
    pub(super) fn words<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) {
        let required = self.table.columns().any(|column| column.name == name && !column.nullable);
        let words = self.rows.min(WORDS_EXPECTED);
        let mut builder = StringDictionaryBuilder::<Int32Type>::with_capacity(self.rows, words, words * WORD_BYTES_EXPECTED);
        for value in values {
            builder.append_option((required || !value.is_empty()).then_some(value));
        }
        self.put(name, Arc::new(builder.finish()));
    }

    /// Text that hardly repeats.
    pub(super) fn texts<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) {
        self.put(name, Arc::new(values.map(|value| (!value.is_empty()).then_some(value)).collect::<StringArray>()));
    }

    pub(super) fn times(&mut self, name: &'static str, values: impl Iterator<Item = Option<UnixNanos>>) {
        let times: TimestampNanosecondArray = values.map(|time| time.map(|time| time.0)).collect();
        self.put(name, Arc::new(times.with_timezone("UTC")));
    }

    pub(super) fn floats(&mut self, name: &'static str, values: impl Iterator<Item = Option<f64>>) {
        self.put(name, Arc::new(values.collect::<Float64Array>()));
    }

    pub(super) fn i64s(&mut self, name: &'static str, values: impl Iterator<Item = Option<i64>>) {
        self.put(name, Arc::new(values.collect::<Int64Array>()));
    }

    pub(super) fn u64s(&mut self, name: &'static str, values: impl Iterator<Item = Option<u64>>) {
        self.put(name, Arc::new(values.collect::<UInt64Array>()));
    }

    pub(super) fn i32s(&mut self, name: &'static str, values: impl Iterator<Item = Option<i32>>) {
        self.put(name, Arc::new(values.collect::<Int32Array>()));
    }

    pub(super) fn bools(&mut self, name: &'static str, values: impl Iterator<Item = bool>) {
        self.put(name, Arc::new(values.map(Some).collect::<BooleanArray>()));
    }

    pub(super) fn ids<'a, const N: usize>(&mut self, name: &'static str, values: impl Iterator<Item = Option<&'a [u8; N]>>) {
        let mut builder = FixedSizeBinaryBuilder::with_capacity(self.rows, N as i32);
        for value in values {
            match value {
                Some(id) => builder.append_value(id).expect("the id has the builder's size"),
                None => builder.append_null(),
            }
        }
        self.put(name, Arc::new(builder.finish()));
    }

    fn put(&mut self, name: &'static str, array: ArrayRef) {
        assert_eq!(array.len(), self.rows, "{}.{name}", self.table);
        let before = self.columns.insert(name, array);
        assert!(before.is_none(), "{}.{name} was written twice", self.table);
    }

    /// # Panics
    /// When a column of the table was not written, or has another type: a mistake in this module.
    pub(super) fn finish(mut self) -> TableBatch {
        let schema = self.table.schema();
        let column = |field: &Arc<arrow::datatypes::Field>| {
            let array = self.columns.remove(field.name().as_str());
            array.unwrap_or_else(|| panic!("{}.{} was not written", self.table, field.name()))
        };
        let columns: Vec<ArrayRef> = schema.fields().iter().map(column).collect();
        assert!(self.columns.is_empty(), "{} has no columns {:?}", self.table, self.columns.keys());
        debug_assert!(columns.iter().all(|column| *column.data_type() != DataType::Null));
        let batch = RecordBatch::try_new(schema, columns).expect("each column has the type of its field and the length of the batch");
        TableBatch { table: self.table, batch }
    }
}
