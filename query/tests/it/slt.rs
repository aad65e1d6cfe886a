//! The files in `tests/slt`: questions in SQL and the rows that answer them, on data small enough to check by eye.
//!
//! Each file runs three times: with all rows in memory, with all in blocks, and with some in each.
//! `FUSEBOX_SLT_REGENERATE=1` writes the answers into the files instead; read the difference before you believe it.

mod story;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner, default_normalizer, default_validator, runner::strict_column_validator};

use crate::loaded::Loaded;

/// The type of a column, as the API calls it; a letter in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(char);

const KINDS: &[(char, &str)] = &[
    ('T', "text"),
    ('I', "int64"),
    ('U', "uint64"),
    ('R', "float64"),
    ('B', "boolean"),
    ('X', "id"),
    ('P', "timestamp"),
    ('D', "date"),
    ('V', "interval"),
    ('M', "decimal"),
    ('L', "list"),
    ('S', "struct"),
    ('N', "null"),
];

impl Kind {
    fn named(name: &str) -> Self {
        Self(KINDS.iter().find(|(_, known)| *known == name).map_or('?', |(letter, _)| *letter))
    }
}

impl ColumnType for Kind {
    fn from_char(letter: char) -> Option<Self> {
        KINDS.iter().any(|(known, _)| *known == letter).then_some(Self(letter))
    }

    fn to_char(&self) -> char {
        self.0
    }
}

/// A problem, with what people read of it on one line.
#[derive(Debug, thiserror::Error)]
#[error("{code} at {place}: {message} ({hint})")]
struct Refused {
    code: String,
    place: String,
    message: String,
    hint: String,
}

struct Database(Arc<Loaded>);

#[async_trait]
impl AsyncDB for Database {
    type Error = Refused;
    type ColumnType = Kind;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Kind>, Refused> {
        let (status, body) = self.0.post("/api/v1/sql", &json!({ "query": sql }), "application/json").await;
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        if status != StatusCode::OK {
            return Err(refused(&answer));
        }
        let list = |name: &str| answer[name].as_array().expect("a list").clone();
        let types = list("columns").iter().map(|column| Kind::named(column["type"].as_str().expect("a type"))).collect();
        let row = |row: &Value| row.as_array().expect("a row").iter().map(shown).collect();
        Ok(DBOutput::Rows { types, rows: list("rows").iter().map(row).collect() })
    }

    async fn shutdown(&mut self) {}
}

fn refused(problem: &Value) -> Refused {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &problem["errors"][0];
    let message = if error["message"].is_string() { &error["message"] } else { &problem["detail"] };
    let hint = if error["hint"].is_string() { &error["hint"] } else { &problem["hint"] };
    Refused {
        code: text(&problem["code"]),
        place: format!("{}:{}", error["line"], error["column"]),
        message: text(message),
        hint: text(hint),
    }
}

/// Texts without quotes, what is nested as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.replace('\n', "\\n"),
        other => other.to_string(),
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "slt")).collect();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    files
}

async fn check(loaded: Loaded) {
    let loaded = Arc::new(loaded);
    let mut failures = Vec::new();
    for file in files() {
        let mut runner = Runner::new(|| async { Ok(Database(Arc::clone(&loaded))) });
        runner.with_column_validator(strict_column_validator);
        if std::env::var_os("FUSEBOX_SLT_REGENERATE").is_some() {
            let written = runner.update_test_file(&file, " ", default_validator, default_normalizer, strict_column_validator).await;
            written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        } else if let Err(error) = runner.run_file_async(&file).await {
            failures.push(error.display(false).to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn in_memory() {
    check(story::told(&[])).await;
}

#[tokio::test]
async fn in_blocks() {
    // A block for each request, and another for both together.
    check(story::told(&[0, 1])).await;
}

#[tokio::test]
async fn in_both() {
    check(story::told(&[0])).await;
}
