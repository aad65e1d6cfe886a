//! Suggestions out of names and values, in order and as text to insert. Pure.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use schemas::Table;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::search::{Expr, Field, FieldTest, FieldType, Level, Pattern, Place, Predicate, Value, known_fields, named_numbers};

/// What one completion offers of a kind.
pub(super) const SUGGESTIONS_MAX: usize = 20;

/// Something to insert in place of what is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Suggestion {
    /// `field`, `operator`, `value` or `keyword`.
    pub kind: &'static str,
    pub text: String,
    /// Of a field: `text`, `number`, `duration`, `time`, `boolean`, `id`, `name`, `list`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub of: Option<&'static str>,
    /// How many of the records looked at have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl Suggestion {
    pub(super) fn keyword(text: &str) -> Self {
        Self { kind: "keyword", text: text.to_owned(), of: None, count: None }
    }

    /// What can be asked of a field.
    pub(super) fn operators(field: &Field, table: Table) -> Vec<Self> {
        let name = field.to_string();
        let of = known_fields(table).into_iter().find(|known| known.name == name).map(|known| known.value);
        let symbols: &[&str] = match of {
            Some(FieldType::Bool | FieldType::Id) => &[":", "!="],
            Some(FieldType::List) => &[],
            Some(FieldType::Text) => &[":", "!=", "=~", "!~"],
            Some(FieldType::Duration | FieldType::Number | FieldType::Time | FieldType::Names(_)) => &[":", "!=", ">", ">=", "<", "<="],
            None => &[":", "!=", ">", ">=", "<", "<=", "=~", "!~"],
        };
        symbols.iter().map(|symbol| Self { kind: "operator", text: (*symbol).to_owned(), of: None, count: None }).collect()
    }
}

/// Fields whose name begins with `prefix`, then those that have it inside: the table's own before attributes that were seen.
pub(super) fn fields(table: Table, prefix: &str, seen: &BTreeMap<String, i64>) -> Vec<Suggestion> {
    let known = known_fields(table);
    let mut all: Vec<Suggestion> = known
        .iter()
        .map(|field| Suggestion { kind: "field", text: field.name.clone(), of: Some(type_name(field.value)), count: None })
        .collect();
    let mut attributes: Vec<(&String, &i64)> = seen.iter().filter(|(name, _)| known.iter().all(|field| field.name != **name)).collect();
    attributes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    all.extend(attributes.into_iter().map(|(name, count)| Suggestion { kind: "field", text: name.clone(), of: None, count: Some(*count) }));
    let (begin, inside): (Vec<_>, Vec<_>) =
        all.into_iter().filter(|field| field.text.contains(prefix)).partition(|field| field.text.starts_with(prefix));
    begin.into_iter().chain(inside).take(SUGGESTIONS_MAX).collect()
}

/// The words for the values of a field, when it has such.
pub(super) fn names(table: Table, field: &Field, prefix: &str) -> Option<Vec<Suggestion>> {
    let name = field.to_string();
    let column = known_fields(table).into_iter().find_map(|known| match known.value {
        FieldType::Names(column) if known.name == name => Some(column),
        _ => None,
    })?;
    let begins = named_numbers(column).iter().filter(|named| named.name.starts_with(&prefix.to_lowercase()));
    Some(begins.map(|named| Suggestion { kind: "value", text: named.name.to_owned(), of: None, count: None }).collect())
}

/// `value` and `count` of every row, as they are typed behind `field:`.
///
/// # Errors
/// When the columns are others.
pub(super) fn values(field: &Field, batches: &[RecordBatch]) -> Result<Vec<Suggestion>, ArrowError> {
    let mut suggestions = Vec::new();
    for batch in batches {
        let [values, counts] = batch.columns() else { return Err(ArrowError::SchemaError("values have two columns".to_owned())) };
        let texts = cast(values, &DataType::Utf8)?;
        let counts = counts.as_primitive::<Int64Type>();
        suggestions.extend(texts.as_string::<i32>().iter().enumerate().filter_map(|(row, text)| {
            Some(Suggestion { kind: "value", text: typed(field, text?), of: None, count: Some(counts.value(row)) })
        }));
    }
    Ok(suggestions)
}

/// The keys in columns of attributes, as fields, with the number of rows that have them.
///
/// # Errors
/// When a column is no text.
pub(super) fn keys(batches: &[RecordBatch]) -> Result<BTreeMap<String, i64>, ArrowError> {
    let mut keys = BTreeMap::new();
    for batch in batches {
        for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
            let level = field.name().starts_with("resource").then_some(Level::Resource);
            let texts = cast(column, &DataType::Utf8)?;
            for json in texts.as_string::<i32>().iter().flatten() {
                let attributes: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap_or_default();
                for key in attributes.into_keys() {
                    *keys.entry(Field::key(level, &key).to_string()).or_default() += 1;
                }
            }
        }
    }
    Ok(keys)
}

fn typed(field: &Field, text: &str) -> String {
    let predicate = Predicate::Is(Pattern::Value(Value::new(text)));
    let test = Expr::Field(Box::new(FieldTest { field: field.clone(), predicate, place: Place::default() })).to_string();
    test.strip_prefix(&format!("{field}:")).unwrap_or(text).to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_begin_so_come_first() {
        let seen = BTreeMap::from([("order.status".to_owned(), 3), ("stage".to_owned(), 9)]);
        let found: Vec<String> = fields(Table::Spans, "sta", &seen).into_iter().map(|field| field.text).collect();
        assert_eq!(found[..5], ["start", "start_time", "status", "status_code", "status_message"].map(str::to_owned));
        assert!(found.contains(&"stage".to_owned()) && found.contains(&"order.status".to_owned()), "{found:?}");
    }

    #[test]
    fn values_are_written_as_they_are_typed() {
        let check = |text: &str, expected: &str| assert_eq!(typed(&Field::key(None, "name"), text), expected);
        check("pay", "pay");
        check("GET /api", "\"GET /api\"");
        check("", "\"\"");
    }
}
