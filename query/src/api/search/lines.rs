//! `GET /api/v1/traces` as NDJSON.
//!
//! ```text
//! {"progress":{"took_ms":500.1,"scanned_rows":1048576,"scanned_bytes":73400320}}     every half second, when asked for
//! {"trace_id":"…","root_service":"…",…}                                              a trace a line
//! {"next_page_token":null,"meta":{…}}                                                the end; or {"error":"…"}
//! ```
//! Dropping the body ends the question.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{
    super::{problem::Problem, sql::response},
    routes::Pairs,
    traces::{self, Request},
};
use crate::{
    encode::Format,
    engine::{Engine, Progress},
};

/// Between two lines of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

type Known = Arc<Mutex<Option<Progress>>>;
type Answer = Pin<Box<dyn Future<Output = Result<traces::Body, Problem>> + Send>>;

/// A failure before the first line is a problem, a later one the last line.
pub(super) async fn answer(engine: Arc<Engine>, mut pairs: Pairs) -> Result<Response, Problem> {
    let progress = take_progress(&mut pairs)?;
    let request = Request::parse(pairs)?;
    let known = Known::default();
    let mut answer: Answer = Box::pin({
        let known = Arc::clone(&known);
        async move { request.answer(&engine, &known).await }
    });
    let mut ticks = interval_at(Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = tokio::select! {
        answered = &mut answer => Err(answered?),
        _ = ticks.tick(), if progress => Ok(answer),
    };
    let lines = match begun {
        Err(body) => stream::iter([ended(Ok(body))]).left_stream(),
        Ok(answer) => {
            let first = stream::iter([progress_line(&known)]);
            let rest = stream::unfold(Some((answer, ticks)), move |state| {
                let known = Arc::clone(&known);
                async move {
                    let (mut answer, mut ticks) = state?;
                    tokio::select! {
                        answered = &mut answer => Some((ended(answered), None)),
                        _ = ticks.tick() => Some((progress_line(&known), Some((answer, ticks)))),
                    }
                }
            });
            first.chain(rest).right_stream()
        }
    };
    Ok(response(Body::from_stream(lines.map(|bytes| Ok::<_, Infallible>(Bytes::from(bytes)))), Format::Ndjson))
}

fn take_progress(pairs: &mut Pairs) -> Result<bool, Problem> {
    let Some(at) = pairs.iter().position(|(name, _)| name == "progress") else { return Ok(false) };
    match pairs.remove(at).1.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(Problem::invalid_parameter("progress", format!("{other:?} is neither true nor false"), "use `progress=true`")),
    }
}

fn progress_line(known: &Known) -> Vec<u8> {
    let progress = known.lock().expect("no holder panics").clone();
    let read = progress.map_or_else(|| (0.0, 0, 0), |progress| progress.so_far());
    line(&json!({ "progress": { "took_ms": read.0, "scanned_rows": read.1, "scanned_bytes": read.2 } }))
}

fn ended(answered: Result<traces::Body, Problem>) -> Vec<u8> {
    match answered {
        Ok(body) => {
            let mut out: Vec<u8> = body.traces.iter().flat_map(line).collect();
            out.extend(line(&json!({ "next_page_token": body.next_page_token, "meta": body.meta })));
            out
        }
        Err(problem) => line(&json!({ "error": problem.detail() })),
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("string keys and finite numbers always serialize");
    line.push(b'\n');
    line
}
