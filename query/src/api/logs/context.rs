//! `GET /api/v1/logs/context`: the lines around one line.
//!
//! The line is named by the `id` that `GET /api/v1/logs` gives it. Around it are lines of the same stream: of one process in one place,
//! that is with the same `service.namespace`, `service.name`, `service.instance.id`, `k8s.namespace.name`, `k8s.pod.name`, `host.name` and
//! `log.file.path`. A record that lacks one of these is in a stream with others that lack it. Lines are in the order of their time, and of
//! their ids where that is equal.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::{cast, concat_batches},
    datatypes::DataType,
    error::ArrowError,
};
use http::StatusCode;
use schemas::{Table, UnixNanos};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        openapi::LogRow,
        problem::Problem,
        search::{Limits, Pairs, listed},
        sql::problem_in,
    },
    selection::{column, unreadable},
};
use crate::{
    encode::object_rows,
    engine::{Engine, LOG_FILE_PATH, LOG_ID, Lines, Question, STREAM, Stream, Summary, Which},
};

/// Of `before` and of `after`.
const LINES: Limits = Limits { default: 20, max: 1000 };
/// Lines of one stream with the very time of the line asked for.
const SAME_TIME_MAX: usize = 10_000;

struct Request {
    id: String,
    /// Part of the id.
    time: UnixNanos,
    before: usize,
    after: usize,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let (mut id, mut before, mut after) = (None, LINES.default, LINES.default);
        for (name, value) in pairs {
            match name.as_str() {
                "id" => id = Some(value),
                "before" => before = parse_lines("before", &value)?,
                "after" => after = parse_lines("after", &value)?,
                _ => {
                    let message = format!("unknown parameter {name:?}");
                    return Err(Problem::invalid_parameter("query", message, "this route knows `id`, `before` and `after`"));
                }
            }
        }
        let id = id.ok_or_else(|| Problem::invalid_parameter("id", "it is missing", WHERE_IDS_ARE))?;
        let time =
            time_of(&id).ok_or_else(|| Problem::invalid_parameter("id", format!("{id:?} is not the id of a log record"), WHERE_IDS_ARE))?;
        Ok(Self { id, time, before, after })
    }
}

const WHERE_IDS_ARE: &str = "pass the `id` of a record as GET /api/v1/logs gives it";

/// The answer. Rows are written column by column and not through this type.
#[derive(ToSchema)]
#[schema(as = LogContext)]
#[expect(dead_code, reason = "describes what is written without it")]
pub(super) struct ContextAnswer {
    /// The line asked for.
    id: String,
    /// What all lines have in common: members named like columns, absent ones left out.
    stream: BTreeMap<String, String>,
    /// Place of the line asked for in `logs`.
    index: u64,
    logs: Vec<LogRow>,
    meta: Meta,
}

pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let Request { id, time, before, after } = Request::parse(pairs)?;
    let (named, mut summary) = lines(engine, Which::Named { time, id: id.clone() }, 1).await?;
    if named.num_rows() == 0 {
        return Err(no_such_line(&id, &summary));
    }
    let stream = stream_of(&named).map_err(unreadable)?;
    let mut parts = Vec::new();
    let around = [
        (Which::Before(time, stream.clone()), before),
        (Which::At(time, stream.clone()), SAME_TIME_MAX),
        (Which::After(time, stream.clone()), after),
    ];
    for (which, limit) in around.into_iter().filter(|(_, limit)| *limit > 0) {
        let (batch, cost) = lines(engine, which, limit).await?;
        summary = summary.then(cost);
        parts.push(batch);
    }
    let all = concat_batches(&parts[0].schema(), &parts).map_err(unreadable)?;
    let place = place_of(&all, &id).map_err(unreadable)?.ok_or_else(|| no_such_line(&id, &summary))?;
    let first = place.saturating_sub(before);
    let shown = all.slice(first, (place + after + 1).min(all.num_rows()) - first);

    let names =
        STREAM.into_iter().chain([LOG_FILE_PATH]).zip(&stream).filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
    let names: serde_json::Map<String, serde_json::Value> = names.collect();
    let mut out = format!("{{\"id\":{},\"stream\":{},\"index\":{},\"logs\":[", json!(id), json!(names), place - first).into_bytes();
    object_rows(&mut out, &shown, true).map_err(unreadable)?;
    out.extend_from_slice(format!("],\"meta\":{}}}", meta(&summary, &[])).as_bytes());
    Ok(out)
}

/// In one batch, oldest first.
async fn lines(engine: &Engine, which: Which, limit: usize) -> Result<(RecordBatch, Summary), Problem> {
    let in_id = |error| problem_in("id", error);
    let question = Lines { which, columns: listed(Table::Logs), limit };
    let mut answer = engine.ask(Question::Lines(question)).await.map_err(in_id)?;
    let batches = answer.collect().await.map_err(in_id)?;
    let batch = concat_batches(&answer.schema, &batches).map_err(unreadable)?;
    Ok((batch, answer.summary()))
}

/// The stream of the first row.
fn stream_of(named: &RecordBatch) -> Result<Stream, ArrowError> {
    let value = |name| {
        let texts = cast(column(named, name)?, &DataType::Utf8)?;
        Ok(texts.is_valid(0).then(|| texts.as_string::<i32>().value(0).to_owned()))
    };
    STREAM.into_iter().chain([LOG_FILE_PATH]).map(value).collect()
}

/// The first row with this id.
fn place_of(lines: &RecordBatch, id: &str) -> Result<Option<usize>, ArrowError> {
    Ok(column(lines, LOG_ID)?.as_string::<i32>().iter().position(|one| one == Some(id)))
}

/// The time in an id: its first 16 hex digits.
fn time_of(id: &str) -> Option<UnixNanos> {
    let is_hex = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let (time, _) = id.split_once('-').filter(|(time, hash)| is_hex(time) && is_hex(hash))?;
    u64::from_str_radix(time, 16).ok().map(|time| UnixNanos(time.cast_signed()))
}

fn no_such_line(id: &str, summary: &Summary) -> Problem {
    let problem =
        Problem::new(StatusCode::NOT_FOUND, "log_not_found", "No such log record", format!("no log record with id {id} is stored"));
    if summary.partial.is_empty() {
        problem.hint("it may be past its retention; GET /api/v1/logs gives the ids of those that are stored")
    } else {
        problem.hint(format!("the answer is partial, the record may still appear: {}", summary.partial.join("; ")))
    }
}

fn parse_lines(param: &'static str, text: &str) -> Result<usize, Problem> {
    text.parse().ok().filter(|lines| *lines <= LINES.max).ok_or_else(|| {
        let hint = format!("use a number from 0 to {}; the default is {}", LINES.max, LINES.default);
        Problem::invalid_parameter(param, format!("{text:?} is not a number of lines that can be asked for"), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_a_time() {
        let check = |id: &str, expected: Option<i64>| assert_eq!(time_of(id).map(|time| time.0), expected, "{id}");
        check("18d7a1f0c3b2a190-9f86d081884c7d65", Some(0x18d7_a1f0_c3b2_a190));
        check("ffffffffffffffff-0000000000000000", Some(-1));
        check("18d7a1f0c3b2a190", None);
        check("18D7A1F0C3B2A190-9f86d081884c7d65", None);
        check("+8d7a1f0c3b2a190-9f86d081884c7d65", None);
        check("18d7a1f0c3b2a190-9f86d081884c7d65-1", None);
        check("", None);
    }
}
