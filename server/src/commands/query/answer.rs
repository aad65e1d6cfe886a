//! The API's JSON as rows to show.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    question::{Question, Search},
    table::{Column, Table},
};
use crate::{cli::SearchTable, duration::duration, terminal::say};

/// What the server says of an answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub(super) took_ms: f64,
    #[serde(default)]
    pub(super) scanned_rows: u64,
    #[serde(default)]
    pub(super) partial: Vec<String>,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
}

impl Meta {
    pub(super) fn say(&self) {
        self.partial.iter().for_each(|reason| say(format_args!("incomplete: {reason}")));
        self.warnings.iter().for_each(|warning| say(format_args!("warning: {warning}")));
    }
}

pub(super) struct Shown {
    pub(super) table: Table,
    /// Each as JSON on a line, of a search.
    pub(super) records: Vec<Box<RawValue>>,
    pub(super) meta: Meta,
}

#[derive(Deserialize)]
struct SqlAnswer {
    columns: Vec<SqlColumn>,
    rows: Vec<Vec<Value>>,
    meta: Meta,
}

#[derive(Deserialize)]
struct SqlColumn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct SearchAnswer {
    #[serde(alias = "spans", alias = "logs", alias = "traces")]
    records: Vec<Box<RawValue>>,
    meta: Meta,
}

impl Shown {
    /// # Errors
    /// When it is no answer to such a question.
    pub(super) fn read(body: &[u8], question: &Question) -> Result<Self, serde_json::Error> {
        match question {
            Question::Sql { .. } => {
                let SqlAnswer { columns, rows, meta } = serde_json::from_slice(body)?;
                let is_number = |kind: &str| ["int64", "uint64", "float64", "decimal"].contains(&kind);
                let columns = columns.into_iter().map(|SqlColumn { name, kind }| Column { name, right: is_number(&kind) });
                let rows = rows.into_iter().map(|row| row.iter().map(cell).collect()).collect();
                Ok(Self { table: Table { columns: columns.collect(), rows }, records: Vec::new(), meta })
            }
            Question::Search(Search { table, .. }) => {
                let SearchAnswer { records, meta } = serde_json::from_slice(body)?;
                let (columns, row) = layout(*table);
                let rows =
                    records.iter().map(|record| Ok(row(&serde_json::from_str(record.get())?))).collect::<Result<_, serde_json::Error>>()?;
                let columns = columns.iter().map(|(name, right)| Column { name: (*name).to_owned(), right: *right });
                Ok(Self { table: Table { columns: columns.collect(), rows }, records, meta })
            }
        }
    }

    pub(super) fn summary(&self) -> String {
        let rows = self.table.rows.len();
        let Meta { took_ms, scanned_rows, .. } = &self.meta;
        format!("{rows} {} in {took_ms:.1} ms, {scanned_rows} rows read", if rows == 1 { "row" } else { "rows" })
    }
}

type Layout = (&'static [(&'static str, bool)], fn(&Value) -> Vec<String>);

/// What of a record fits a line, and how people read it.
fn layout(table: SearchTable) -> Layout {
    match table {
        SearchTable::Spans => (
            &[("start_time", false), ("service", false), ("name", false), ("duration", true), ("status", false), ("trace_id", false)],
            |span| {
                let status = match span["status_code"].as_i64() {
                    Some(2) => "error",
                    Some(1) => "ok",
                    _ => "",
                };
                let duration = span["duration_ns"].as_i64().map(duration).unwrap_or_default();
                let [start, service, name, trace] = ["start_time", "service_name", "name", "trace_id"].map(|key| cell(&span[key]));
                vec![start, service, name, duration, status.to_owned(), trace]
            },
        ),
        SearchTable::Logs => (&[("time", false), ("severity", false), ("service", false), ("body", false)], |log| {
            let severity = if log["severity_text"].is_null() { &log["severity_number"] } else { &log["severity_text"] };
            [&log["time"], severity, &log["service_name"], &log["body"]].map(cell).into()
        }),
        SearchTable::Traces => (
            &[
                ("start_time", false),
                ("root service", false),
                ("root name", false),
                ("duration", true),
                ("spans", true),
                ("errors", true),
                ("trace_id", false),
            ],
            |trace| {
                let duration = trace["duration_ns"].as_i64().map(duration).unwrap_or_default();
                let [start, service, name, spans, errors, id] =
                    ["start_time", "root_service", "root_name", "spans", "errors", "trace_id"].map(|key| cell(&trace[key]));
                vec![start, service, name, duration, spans, errors, id]
            },
        ),
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(table: SearchTable) -> Question {
        Question::Search(Search { text: String::new(), table, start: None, end: None, range: None, sort: None, limit: None })
    }

    #[test]
    fn rows_of_every_answer() {
        let check = |question: Question, body: &str, names: &[&str], row: &[&str]| {
            let shown = Shown::read(body.as_bytes(), &question).expect("an answer");
            assert_eq!(shown.table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), names);
            assert_eq!(shown.table.rows, [row], "{body}");
        };
        check(
            Question::Sql { text: String::new(), params: vec![] },
            r#"{"columns":[{"name":"n","type":"int64"},{"name":"t","type":"text"},{"name":"l","type":"list"}],"rows":[[1,null,["a"]]],"meta":{"took_ms":1}}"#,
            &["n", "t", "l"],
            &["1", "", "[\"a\"]"],
        );
        check(
            search(SearchTable::Spans),
            r#"{"spans":[{"trace_id":"4b","start_time":"T","name":"GET /","duration_ns":1500000,"status_code":2}],"meta":{}}"#,
            &["start_time", "service", "name", "duration", "status", "trace_id"],
            &["T", "", "GET /", "1.50 ms", "error", "4b"],
        );
        check(
            search(SearchTable::Logs),
            r#"{"logs":[{"time":"T","severity_number":9,"service_name":"pay","body":"库存不足"}],"meta":{}}"#,
            &["time", "severity", "service", "body"],
            &["T", "9", "pay", "库存不足"],
        );
    }
}
