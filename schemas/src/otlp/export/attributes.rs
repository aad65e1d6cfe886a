//! The attributes of a row at one level, as they came in: the JSON remainder, then the promoted columns under their
//! original keys.

use std::borrow::Cow;

use arrow::{
    array::{Array, Int64Array, RecordBatch, StringArray},
    datatypes::Int64Type,
};

use super::{
    ExportError,
    columns::{Columns, GroupText, number, text},
    value::write_attribute,
};
use crate::{
    Table, columns as c,
    otlp::{
        attributes_json::{Attributes, Value, read_attributes},
        encoder::Encoder,
    },
    promoted::{self, Promoted, ValueType},
};

/// Whose attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Resource,
    Scope,
    /// The span, log record or data point.
    Record,
}

/// The attributes of the rows of one batch, at one level.
pub struct AttributeColumns<'a> {
    remainder_name: &'static str,
    remainder: Texts<'a>,
    promoted: Vec<(&'static Promoted, PromotedColumn<'a>)>,
    renamed_keys: Option<&'a Int64Array>,
}

enum Texts<'a> {
    Plain(&'a StringArray),
    Grouped(GroupText<'a>),
}

enum PromotedColumn<'a> {
    Text(Texts<'a>),
    Int(&'a Int64Array),
}

impl<'a> AttributeColumns<'a> {
    /// Finds the columns of `level` in a batch with the columns of [`Table::schema`].
    ///
    /// # Errors
    /// When one is missing or has another type.
    pub fn new(table: Table, batch: &'a RecordBatch, level: Level) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        let grouped = |column| Ok::<_, ExportError>(Texts::Grouped(columns.group_text(column)?));
        let plain = |column| Ok::<_, ExportError>(Texts::Plain(columns.text(column)?));
        match level {
            Level::Resource => Ok(Self {
                remainder_name: c::RESOURCE_ATTRIBUTES,
                remainder: grouped(c::RESOURCE_ATTRIBUTES)?,
                promoted: promoted_columns(columns, promoted::RESOURCE, grouped)?,
                renamed_keys: Some(columns.numbers::<Int64Type>(c::RESOURCE_RENAMED_KEYS)?),
            }),
            Level::Scope => Ok(Self {
                remainder_name: c::SCOPE_ATTRIBUTES,
                remainder: grouped(c::SCOPE_ATTRIBUTES)?,
                promoted: Vec::new(),
                renamed_keys: None,
            }),
            Level::Record => Ok(Self {
                remainder_name: c::ATTRIBUTES,
                remainder: plain(c::ATTRIBUTES)?,
                promoted: promoted_columns(columns, table.promoted(), plain)?,
                renamed_keys: match table.promoted() {
                    [] => None,
                    _ => Some(columns.numbers::<Int64Type>(c::RENAMED_KEYS)?),
                },
            }),
        }
    }

    /// All attributes of `row`. Duplicate keys keep their order among themselves.
    ///
    /// # Errors
    /// When the JSON remainder is damaged.
    pub fn of_row(&self, row: usize) -> Result<Attributes<'a>, ExportError> {
        let mut attributes = match self.remainder.get(row) {
            Some(json) => read_attributes(json).map_err(|source| ExportError::Attributes { column: self.remainder_name, source })?,
            None => Vec::new(),
        };
        let renamed_keys = self.renamed_keys.and_then(|column| number(column, row)).unwrap_or(0);
        for (promoted, column) in &self.promoted {
            if let Some(value) = column.get(row) {
                attributes.push((Cow::Borrowed(original_key(promoted, renamed_keys)), value));
            }
        }
        Ok(attributes)
    }

    /// Writes the attributes of `row` as repeated field `number`.
    pub(super) fn write(&self, out: &mut Encoder, number: u32, row: usize) -> Result<(), ExportError> {
        for (key, value) in self.of_row(row)? {
            write_attribute(out, number, &key, &value);
        }
        Ok(())
    }
}

/// Writes attributes that have no promoted columns.
pub(super) fn write_json(out: &mut Encoder, number: u32, column: &'static str, json: Option<&str>) -> Result<(), ExportError> {
    let Some(json) = json else { return Ok(()) };
    for (key, value) in read_attributes(json).map_err(|source| ExportError::Attributes { column, source })? {
        write_attribute(out, number, &key, &value);
    }
    Ok(())
}

fn promoted_columns<'a>(
    columns: Columns<'a>,
    promoted: &'static [Promoted],
    texts: impl Fn(&'static str) -> Result<Texts<'a>, ExportError>,
) -> Result<Vec<(&'static Promoted, PromotedColumn<'a>)>, ExportError> {
    let mut found = Vec::new();
    for promoted in promoted {
        let column = match promoted.value {
            ValueType::Text => PromotedColumn::Text(texts(promoted.column)?),
            ValueType::Int => PromotedColumn::Int(columns.numbers::<Int64Type>(promoted.column)?),
        };
        if !column.is_all_null() {
            found.push((promoted, column));
        }
    }
    Ok(found)
}

fn original_key(promoted: &Promoted, renamed_keys: i64) -> &'static str {
    promoted.aliases.iter().find(|alias| renamed_keys & 1 << alias.bit != 0).map_or(promoted.key, |alias| alias.key)
}

impl<'a> Texts<'a> {
    fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => text(array, row),
            Self::Grouped(texts) => texts.get(row),
        }
    }
}

impl<'a> PromotedColumn<'a> {
    fn get(&self, row: usize) -> Option<Value<'a>> {
        match self {
            Self::Text(texts) => texts.get(row).map(|text| Value::String(Cow::Borrowed(text))),
            Self::Int(array) => number(array, row).map(Value::Int),
        }
    }

    /// Most promoted columns of a batch are.
    fn is_all_null(&self) -> bool {
        match self {
            Self::Text(Texts::Plain(array)) => array.null_count() == array.len(),
            Self::Text(Texts::Grouped(texts)) => texts.is_all_null(),
            Self::Int(array) => array.null_count() == array.len(),
        }
    }
}
