//! Columns under construction. A column costs nothing until its first value; rows before it become null then.
//!
//! Requests are small (47 spans are typical) and tables wide, so an untouched column must not cost an allocation:
//! all untouched columns of a type share one array of nulls.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, DictionaryArray, FixedSizeBinaryArray, ListArray, NullBufferBuilder,
        PrimitiveArray, PrimitiveBuilder, StringBuilder, new_null_array,
    },
    buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    datatypes::{DataType, FieldRef, Int32Type, SchemaRef},
    record_batch::RecordBatch,
};

const CAPACITY_MIN: usize = 16;
const TEXT_BYTES_MIN: usize = 256;

/// Text of some rows.
#[derive(Debug, Default)]
pub(crate) struct TextColumn(Option<StringBuilder>);

impl TextColumn {
    /// `row` rises from call to call.
    #[inline]
    pub fn set(&mut self, row: usize, text: &str) {
        let builder =
            self.0.get_or_insert_with(|| StringBuilder::with_capacity((row + 1).max(CAPACITY_MIN), text.len().max(TEXT_BYTES_MIN)));
        let missing = row + 1 - builder.offsets_slice().len();
        if missing > 0 {
            builder.append_nulls(missing);
        }
        builder.append_value(text);
    }

    #[inline]
    pub fn set_unless_empty(&mut self, row: usize, text: &str) {
        if !text.is_empty() {
            self.set(row, text);
        }
    }

    fn finish(self, rows: usize) -> Option<ArrayRef> {
        let mut builder = self.0?;
        builder.append_nulls(rows + 1 - builder.offsets_slice().len());
        Some(Arc::new(builder.finish()))
    }
}

/// Numbers of some rows.
#[derive(Debug)]
pub(crate) struct NumberColumn<T: ArrowPrimitiveType>(Option<PrimitiveBuilder<T>>);

impl<T: ArrowPrimitiveType> Default for NumberColumn<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: ArrowPrimitiveType> NumberColumn<T> {
    /// `row` rises from call to call.
    #[inline]
    pub fn set(&mut self, row: usize, value: T::Native) {
        let builder = self.0.get_or_insert_with(|| PrimitiveBuilder::with_capacity((row + 1).max(CAPACITY_MIN)));
        let missing = row - builder.values_slice().len();
        if missing > 0 {
            builder.append_nulls(missing);
        }
        builder.append_value(value);
    }

    #[inline]
    pub fn set_unless_zero(&mut self, row: usize, value: T::Native) {
        if value != T::Native::default() {
            self.set(row, value);
        }
    }

    #[inline]
    pub fn set_some(&mut self, row: usize, value: Option<T::Native>) {
        if let Some(value) = value {
            self.set(row, value);
        }
    }

    fn finish_numbers(self, rows: usize) -> Option<PrimitiveArray<T>> {
        let mut builder = self.0?;
        builder.append_nulls(rows - builder.values_slice().len());
        Some(builder.finish())
    }
}

/// Booleans of some rows.
#[derive(Debug, Default)]
pub(crate) struct BoolColumn(Option<BooleanBuilder>);

impl BoolColumn {
    /// `row` rises from call to call.
    pub fn set(&mut self, row: usize, value: bool) {
        use arrow::array::ArrayBuilder;
        let builder = self.0.get_or_insert_with(|| BooleanBuilder::with_capacity((row + 1).max(CAPACITY_MIN)));
        builder.append_nulls(row - builder.len());
        builder.append_value(value);
    }

    fn finish(self, rows: usize) -> Option<ArrayRef> {
        use arrow::array::ArrayBuilder;
        let mut builder = self.0?;
        builder.append_nulls(rows - builder.len());
        Some(Arc::new(builder.finish()))
    }
}

/// Ids of some rows.
#[derive(Debug, Default)]
pub(crate) struct IdColumn<const BYTES: usize> {
    values: Vec<u8>,
    nulls: Option<NullBufferBuilder>,
}

