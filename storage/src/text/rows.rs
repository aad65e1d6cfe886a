//! The texts of the rows of a batch.

use std::{borrow::Cow, sync::LazyLock};

use arrow::{
    array::{Array, AsArray, ListArray, StringArray},
    error::ArrowError,
    record_batch::RecordBatch,
};
use schemas::{
    Table,
    attribute::AttributeKey,
    columns::{ATTRIBUTES, BODY, EVENTS, EXCEPTION_MESSAGE, NAME, STATUS_MESSAGE},
};

/// Where events keep what an exception said.
static EVENT_MESSAGE: LazyLock<AttributeKey> = LazyLock::new(|| AttributeKey::new("exception.message"));

/// The columns whose text is searched, and indexed; what of them is text, [`RowTexts`] says.
pub fn indexed_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &[NAME, STATUS_MESSAGE, EXCEPTION_MESSAGE, EVENTS],
        Table::Logs => &[BODY, EXCEPTION_MESSAGE],
        _ => &[],
    }
}

/// The columns of a batch that have text.
pub struct RowTexts<'a> {
    columns: Vec<TextColumn<'a>>,
    rows: usize,
}

enum TextColumn<'a> {
    Plain(&'a StringArray),
    /// A list of events for each row.
    Events {
        lists: &'a ListArray,
        names: &'a StringArray,
        attributes: &'a StringArray,
    },
}

impl<'a> RowTexts<'a> {
    /// `batch` has the [`indexed_columns`] of `table`, with the types of its schema; one that is absent counts as null.
    ///
    /// # Errors
    /// When a column has another type.
    pub fn new(table: Table, batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let present = indexed_columns(table).iter().filter_map(|name| Some((*name, batch.column_by_name(name)?)));
        let columns = present.map(|(name, column)| {
            let column = if name == EVENTS { events(column) } else { column.as_string_opt().map(TextColumn::Plain) };
            column.ok_or_else(|| ArrowError::SchemaError(format!("column {name} of {table} has an unexpected type")))
        });
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, rows: batch.num_rows() })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Appends the texts of a row. Borrowed, but for messages of events with escaped characters.
    pub fn of_row(&self, row: usize, texts: &mut Vec<Cow<'a, str>>) {
        for column in &self.columns {
            match column {
                TextColumn::Plain(values) => texts.extend(value(values, row).map(Cow::Borrowed)),
                TextColumn::Events { lists, .. } if lists.is_null(row) => {}
                TextColumn::Events { lists, names, attributes } => {
                    let offsets = lists.value_offsets();
                    for event in offsets[row] as usize..offsets[row + 1] as usize {
                        texts.extend(value(names, event).map(Cow::Borrowed));
                        let message = value(attributes, event).and_then(|json| EVENT_MESSAGE.find(json));
                        texts.extend(message.and_then(|message| message.text()));
                    }
                }
            }
        }
    }
}

fn events(column: &dyn Array) -> Option<TextColumn<'_>> {
    let lists = column.as_list_opt::<i32>()?;
    let events = lists.values().as_struct_opt()?;
    let text = |name| events.column_by_name(name).and_then(|column| column.as_string_opt());
    Some(TextColumn::Events { lists, names: text(NAME)?, attributes: text(ATTRIBUTES)? })
}

fn value(values: &StringArray, row: usize) -> Option<&str> {
    values.is_valid(row).then(|| values.value(row))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, Int64Array, StructArray, new_null_array},
        buffer::{NullBuffer, OffsetBuffer},
        datatypes::{DataType, Field},
    };

    use super::*;

    fn texts(table: Table, columns: Vec<(&str, ArrayRef)>) -> Vec<Vec<String>> {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
        let rows = RowTexts::new(table, &batch).unwrap();
        let of_row = |row| {
            let mut texts = Vec::new();
            rows.of_row(row, &mut texts);
            texts.into_iter().map(Cow::into_owned).collect()
        };
        (0..rows.len()).map(of_row).collect()
    }

    fn strings(values: Vec<Option<&str>>) -> ArrayRef {
        Arc::new(StringArray::from(values))
    }

    #[test]
    fn logs() {
        let body = strings(vec![Some("lock lost"), None, Some("")]);
        let message = strings(vec![None, None, Some("no route")]);
        let found = texts(Table::Logs, vec![(BODY, body), (EXCEPTION_MESSAGE, message), ("severity", strings(vec![Some("x"); 3]))]);
        assert_eq!(found, [vec!["lock lost"], vec![], vec!["", "no route"]]);
    }

    #[test]
    fn events_of_spans() {
        let names = strings(vec![Some("exception"), Some("retry"), Some("hidden")]);
        let json = [r#"{"exception.type":"E","exception.message":"can't \"pay\"\n库存不足"}"#, r#"{"n":1}"#, "{}"];
        let attributes = strings(json.map(Some).into());
        let fields = [NAME, ATTRIBUTES].map(|name| Field::new(name, DataType::Utf8, true));
        let events = StructArray::new(fields.to_vec().into(), vec![names, attributes], None);
        let item = Arc::new(Field::new("item", events.data_type().clone(), true));
        let offsets = OffsetBuffer::new(vec![0, 0, 2, 3].into());
        let lists = ListArray::new(item, offsets, Arc::new(events), Some(NullBuffer::from(vec![true, true, false])));
        let found = texts(Table::Spans, vec![(NAME, strings(vec![Some("GET /"); 3])), (EVENTS, Arc::new(lists.clone()))]);
        assert_eq!(found, [vec!["GET /"], vec!["GET /", "exception", "can't \"pay\"\n库存不足", "retry"], vec!["GET /"]]);
        let sliced = texts(Table::Spans, vec![(EVENTS, Arc::new(lists.slice(1, 1)))]);
        assert_eq!(sliced, [vec!["exception", "can't \"pay\"\n库存不足", "retry"]]);
    }

    #[test]
    fn every_table_has_its_indexed_columns() {
        for table in Table::ALL {
            let schema = table.schema();
            let columns = indexed_columns(table).iter().map(|name| schema.field_with_name(name).unwrap());
            let nulls = columns.map(|field| (field.name().as_str(), new_null_array(field.data_type(), 2)));
            let batch = nulls.chain([("other", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]).collect();
            assert_eq!(texts(table, batch), [[] as [&str; 0]; 2], "{table}");
        }
    }

    #[test]
    fn another_type_is_an_error() {
        let batch = RecordBatch::try_from_iter([(BODY, Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
        assert!(RowTexts::new(Table::Logs, &batch).is_err());
    }
}
