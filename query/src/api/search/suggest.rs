//! `GET /api/v1/search/suggest`: what may stand at the cursor. Names come from the table and from the newest records, values from the
//! newest records only, so that an answer takes the same time however much is stored.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use schemas::{Table, columns as c};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        problem::Problem,
        sql::problem,
    },
    parameters::now,
    routes::Pairs,
    suggestions::{SUGGESTIONS_MAX, Suggestion, fields, keys, names, values},
};
use crate::{
    engine::{Engine, EngineError, FieldValues, Question, SearchOrder, SearchQuestion, Summary, TimeSpan},
    search::{self, Completion, Expected, Field, Search},
};

/// Newest records whose attributes are names to suggest.
const NAMES_FROM: usize = 500;
/// Newest records whose values are suggested.
const VALUES_FROM: usize = 20_000;
/// People type on; later is never.
const DEADLINE: Duration = Duration::from_secs(2);

#[derive(Serialize, ToSchema)]
#[schema(as = Suggestions)]
pub(super) struct Body {
    /// What a suggestion takes the place of, in characters.
    replace: Replace,
    suggestions: Vec<Suggestion>,
    meta: Meta,
}

#[derive(Serialize, ToSchema)]
struct Replace {
    start: usize,
    end: usize,
}

struct Request {
    table: Table,
    text: String,
    /// In bytes.
    cursor: usize,
}

pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let request = Request::parse(pairs)?;
    let Completion { replace, expected } = search::complete(&request.text, request.cursor);
    let nothing = Summary::default();
    let (mut suggestions, mut summary, mut warnings) = (Vec::new(), nothing, Vec::new());
    for one in expected {
        let found = match one {
            Expected::Keyword(keyword) => Ok((vec![Suggestion::keyword(keyword)], None)),
            Expected::Operator { field } => Ok((Suggestion::operators(&field, request.table), None)),
            Expected::Field { prefix } => timeout(DEADLINE, of_fields(engine, request.table, &prefix)).await.unwrap_or_else(|_| {
                warnings.push(too_late());
                Ok((fields(request.table, &prefix, &BTreeMap::new()), None))
            }),
            Expected::Value { field, prefix, .. } => match names(request.table, &field, &prefix) {
                Some(names) => Ok((names, None)),
                None => timeout(DEADLINE, of_values(engine, request.table, field, prefix)).await.unwrap_or_else(|_| {
                    warnings.push(too_late());
                    Ok((Vec::new(), None))
                }),
            },
        };
        let (found, cost) = found.map_err(problem)?;
        suggestions.extend(found);
        summary = cost.into_iter().fold(summary, Summary::then);
    }
    let body = Body { replace: in_characters(&request.text, replace), suggestions, meta: meta(&summary, &warnings) };
    Ok(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"))
}

type Found = Result<(Vec<Suggestion>, Option<Summary>), EngineError>;

async fn of_fields(engine: &Engine, table: Table, prefix: &str) -> Found {
    let question = SearchQuestion {
        table,
        text: String::new(),
        search: Search::Everything,
        time: TimeSpan::default(),
        order: SearchOrder::Newest,
        limit: NAMES_FROM,
        after: None,
        columns: vec![c::ATTRIBUTES, c::RESOURCE_ATTRIBUTES],
        now: now(),
    };
    let mut answer = engine.ask(Question::Search(question)).await?;
    let seen = keys(&answer.collect().await?).map_err(|error| EngineError::Internal { message: error.to_string() })?;
    Ok((fields(table, prefix, &seen), Some(answer.summary())))
}

async fn of_values(engine: &Engine, table: Table, field: Field, prefix: String) -> Found {
    let question = FieldValues { table, field: field.clone(), prefix, sample: VALUES_FROM, limit: SUGGESTIONS_MAX };
    let mut answer = match engine.ask(Question::FieldValues(question)).await {
        Ok(answer) => answer,
        // Nothing to choose from: only the person knows.
        Err(EngineError::Invalid { .. }) => return Ok((Vec::new(), None)),
        Err(error) => return Err(error),
    };
    let found = values(&field, &answer.collect().await?).map_err(|error| EngineError::Internal { message: error.to_string() })?;
    Ok((found, Some(answer.summary())))
}

fn too_late() -> String {
    format!("looking at the data took more than {} s, so there are no suggestions out of it", DEADLINE.as_secs())
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let (mut table, mut text, mut cursor) = (Table::Spans, String::new(), None);
        for (name, value) in pairs {
            match name.as_str() {
                "table" => table = parse_table(&value)?,
                "q" => text = value,
                "cursor" => cursor = Some(value),
                _ => {
                    let message = format!("unknown parameter {name:?}");
                    return Err(Problem::invalid_parameter("query", message, "this route knows `table`, `q` and `cursor`"));
                }
            }
        }
        let cursor = match cursor {
            None => text.len(),
            Some(characters) => byte_of(&text, &characters).ok_or_else(|| {
                let message = format!("{characters:?} is no place in `q`");
                Problem::invalid_parameter("cursor", message, "the number of characters of `q` before the cursor; its end when left out")
            })?,
        };
        Ok(Self { table, text, cursor })
    }
}

fn parse_table(name: &str) -> Result<Table, Problem> {
    Table::SENT.into_iter().find(|table| table.name() == name).ok_or_else(|| {
        Problem::invalid_parameter(
            "table",
            format!("there is no table {name:?}"),
            format!("the tables are {}", Table::SENT.map(Table::name).join(", ")),
        )
    })
}

fn byte_of(text: &str, characters: &str) -> Option<usize> {
    let characters: usize = characters.parse().ok()?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(characters)
}

fn in_characters(text: &str, bytes: Range<usize>) -> Replace {
    let characters = |end: usize| text.get(..end).map_or(0, |head| head.chars().count());
    Replace { start: characters(bytes.start), end: characters(bytes.end) }
}
