//! Groups -> a batch with the schema of the table.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, DictionaryArray, FixedSizeBinaryBuilder, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
        StringArray, StructArray, TimestampNanosecondArray,
    },
    buffer::OffsetBuffer,
    datatypes::{DataType, Schema},
    error::ArrowError,
};
use schemas::{Table, columns as c};

use super::{
    columns::RollupError,
    groups::{Group, Groups},
    key::{EdgeKey, Key},
    measures::NO_DURATION,
    texts::{NULL, Texts},
};

pub(super) fn operation_minutes(groups: &Groups<Key>, texts: &Texts) -> Result<RecordBatch, RollupError> {
    i32::try_from(texts.len()).map_err(|_| RollupError::TooManyTexts)?;
    let ranks = texts.ranks();
    let groups = groups.sorted(|key| {
        let [service, others @ ..] = key.texts.map(|text| ranks[text as usize]);
        (service, key.minute, others, key.span_kind, key.beyond_limit)
    });
    let schema = Table::OperationMinutes.schema();
    let rows = || groups.iter();
    let mut columns = Columns::default();
    columns.put(c::TIME, times(rows().map(|group| group.key.minute)));
    columns.put(c::SPAN_KIND, Arc::new(rows().map(|group| Some(group.key.span_kind)).collect::<Int32Array>()));
    columns.put(c::BEYOND_LIMIT, Arc::new(rows().map(|group| Some(group.key.beyond_limit)).collect::<Int32Array>()));
    for (place, name) in Key::TEXTS.into_iter().enumerate() {
        columns.put(name, words(rows().map(|group| group.key.texts[place]), texts)?);
    }
    measures(&mut columns, &groups, &schema)?;
    columns.batch(schema)
}

pub(super) fn edge_minutes(groups: &Groups<EdgeKey>, texts: &Texts) -> Result<RecordBatch, RollupError> {
    i32::try_from(texts.len()).map_err(|_| RollupError::TooManyTexts)?;
    let ranks = texts.ranks();
    let groups = groups.sorted(|key| {
        let [service, others @ ..] = key.texts.map(|text| ranks[text as usize]);
        (service, key.minute, others, key.one_sided, key.beyond_limit)
    });
    let schema = Table::EdgeMinutes.schema();
    let rows = || groups.iter();
    let mut columns = Columns::default();
    columns.put(c::TIME, times(rows().map(|group| group.key.minute)));
    columns.put(c::ONE_SIDED, Arc::new(rows().map(|group| Some(i32::from(group.key.one_sided))).collect::<Int32Array>()));
    columns.put(c::BEYOND_LIMIT, Arc::new(rows().map(|group| Some(group.key.beyond_limit)).collect::<Int32Array>()));
    for (place, name) in EdgeKey::TEXTS.into_iter().enumerate() {
        columns.put(name, words(rows().map(|group| group.key.texts[place]), texts)?);
    }
    measures(&mut columns, &groups, &schema)?;
    columns.batch(schema)
}

fn measures<K>(columns: &mut Columns, groups: &[Group<'_, K>], schema: &Schema) -> Result<(), RollupError> {
    let rows = || groups.iter().map(|group| group.measures);
    columns.put(c::RECEIVED_AT, times(rows().map(|sum| sum.received_at)));
    columns.put(c::COUNT, floats(rows().map(|sum| sum.count)));
    columns.put(c::SPANS, Arc::new(rows().map(|sum| Some(sum.spans)).collect::<Int64Array>()));
    columns.put(c::LATE_SPANS, Arc::new(rows().map(|sum| Some(sum.late)).collect::<Int64Array>()));
    columns.put(c::ERRORS, floats(rows().map(|sum| sum.errors)));
    columns.put(c::NEGATIVE_COUNT, floats(rows().map(|sum| sum.negative)));
    columns.put(c::ZERO_COUNT, floats(rows().map(|sum| sum.zero)));
    columns.put(c::DURATION_SUM_NS, Arc::new(rows().map(|sum| Some(sum.duration_sum_ns)).collect::<Int64Array>()));
    let longest = rows().map(|sum| (sum.duration_max_ns != NO_DURATION).then_some(sum.duration_max_ns));
    columns.put(c::DURATION_MAX_NS, Arc::new(longest.collect::<Int64Array>()));
    columns.put(c::SLOWEST_TRACE_ID, ids(rows().map(|sum| (sum.duration_max_ns != NO_DURATION).then_some(&sum.slowest)))?);
    columns.put(c::NEWEST_TRACE_ID, ids(rows().map(|sum| Some(&sum.newest)))?);
    columns.put(c::NEWEST_TIME, times(rows().map(|sum| sum.newest_time)));
    columns.put(c::DURATION_BUCKETS, buckets(groups, schema)?);
    Ok(())
}

fn buckets<K>(groups: &[Group<'_, K>], schema: &Schema) -> Result<ArrayRef, RollupError> {
    let wrong = || RollupError::Column { column: c::DURATION_BUCKETS };
    let DataType::List(item) = schema.field_with_name(c::DURATION_BUCKETS)?.data_type() else { return Err(wrong()) };
    let DataType::Struct(fields) = item.data_type() else { return Err(wrong()) };
    let all = || groups.iter().flat_map(|group| group.buckets.iter());
    let index: ArrayRef = Arc::new(all().map(|(index, _)| Some(*index)).collect::<Int32Array>());
    let values = StructArray::try_new(fields.clone(), vec![index, floats(all().map(|(_, count)| *count))], None)?;
    i32::try_from(values.len()).map_err(|_| ArrowError::OffsetOverflowError(values.len()))?;
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(|group| group.buckets.len()));
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, Arc::new(values), None)?))
}

/// Columns of a batch by their names, in any order.
#[derive(Default)]
pub(super) struct Columns(Vec<(&'static str, ArrayRef)>);

impl Columns {
    pub(super) fn put(&mut self, name: &'static str, column: ArrayRef) {
        self.0.push((name, column));
    }

    pub(super) fn batch(self, schema: Arc<Schema>) -> Result<RecordBatch, RollupError> {
        let column = |name: &str| self.0.iter().find(|(known, _)| *known == name).map(|(_, column)| Arc::clone(column));
        let missing = |name: &str| ArrowError::SchemaError(format!("nobody writes column {name}"));
        let columns: Result<Vec<ArrayRef>, ArrowError> =
            schema.fields().iter().map(|field| column(field.name()).ok_or_else(|| missing(field.name()))).collect();
        Ok(RecordBatch::try_new(schema, columns?)?)
    }
}

/// A dictionary of the texts that are used.
pub(super) fn words(numbers: impl Iterator<Item = u32>, texts: &Texts) -> Result<ArrayRef, RollupError> {
    let mut keys_of: Vec<Option<i32>> = vec![None; texts.len()];
    let mut values: Vec<&str> = Vec::new();
    let keys: Int32Array = numbers
        .map(|number| {
            let text = texts.get(number).filter(|_| number != NULL)?;
            Some(*keys_of[number as usize].get_or_insert_with(|| {
                values.push(text);
                values.len() as i32 - 1
            }))
        })
        .collect();
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(StringArray::from_iter_values(values)))?))
}

pub(super) fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC"))
}

pub(super) fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

pub(super) fn ids<'a, const BYTES: usize>(values: impl Iterator<Item = Option<&'a [u8; BYTES]>>) -> Result<ArrayRef, RollupError> {
    let mut builder = FixedSizeBinaryBuilder::new(BYTES as i32);
    for value in values {
        match value {
            Some(id) => builder.append_value(id)?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}