impl<const BYTES: usize> IdColumn<BYTES> {
    /// `row` rises from call to call.
    #[inline]
    pub fn set(&mut self, row: usize, id: &[u8; BYTES]) {
        let rows = self.values.len() / BYTES;
        let nulls = self.nulls.get_or_insert_with(|| NullBufferBuilder::new((row + 1).max(CAPACITY_MIN)));
        if row > rows {
            nulls.append_n_nulls(row - rows);
            self.values.resize(row * BYTES, 0);
        }
        nulls.append_non_null();
        self.values.extend_from_slice(id);
    }

    fn finish(mut self, rows: usize) -> Option<ArrayRef> {
        let mut nulls = self.nulls?;
        nulls.append_n_nulls(rows - self.values.len() / BYTES);
        self.values.resize(rows * BYTES, 0);
        Some(Arc::new(FixedSizeBinaryArray::new(BYTES as i32, Buffer::from_vec(self.values), nulls.finish())))
    }
}

/// Where the lists of some rows end in the columns of their items.
#[derive(Debug, Default)]
pub(crate) struct ListColumn {
    offsets: Vec<i32>,
    nulls: Option<NullBufferBuilder>,
}

impl ListColumn {
    /// The items of `row` end before item `end`. `row` rises from call to call.
    pub fn set(&mut self, row: usize, end: usize) {
        let nulls = self.nulls.get_or_insert_with(|| NullBufferBuilder::new((row + 1).max(CAPACITY_MIN)));
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        nulls.append_n_nulls(row + 1 - self.offsets.len());
        nulls.append_non_null();
        let start = self.items() as i32;
        self.offsets.resize(row + 1, start);
        self.offsets.push(i32::try_from(end).expect("a scanned body holds fewer items than i32 counts"));
    }

    /// Items of all rows so far.
    pub fn items(&self) -> usize {
        self.offsets.last().map_or(0, |end| *end as usize)
    }

    /// The list array over `items`; `field` is the list's column.
    fn finish(mut self, rows: usize, field: &FieldRef, items: impl FnOnce(&FieldRef) -> ArrayRef) -> Option<ArrayRef> {
        let mut nulls = self.nulls.take()?;
        let DataType::List(item) = field.data_type() else { return None };
        nulls.append_n_nulls(rows + 1 - self.offsets.len());
        let end = self.items() as i32;
        self.offsets.resize(rows + 1, end);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Some(Arc::new(ListArray::new(Arc::clone(item), offsets, items(item), nulls.finish())))
    }
}

/// Which group (resource, scope or metric) each row belongs to: the keys of every column of that level.
#[derive(Debug, Default)]
pub(crate) struct GroupKeys {
    keys: Vec<i32>,
    groups: usize,
}

impl GroupKeys {
    /// Opens the next group; its ordinal.
    pub fn begin(&mut self) -> usize {
        self.groups += 1;
        self.groups - 1
    }

    /// Adds a row to the group opened last.
    #[inline]
    pub fn push_row(&mut self) {
        self.keys.push(self.groups as i32 - 1);
    }

    /// The ordinal of the group opened last.
    pub fn last(&self) -> usize {
        self.groups - 1
    }

    pub fn finish(self) -> FinishedKeys {
        FinishedKeys { keys: ScalarBuffer::from(self.keys), groups: self.groups }
    }
}

#[derive(Debug)]
pub(crate) struct FinishedKeys {
    keys: ScalarBuffer<i32>,
    groups: usize,
}

/// The arrays of a batch, pushed in the order of its schema.
pub(crate) struct BatchBuilder {
    schema: SchemaRef,
    rows: usize,
    arrays: Vec<ArrayRef>,
    nulls: Vec<ArrayRef>,
}

impl BatchBuilder {
    pub fn new(schema: SchemaRef, rows: usize) -> Self {
        let arrays = Vec::with_capacity(schema.fields().len());
        Self { schema, rows, arrays, nulls: vec![] }
    }

    pub fn push(&mut self, array: impl Array + 'static) {
        self.arrays.push(Arc::new(array));
    }

    /// A column that has a value in every row.
    pub fn push_numbers<T: ArrowPrimitiveType>(&mut self, values: Vec<T::Native>) {
        self.push(PrimitiveArray::<T>::new(ScalarBuffer::from(values), None));
    }

    /// Nanoseconds since 1970 in every row.
    pub fn push_times(&mut self, values: Vec<i64>) {
        self.push(times(values, None));
    }

