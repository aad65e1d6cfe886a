//! The fields that a table has whatever was sent: what a field name can be completed to before any data is looked at.

use std::collections::BTreeSet;

use schemas::{
    Table,
    column::{Column, Kind},
    columns as c,
    promoted::{self, ValueType},
};

use super::{
    aliases::{aliases, named_numbers},
    field::TraceField,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownField {
    /// As it is typed.
    pub name: String,
    pub value: FieldType,
}

/// What values a field has, as far as a person who types one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    Text,
    Number,
    Duration,
    Time,
    Bool,
    /// Hex digits.
    Id,
    /// Words that stand for numbers: [`named_numbers`](super::named_numbers) of this column.
    Names(&'static str),
    /// Nothing to compare with; only whether there is any.
    List,
}

/// Columns that hold other fields, or are about how a row is stored.
const NOT_ASKED_FOR: [&str; 6] =
    [c::ATTRIBUTES, c::RESOURCE_ATTRIBUTES, c::SCOPE_ATTRIBUTES, c::RENAMED_KEYS, c::RESOURCE_RENAMED_KEYS, c::RESOURCE_ENTITY_REFS];

/// Aliases, promoted keys, the other columns, and those of the trace, in alphabetical order.
pub fn known_fields(table: Table) -> Vec<KnownField> {
    let columns: Vec<&Column> = table.columns().filter(|column| !NOT_ASKED_FOR.contains(&column.name)).collect();
    let type_of = |name: &str| columns.iter().find(|column| column.name == name).map_or(FieldType::Text, |column| of_column(column));
    let promoted = || table.promoted().iter().chain(promoted::RESOURCE);
    let under_its_key: BTreeSet<&str> = promoted().map(|promoted| promoted.column).collect();

    let short = aliases(table).map(|(alias, column)| (alias.to_owned(), type_of(column)));
    let keys = promoted().map(|promoted| (promoted.key.to_owned(), of_attribute(promoted.value)));
    let others =
        columns.iter().filter(|column| !under_its_key.contains(column.name)).map(|column| (column.name.to_owned(), of_column(column)));
    let traces = TraceField::ALL.into_iter().map(|field| (format!("trace.{}", field.name()), of_trace(field)));
    let mut fields: Vec<KnownField> =
        short.chain(keys).chain(others).chain(traces).map(|(name, value)| KnownField { name, value }).collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields
}

fn of_column(column: &Column) -> FieldType {
    match column.kind {
        _ if column.name == c::DURATION_NS => FieldType::Duration,
        _ if !named_numbers(column.name).is_empty() => FieldType::Names(column.name),
        Kind::Id(_) => FieldType::Id,
        Kind::Time => FieldType::Time,
        Kind::Text | Kind::GroupText => FieldType::Text,
        Kind::Bool => FieldType::Bool,
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 | Kind::F64 => FieldType::Number,
        Kind::List { .. } | Kind::Structs { .. } => FieldType::List,
    }
}

fn of_attribute(value: ValueType) -> FieldType {
    match value {
        ValueType::Text => FieldType::Text,
        ValueType::Int => FieldType::Number,
    }
}

fn of_trace(field: TraceField) -> FieldType {
    match field {
        TraceField::Id => FieldType::Id,
        TraceField::RootService | TraceField::RootName => FieldType::Text,
        TraceField::StartTime => FieldType::Time,
        TraceField::Duration => FieldType::Duration,
        TraceField::Spans | TraceField::Errors | TraceField::Services => FieldType::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parse;

    #[test]
    fn fields_have_types() {
        let check = |table, name: &str, expected: Option<FieldType>| {
            let fields = known_fields(table);
            assert_eq!(fields.iter().find(|field| field.name == name).map(|field| field.value), expected, "{name} of {table}");
        };
        check(Table::Spans, "service", Some(FieldType::Text));
        check(Table::Spans, "duration", Some(FieldType::Duration));
        check(Table::Spans, "status", Some(FieldType::Names(c::STATUS_CODE)));
        check(Table::Spans, "http.response.status_code", Some(FieldType::Number));
        check(Table::Spans, "http_response_status_code", None);
        check(Table::Spans, "trace_id", Some(FieldType::Id));
        check(Table::Spans, "events", Some(FieldType::List));
        check(Table::Spans, "attributes", None);
        check(Table::Logs, "time", Some(FieldType::Time));
        check(Table::Logs, "trace.spans", Some(FieldType::Number));
        check(Table::Metrics, "monotonic", Some(FieldType::Bool));
    }

    #[test]
    fn each_is_named_once_and_can_be_typed() {
        for table in Table::SENT {
            let fields = known_fields(table);
            assert!(fields.windows(2).all(|pair| pair[0].name < pair[1].name), "{table}");
            for field in fields {
                let text = format!("has:{}", field.name);
                assert_eq!(parse(&text).map(|search| search.to_string()), Ok(text));
            }
        }
    }
}
