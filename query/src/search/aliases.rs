//! Short names for columns, and names for numbers: `service`, `status:error`, `level>=warn`.

use std::ops::RangeInclusive;

use schemas::{Table, columns as c};

use super::field::Level;

/// Of every table: what the resource says about itself.
const EVERY_TABLE: &[(&str, &str)] = &[("service", c::SERVICE_NAME), ("env", c::DEPLOYMENT_ENVIRONMENT)];

const SPANS: &[(&str, &str)] = &[
    ("operation", c::NAME),
    ("status", c::STATUS_CODE),
    ("duration", c::DURATION_NS),
    ("start", c::START_TIME),
    ("time", c::START_TIME),
    ("timestamp", c::START_TIME),
    ("@timestamp", c::START_TIME),
    ("trace", c::TRACE_ID),
    ("span", c::SPAN_ID),
    ("parent", c::PARENT_SPAN_ID),
    ("code", c::ERROR_CODE),
    ("reason", c::ERROR_REASON),
];

const LOGS: &[(&str, &str)] = &[
    ("message", c::BODY),
    ("msg", c::BODY),
    ("level", c::SEVERITY_NUMBER),
    ("severity", c::SEVERITY_NUMBER),
    ("timestamp", c::TIME),
    ("@timestamp", c::TIME),
    ("trace", c::TRACE_ID),
    ("span", c::SPAN_ID),
    ("code", c::ERROR_CODE),
    ("reason", c::ERROR_REASON),
];

const METRICS: &[(&str, &str)] = &[("metric", c::METRIC_NAME), ("start", c::START_TIME), ("timestamp", c::TIME), ("@timestamp", c::TIME)];

/// Only behind a level; `None` in every table.
const BEHIND_A_LEVEL: &[(Option<Table>, Level, &str, &str)] = &[
    (None, Level::Resource, "schema_url", c::RESOURCE_SCHEMA_URL),
    (None, Level::Scope, "name", c::SCOPE_NAME),
    (None, Level::Scope, "version", c::SCOPE_VERSION),
    (None, Level::Scope, "schema_url", c::SCOPE_SCHEMA_URL),
    (Some(Table::Spans), Level::Span, "id", c::SPAN_ID),
    (Some(Table::Spans), Level::Span, "parent_id", c::PARENT_SPAN_ID),
    (Some(Table::Logs), Level::Span, "id", c::SPAN_ID),
    (Some(Table::Logs), Level::Event, "name", c::EVENT_NAME),
];

/// The short names of a table's columns.
pub(super) fn aliases(table: Table) -> impl Iterator<Item = (&'static str, &'static str)> {
    own_aliases(table).iter().chain(EVERY_TABLE).copied()
}

/// The column a table knows by another name; behind the level of its records only those that speak about the record itself.
pub(super) fn aliased(table: Table, level: Option<Level>, name: &str) -> Option<&'static str> {
    let Some(level) = level else {
        return aliases(table).find(|(alias, _)| *alias == name).map(|(_, column)| column);
    };
    let is_it = |entry: &&(Option<Table>, Level, &str, &str)| entry.0.is_none_or(|of| of == table) && (entry.1, entry.2) == (level, name);
    if let Some((.., column)) = BEHIND_A_LEVEL.iter().find(is_it) {
        return Some(column);
    }
    let own = own_aliases(table).iter().find(|(alias, _)| *alias == name)?;
    (record_level(table) == Some(level)).then_some(own.1)
}

fn own_aliases(table: Table) -> &'static [(&'static str, &'static str)] {
    match table {
        Table::Spans => SPANS,
        Table::Logs => LOGS,
        Table::Metrics => METRICS,
        _ => &[],
    }
}

/// The level whose attributes are those of the table's records.
pub(super) fn record_level(table: Table) -> Option<Level> {
    match table {
        Table::Spans => Some(Level::Span),
        Table::Logs => Some(Level::Log),
        _ => None,
    }
}

