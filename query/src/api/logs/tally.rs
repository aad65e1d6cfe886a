//! Counts which fields records have, and of which types their values are. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int32Type},
    error::ArrowError,
};
use schemas::{Table, column::Column, columns as c, every_table, promoted};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::search::{self, Field, FieldType, Level, Target, known_fields};

/// The columns that hold attributes, and whose.
const HOLDERS: [(&str, Option<Level>); 3] =
    [(c::ATTRIBUTES, None), (c::RESOURCE_ATTRIBUTES, Some(Level::Resource)), (c::SCOPE_ATTRIBUTES, Some(Level::Scope))];
/// About how a row is stored.
const NOT_COUNTED: [&str; 3] = [c::RENAMED_KEYS, c::RESOURCE_RENAMED_KEYS, c::RESOURCE_ENTITY_REFS];

/// A field that some record has.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct FieldCount {
    /// As it is written in a search.
    pub name: String,
    /// Whose it is: `record`, `resource` or `scope`.
    pub level: &'static str,
    /// `text`, `number`, `boolean`, `time`, `duration`, `id`, `name` (a word that stands for a number), `list`, `map`, `null`; several
    /// when senders disagree.
    pub types: Vec<&'static str>,
    /// Records that have it.
    pub records: u64,
    /// Of those looked at: 0 to 1.
    pub share: f64,
}

/// What was counted so far.
pub(super) struct Tally {
    table: Table,
    rows: u64,
    fields: BTreeMap<Counter, Counted>,
}

/// What is counted as one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Counter {
    level: Option<Level>,
    /// A column that holds no attribute has its name, everything else its key.
    name: String,
    attribute: bool,
}

#[derive(Default)]
struct Counted {
    records: u64,
    types: BTreeSet<&'static str>,
}

impl Tally {
    pub(super) fn new(table: Table) -> Self {
        Self { table, rows: 0, fields: BTreeMap::new() }
    }

    /// What has to be read of a table.
    pub(super) fn columns(table: Table) -> Vec<&'static str> {
        table.columns().map(|column| column.name).filter(|name| !NOT_COUNTED.contains(name)).collect()
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts the records of a batch that has [`Tally::columns`].
    ///
    /// # Errors
    /// When attributes are no text.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        for (field, values) in batch.schema().fields().iter().zip(batch.columns()) {
            match HOLDERS.iter().find(|(name, _)| name == field.name()) {
                Some((_, level)) => self.attributes(*level, values)?,
                None => self.column(field.name(), values),
            }
        }
        Ok(())
    }

    fn column(&mut self, name: &str, values: &ArrayRef) {
        let records = (values.len() - values.logical_null_count()) as u64;
        let Some(column) = self.table.columns().find(|column| column.name == name).filter(|_| records > 0) else { return };
        let counter = Counter::of_column(self.table, column);
        let known = known_fields(self.table).into_iter().find(|known| known.name == counter.name);
        self.count(counter, known.map_or("text", |known| type_name(known.value)), records);
    }

    /// Equal texts, of which a resource has many, are read once.
    fn attributes(&mut self, level: Option<Level>, values: &ArrayRef) -> Result<(), ArrowError> {
        let mut texts: HashMap<&str, u64> = HashMap::new();
        let plain;
        if let Some(grouped) = values.as_dictionary_opt::<Int32Type>() {
            plain = cast(grouped.values(), &DataType::Utf8)?;
            let distinct = plain.as_string::<i32>();
            let keys = grouped.keys().iter().flatten().filter_map(|key| usize::try_from(key).ok());
            keys.filter(|key| distinct.is_valid(*key)).for_each(|key| *texts.entry(distinct.value(key)).or_default() += 1);
        } else {
            plain = cast(values, &DataType::Utf8)?;
            plain.as_string::<i32>().iter().flatten().for_each(|text| *texts.entry(text).or_default() += 1);
        }
        for (text, records) in texts {
            // What is damaged has no fields.
            let attributes: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            for (key, value) in attributes {
                self.count(Counter { level, name: key, attribute: true }, json_type(value.get()), records);
            }
        }
        Ok(())
    }

    fn count(&mut self, counter: Counter, kind: &'static str, records: u64) {
        let counted = self.fields.entry(counter).or_default();
        counted.records += records;
        counted.types.insert(kind);
    }

    /// Fields that most records have first.
    pub(super) fn finish(self) -> Vec<FieldCount> {
        let count = |(counter, counted): (Counter, Counted)| FieldCount {
            name: counter.as_typed(self.table),
            level: counter.level.map_or("record", Level::name),
            types: counted.types.into_iter().collect(),
            records: counted.records,
            share: counted.records as f64 / self.rows as f64,
        };
        let mut fields: Vec<FieldCount> = self.fields.into_iter().map(count).collect();
        fields.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.name.cmp(&b.name)));
        fields
    }
}

