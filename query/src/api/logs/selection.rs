//! What a request says about the records it means: `q`, `start`, `end`, `range`, and the parameters of its own route.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int64Type, TimestampNanosecondType},
    error::ArrowError,
};
use schemas::{Table, UnixNanos};

use super::super::{
    problem::Problem,
    search::{Limits, Pairs, Parameters},
    sql::{problem, problem_in},
};
use crate::engine::{Engine, EngineError, Found, Question, Summary};

/// Of every route here.
const SHARED: [&str; 4] = ["q", "start", "end", "range"];

/// The records that are meant, and what else was said.
pub(super) struct Selection {
    pub found: Found,
    /// Parameters of the route itself, in their order.
    pub own: Pairs,
    pub warnings: Vec<String>,
}

impl Selection {
    /// `own` are the names that the route knows besides those of the search.
    pub(super) fn parse(table: Table, pairs: Pairs, own: &[&str], now: UnixNanos) -> Result<Self, Problem> {
        let (own_pairs, others): (Pairs, Pairs) = pairs.into_iter().partition(|(name, _)| own.contains(&name.as_str()));
        if let Some((name, _)) = others.iter().find(|(name, _)| !SHARED.contains(&name.as_str())) {
            let known: Vec<String> = SHARED.iter().chain(own).map(|name| format!("`{name}`")).collect();
            let hint = format!("this route knows {}", known.join(", "));
            return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), hint));
        }
        let Parameters { text, search, time, warnings, .. } = Parameters::parse(others, Limits { default: 1, max: 1 }, now)?;
        Ok(Self { found: Found { table, text, search, time, now }, own: own_pairs, warnings })
    }
}

/// From the first to the last of some records, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub times: Option<(i64, i64)>,
    pub count: i64,
}

pub(super) async fn extent(engine: &Engine, found: &Found) -> Result<(Extent, Summary), Problem> {
    let mut answer = engine.ask(Question::Extent(found.clone())).await.map_err(in_q)?;
    let batches = answer.collect().await.map_err(in_q)?;
    let nothing = Extent { times: None, count: 0 };
    let extent = batches.iter().find(|batch| batch.num_rows() > 0).map_or(Ok(nothing), read_extent).map_err(unreadable)?;
    Ok((extent, answer.summary()))
}

fn read_extent(batch: &RecordBatch) -> Result<Extent, ArrowError> {
    let time = |name| {
        let times = column(batch, name)?.as_primitive::<TimestampNanosecondType>();
        Ok::<_, ArrowError>(times.is_valid(0).then(|| times.value(0)))
    };
    let count = column(batch, "count")?.as_primitive::<Int64Type>().value(0);
    Ok(Extent { times: time("first")?.zip(time("last")?), count })
}

pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, ArrowError> {
    let column = batch.column_by_name(name);
    column.map(AsRef::as_ref).ok_or_else(|| ArrowError::SchemaError(format!("the answer has no column {name}")))
}

pub(super) fn in_q(error: EngineError) -> Problem {
    problem_in("q", error)
}

pub(super) fn unreadable(error: ArrowError) -> Problem {
    problem(EngineError::Internal { message: error.to_string() })
}

/// Runs `work`, which takes longer than a reactor thread should, elsewhere.
pub(super) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let failed = |_| problem(EngineError::Internal { message: "a bug ended the question; the server log has the details".to_owned() });
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