    pub fn push_text(&mut self, column: TextColumn) {
        let array = column.finish(self.rows);
        self.push_or_null(array);
    }

    pub fn push_bools(&mut self, column: BoolColumn) {
        let array = column.finish(self.rows);
        self.push_or_null(array);
    }

    pub fn push_ids<const BYTES: usize>(&mut self, column: IdColumn<BYTES>) {
        let array = column.finish(self.rows);
        self.push_or_null(array);
    }

    /// Numbers, or times when the column's type says so.
    pub fn push_some_numbers<T: ArrowPrimitiveType>(&mut self, column: NumberColumn<T>) {
        let data_type = self.next_field().data_type().clone();
        let array = column.finish_numbers(self.rows).map(|array| Arc::new(array.with_data_type(data_type)) as ArrayRef);
        self.push_or_null(array);
    }

    /// A list column; `items` makes the array of its items.
    pub fn push_list(&mut self, column: ListColumn, items: impl FnOnce(&FieldRef) -> ArrayRef) {
        let field = Arc::clone(self.next_field());
        let array = column.finish(self.rows, &field, items);
        self.push_or_null(array);
    }

    /// Text by group: `column` has one row per group.
    pub fn push_group_text(&mut self, column: TextColumn, keys: &FinishedKeys) {
        let array = column.finish(keys.groups).map(|values| {
            let nulls = values.nulls().map(|valid| keys.keys.iter().map(|key| valid.is_valid(*key as usize)).collect::<NullBuffer>());
            let keys = PrimitiveArray::<Int32Type>::new(keys.keys.clone(), nulls);
            Arc::new(DictionaryArray::new(keys, values)) as ArrayRef
        });
        self.push_or_null(array);
    }

    /// Numbers by group: `column` has one row per group, the batch gets the group's number in every row.
    pub fn push_group_numbers<T: ArrowPrimitiveType>(&mut self, column: NumberColumn<T>, keys: &FinishedKeys) {
        let array = column.finish_numbers(keys.groups).map(|numbers| {
            let of_group = |key: &i32| numbers.is_valid(*key as usize).then(|| numbers.value(*key as usize));
            Arc::new(keys.keys.iter().map(of_group).collect::<PrimitiveArray<T>>()) as ArrayRef
        });
        self.push_or_null(array);
    }

    pub fn push_null(&mut self) {
        self.push_or_null(None);
    }

    /// # Panics
    /// When a column was pushed out of order, which every test of a table would show.
    pub fn finish(self) -> RecordBatch {
        RecordBatch::try_new(self.schema, self.arrays).expect("columns are pushed in the order of the schema")
    }

    fn push_or_null(&mut self, array: Option<ArrayRef>) {
        let array = array.unwrap_or_else(|| self.null_array());
        self.arrays.push(array);
    }

    fn null_array(&mut self) -> ArrayRef {
        let data_type = self.next_field().data_type().clone();
        if let Some(array) = self.nulls.iter().find(|array| *array.data_type() == data_type) {
            return Arc::clone(array);
        }
        let array = new_null_array(&data_type, self.rows);
        self.nulls.push(Arc::clone(&array));
        array
    }

    fn next_field(&self) -> &FieldRef {
        &self.schema.fields()[self.arrays.len()]
    }
}

/// Nanoseconds since 1970, UTC.
pub(crate) fn times(values: Vec<i64>, nulls: Option<NullBuffer>) -> arrow::array::TimestampNanosecondArray {
    arrow::array::TimestampNanosecondArray::new(ScalarBuffer::from(values), nulls).with_timezone("UTC")
}

/// The struct array that is the content of list `item`: its columns are pushed by `fill`, one row per item.
pub(crate) fn structs(item: &FieldRef, items: usize, fill: impl FnOnce(&mut BatchBuilder)) -> ArrayRef {
    let DataType::Struct(fields) = item.data_type() else { unreachable!("the schema has structs in this list") };
    let mut batch = BatchBuilder::new(Arc::new(arrow::datatypes::Schema::new(fields.clone())), items);
    fill(&mut batch);
    Arc::new(arrow::array::StructArray::new(fields.clone(), batch.arrays, None))
}

/// The array of numbers that is the content of a list.
pub(crate) fn numbers<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), None))
}
