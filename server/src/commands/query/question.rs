//! What is asked: SQL or a search, and how the API takes it.

use serde_json::{Value, json};

use crate::{
    api::{Request, path},
    cli::{OutputFormat, QueryArguments, SearchTable},
    failure::{Exit, Failure},
};

/// First words of statements that read; a search that begins with one needs `--search`.
const SQL_WORDS: [&str; 8] = ["select", "with", "table", "values", "explain", "describe", "desc", "show"];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    Sql { text: String, params: Vec<Value> },
    Search(Search),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    pub(super) text: String,
    pub(super) table: SearchTable,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
    pub(super) range: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) limit: Option<u32>,
}

impl Question {
    /// # Errors
    /// When a flag says something that this kind of question has no use for.
    pub(super) fn of(text: String, arguments: &QueryArguments) -> Result<Self, Failure> {
        let QueryArguments { start, end, range, sort, limit, .. } = arguments.clone();
        let sql = arguments.sql || (!arguments.search && is_sql(&text));
        let of_searches = [
            ("--table", arguments.table.is_some()),
            ("--start", start.is_some()),
            ("--end", end.is_some()),
            ("--range", range.is_some()),
            ("--sort", sort.is_some()),
            ("--limit", limit.is_some()),
        ];
        let (useless, what, instead) = if sql {
            (of_searches.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag), "a search", "say it in SQL, or force --search")
        } else {
            ((!arguments.params.is_empty()).then_some("--param"), "SQL", "say it in the search, or force --sql")
        };
        if let Some(flag) = useless {
            return Err(Failure::message(Exit::Usage, format_args!("{flag} is for {what}\nhint: {instead}")));
        }
        Ok(match sql {
            true => Self::Sql { text, params: arguments.params.iter().map(|text| parameter(text)).collect() },
            false => Self::Search(Search { text, table: arguments.table.unwrap_or(SearchTable::Spans), start, end, range, sort, limit }),
        })
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Sql { text, .. } | Self::Search(Search { text, .. }) => text,
        }
    }

    /// Whether the API has more than JSON for it: traces are put together from many rows.
    pub(super) fn answers_in_lines(&self) -> bool {
        !matches!(self, Self::Search(Search { table: SearchTable::Traces, .. }))
    }

    /// # Errors
    /// When there is no such format of the answer.
    pub(super) fn request(&self, format: OutputFormat) -> Result<Request, Failure> {
        let accept = match format {
            OutputFormat::Table | OutputFormat::Json => "application/json",
            OutputFormat::Ndjson if !self.answers_in_lines() => "application/json",
            OutputFormat::Ndjson => "application/x-ndjson",
            OutputFormat::Csv => "text/csv",
            OutputFormat::Arrow => "application/vnd.apache.arrow.stream",
            OutputFormat::Parquet => "application/vnd.apache.parquet",
        };
        match self {
            Self::Sql { text, params } => {
                let body = json!({ "query": text, "params": params }).to_string();
                Ok(Request { path: "/api/v1/sql".to_owned(), accept, json: Some(body), ..Request::default() })
            }
            Self::Search(_) if !self.answers_in_lines() && accept != "application/json" => {
                let message = format!("traces are not listed as {}\nhint: use table, json or ndjson, or ask in SQL", format.name());
                Err(Failure::message(Exit::Usage, message))
            }
            Self::Search(search) => Ok(Request { path: search.path(), accept, ..Request::default() }),
        }
    }
}

impl Search {
    fn path(&self) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let parameters = [
            ("q", Some(self.text.as_str()).filter(|text| !text.is_empty())),
            ("start", self.start.as_deref()),
            ("end", self.end.as_deref()),
            ("range", self.range.as_deref()),
            ("sort", self.sort.as_deref()),
            ("limit", limit.as_deref()),
        ];
        path(&format!("/api/v1/{}", self.table.name()), &parameters)
    }
}

/// Whether the first word, after comments and brackets, is one of SQL.
fn is_sql(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let after = match rest.strip_prefix("--") {
            Some(comment) => comment.split_once('\n').map_or("", |(_, after)| after),
            None => match rest.strip_prefix("/*") {
                Some(comment) => comment.split_once("*/").map_or("", |(_, after)| after),
                None => match rest.strip_prefix('(') {
                    Some(inside) => inside,
                    None => break,
                },
            },
        };
        rest = after.trim_start();
    }
    let word: String = rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    // `select:x` is a field of a search.
    !rest[word.len()..].starts_with([':', '.']) && SQL_WORDS.iter().any(|known| known.eq_ignore_ascii_case(&word))
}

/// A number, a boolean or null as such, everything else as text. Quotes make a text of anything: `--param '"5"'`.
fn parameter(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Array(_) | Value::Object(_)) | Err(_) => Value::String(text.to_owned()),
        Ok(scalar) => scalar,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn question(line: &[&str]) -> Result<Question, String> {
        let parsed = Cli::try_parse_from(["fusebox", "query"].iter().chain(line)).map_err(|error| error.to_string())?;
        let Command::Query(arguments) = parsed.command else { panic!("`query` is parsed as another command") };
        Question::of(arguments.query.clone(), &arguments).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_first_word_tells_sql_from_searches() {
        let check = |text: &str, sql: bool| assert_eq!(is_sql(text), sql, "{text}");
        for text in ["SELECT 1", "select\n1", "(SELECT 1)", "-- newest\nSELECT 1", "/* a */ with x as (select 1) table x", "DESCRIBE spans"]
        {
            check(text, true);
        }
        for text in ["", "selected", "service:pay", "select:1", "with.key:2", "\"select 1\"", "--", "-service:pay", "{service:web} >> {}"] {
            check(text, false);
        }
        assert!(matches!(question(&["select", "--search"]), Ok(Question::Search(_))));
        assert!(matches!(question(&["pay", "--sql"]), Ok(Question::Sql { .. })));
        assert!(matches!(question(&["-service:pay"]), Ok(Question::Search(_))));
    }

    #[test]
    fn flags_are_for_their_kind_of_question() {
        let refused = |line: &[&str], expected: &str| {
            let said = question(line).expect_err("refused");
            assert!(said.starts_with(expected), "{line:?}: {said}");
        };
        refused(&["SELECT 1", "--range", "1h"], "--range is for a search");
        refused(&["SELECT 1", "--table", "logs"], "--table is for a search");
        refused(&["pay", "--param", "1"], "--param is for SQL");
        assert!(question(&["pay", "--sql", "--search"]).is_err());
    }

    #[test]
    fn requests() {
        let asked = question(&["a b", "--table", "logs", "--range", "1h", "--limit", "5"]).expect("right");
        assert_eq!(asked.request(OutputFormat::Csv).expect("it exists").path, "/api/v1/logs?q=a%20b&range=1h&limit=5");
        let asked = question(&["SELECT $1", "--param", "7", "--param", "x", "--param", "\"7\"", "--param", "null"]).expect("right");
        let body = asked.request(OutputFormat::Json).expect("it exists").json.expect("a body");
        assert_eq!(body, r#"{"params":[7,"x","7",null],"query":"SELECT $1"}"#);
        let traces = question(&["", "--table", "traces"]).expect("right");
        assert!(traces.request(OutputFormat::Parquet).is_err());
        assert_eq!(traces.request(OutputFormat::Ndjson).expect("it exists").accept, "application/json");
    }
}