/// A word for some of the numbers of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedNumbers {
    pub name: &'static str,
    pub from: i32,
    /// Inclusive.
    pub to: i32,
}

const fn one(name: &'static str, number: i32) -> NamedNumbers {
    NamedNumbers { name, from: number, to: number }
}

const fn four(name: &'static str, from: i32) -> NamedNumbers {
    NamedNumbers { name, from, to: from + 3 }
}

const STATUS: &[NamedNumbers] = &[one("unset", 0), one("ok", 1), one("error", 2)];
const KIND: &[NamedNumbers] =
    &[one("unspecified", 0), one("internal", 1), one("server", 2), one("client", 3), one("producer", 4), one("consumer", 5)];
const SEVERITY: &[NamedNumbers] = &[
    one("unspecified", 0),
    four("trace", 1),
    four("debug", 5),
    four("info", 9),
    four("warn", 13),
    four("error", 17),
    four("fatal", 21),
    four("warning", 13),
    four("critical", 21),
];
const TEMPORALITY: &[NamedNumbers] = &[one("delta", 1), one("cumulative", 2)];

/// The words of a column of numbers that are never shown as such; empty for all others. Synonyms stand last.
pub fn named_numbers(column: &str) -> &'static [NamedNumbers] {
    match column {
        c::STATUS_CODE => STATUS,
        c::KIND => KIND,
        c::SEVERITY_NUMBER => SEVERITY,
        c::TEMPORALITY => TEMPORALITY,
        _ => &[],
    }
}

/// The numbers that `text` stands for in a column, in any case, also with the prefix of OTLP: `error`, `ERROR`, `STATUS_CODE_ERROR`.
pub fn numbers_named(column: &str, text: &str) -> Option<RangeInclusive<i32>> {
    const PREFIXES: [&str; 3] = ["status_code_", "span_kind_", "severity_number_"];
    let text = text.to_ascii_lowercase();
    let name = PREFIXES.into_iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text);
    named_numbers(column).iter().find(|named| named.name == name).map(|named| named.from..=named.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_leads_to_a_column_and_hides_none() {
        for table in Table::SENT {
            for (alias, column) in aliases(table) {
                assert!(table.columns().any(|known| known.name == column), "{table}.{column}");
                assert!(table.columns().all(|known| known.name != alias), "{alias} is a column of {table}");
                assert_eq!(aliases(table).filter(|(other, _)| *other == alias).count(), 1, "{alias} in {table}");
            }
        }
        for (table, level, name, column) in BEHIND_A_LEVEL {
            assert_eq!(aliased(table.unwrap_or(Table::Metrics), Some(*level), name), Some(*column));
        }
    }

    #[test]
    fn a_level_narrows() {
        let check = |table, level, name: &str, expected: Option<&str>| assert_eq!(aliased(table, level, name), expected, "{name}");
        check(Table::Spans, None, "service", Some(c::SERVICE_NAME));
        check(Table::Spans, Some(Level::Span), "service", None);
        check(Table::Spans, Some(Level::Span), "duration", Some(c::DURATION_NS));
        check(Table::Logs, Some(Level::Span), "duration", None);
        check(Table::Logs, Some(Level::Log), "message", Some(c::BODY));
        check(Table::Spans, Some(Level::Resource), "status", None);
    }

    #[test]
    fn numbers_have_names() {
        let check = |column, text: &str, expected| assert_eq!(numbers_named(column, text), expected, "{column} {text}");
        check(c::STATUS_CODE, "error", Some(2..=2));
        check(c::STATUS_CODE, "STATUS_CODE_OK", Some(1..=1));
        check(c::KIND, "SPAN_KIND_SERVER", Some(2..=2));
        check(c::SEVERITY_NUMBER, "Warning", Some(13..=16));
        check(c::STATUS_CODE, "2", None);
        check(c::HTTP_RESPONSE_STATUS_CODE, "ok", None);
    }
}