impl Counter {
    fn of_column(table: Table, column: &Column) -> Self {
        let key = |all: &[promoted::Promoted]| all.iter().find(|promoted| promoted.column == column.name).map(|promoted| promoted.key);
        let of_every_table = every_table::COLUMNS.iter().any(|other| other.name == column.name);
        let level = match column.name {
            name if key(promoted::RESOURCE).is_some() || of_every_table && name.starts_with("resource_") => Some(Level::Resource),
            name if of_every_table && name.starts_with("scope_") => Some(Level::Scope),
            _ => None,
        };
        let key = key(promoted::RESOURCE).or_else(|| key(table.promoted()));
        Self { level, name: key.unwrap_or(column.name).to_owned(), attribute: key.is_some() }
    }

    /// As it is written in a search. A key that means something else there is quoted.
    fn as_typed(&self, table: Table) -> String {
        if !self.attribute {
            return self.name.clone();
        }
        let promoted = if self.level == Some(Level::Resource) { promoted::RESOURCE } else { table.promoted() };
        if self.level != Some(Level::Scope) && promoted.iter().any(|promoted| promoted.key == self.name) {
            return self.name.clone();
        }
        let field = Field::key(self.level, &self.name);
        match search::resolve(&field, table) {
            Target::Held(_) => field.to_string(),
            Target::Column(_) | Target::Event(_) | Target::Trace(_) => Field::attribute(self.level, &self.name).to_string(),
        }
    }
}

fn type_name(value: FieldType) -> &'static str {
    match value {
        FieldType::Text => "text",
        FieldType::Number => "number",
        FieldType::Duration => "duration",
        FieldType::Time => "time",
        FieldType::Bool => "boolean",
        FieldType::Id => "id",
        FieldType::Names(_) => "name",
        FieldType::List => "list",
    }
}

/// Of a value as `schemas` writes it: what JSON has no type for is an object with one tag.
fn json_type(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'"') => "text",
        Some(b't' | b'f') => "boolean",
        Some(b'[') => "list",
        Some(b'{') if value.starts_with("{\"$double\"") => "number",
        Some(b'{') if value.starts_with("{\"$bytes\"") => "text",
        Some(b'{') if value.starts_with("{\"$empty\"") => "null",
        Some(b'{') => "map",
        Some(b'n') | None => "null",
        Some(_) => "number",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int32Array, StringArray};

    use super::*;

    #[test]
    fn columns_and_attributes_are_counted_by_level() {
        let resource: DictionaryArray<Int32Type> = vec![Some(r#"{"team":"a"}"#), Some(r#"{"team":"a"}"#), None].into_iter().collect();
        let service: DictionaryArray<Int32Type> = vec![Some("shop"), None, None].into_iter().collect();
        let columns: [(&str, ArrayRef); 4] = [
            (c::SEVERITY_NUMBER, Arc::new(Int32Array::from(vec![9, 9, 17]))),
            (
                c::ATTRIBUTES,
                Arc::new(StringArray::from(vec![
                    Some(r#"{"n":1,"odd key":{"$double":"NaN"}}"#),
                    Some(r#"{"n":"1","level":true}"#),
                    Some("{"),
                ])),
            ),
            (c::RESOURCE_ATTRIBUTES, Arc::new(resource)),
            (c::SERVICE_NAME, Arc::new(service)),
        ];
        let mut tally = Tally::new(Table::Logs);
        tally.add(&RecordBatch::try_from_iter(columns).expect("columns of one length")).expect("texts");
        let fields = tally.finish().into_iter();
        let lines: Vec<String> = fields.map(|f| format!("{} {} {} {}", f.name, f.level, f.types.join("|"), f.records)).collect();
        let expected = [
            "severity_number record name 3",
            "n record number|text 2",
            "resource.team resource text 2",
            "\"level\" record boolean 1",
            "\"odd key\" record number 1",
            "service.name resource text 1",
        ];
        assert_eq!(lines, expected);
    }
}
