//! Path to handler. The work is done on blocking threads, one at a time: each of these holds up the background meanwhile.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use governance::classify::SharedRules;
use http::StatusCode;
use schemas::UnixNanos;
use serde::Serialize;
use storage::{Retain, Store};
use tokio::sync::Semaphore;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer, openapi::OtherProblems, problem::Problem},
    answers::{Compacted, Flushed, LetGo, Preview, failed, meta, refused},
    parameters::{Compact, Retention, refuse_any},
    reclassify,
};

pub(super) struct Admin {
    store: Arc<Store>,
    pub rules: SharedRules,
    turn: Arc<Semaphore>,
}

pub(crate) fn routes(store: Arc<Store>, rules: SharedRules) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(flush))
        .routes(routes!(compact))
        .routes(routes!(retain))
        .routes(routes!(preview))
        .routes(routes!(reclassify::reclassify))
        .with_state(Arc::new(Admin { store, rules, turn: Arc::new(Semaphore::new(1)) }))
}

/// Writes the rows in memory to blocks.
#[utoipa::path(
    post,
    path = "/api/v1/admin/flush",
    tag = "server",
    description = "Answers when the catalog lists them: then other engines see them too. After a restart not before the replay is complete.",
    responses((status = 200, description = "Every row that was acknowledged before is in a block", body = Flushed), OtherProblems)
)]
async fn flush(State(admin): State<Arc<Admin>>, RawQuery(query): RawQuery) -> Response {
    let parsed = refuse_any(query.as_deref());
    admin
        .run(parsed, |store, ()| {
            let start = Instant::now();
            store.flush().map_err(|reason| failed("flush", reason))?;
            let memory_rows = store.stats().tables.iter().map(|table| table.memory_rows).sum();
            Ok(Flushed { memory_rows, meta: meta(start) })
        })
        .await
}

/// Writes small blocks anew as few large ones.
#[utoipa::path(
    post,
    path = "/api/v1/admin/compact",
    tag = "server",
    description = "What the background would do by and by, at once.",
    params(
        ("rewrites_max" = Option<u64>, Query, description = "Rewrites of this request, from 1 to 1024 (default 64); ask again until `is_done`"),
        ("open_hours" = Option<bool>, Query, description = "Also the blocks of hours that are not over; these are written anew once more later")
    ),
    responses((status = 200, description = "What was done, and what is left", body = Compacted), OtherProblems)
)]
async fn compact(State(admin): State<Arc<Admin>>, RawQuery(query): RawQuery) -> Response {
    let parsed = Compact::parse(query.as_deref());
    admin
        .run(parsed, |store, Compact { rewrites_max, open_hours }| {
            let start = Instant::now();
            let moment = if open_hours { UnixNanos(i64::MAX) } else { now() };
            let compacted = store.compact_some(moment, rewrites_max).map_err(|reason| failed("compact", reason))?;
            let stats = store.stats();
            Ok(Compacted {
                rewrites: compacted.rewrites as u64,
                is_done: compacted.is_done,
                blocks: stats.tables.iter().map(|table| table.blocks as u64).sum(),
                debt_blocks: stats.compaction.debt_blocks,
                debt_bytes: stats.compaction.debt_bytes,
                meta: meta(start),
            })
        })
        .await
}

/// Lets go what is too old or too much, now.
#[utoipa::path(
    post,
    path = "/api/v1/admin/retention",
    tag = "server",
    description = "What the background does every minute. `retention_refused` when it would be more than half of the data.",
    params(("insist" = Option<bool>, Query, description = "Also when it is more than half of the data")),
    responses((status = 200, description = "What was let go; files stay for the configured delay", body = LetGo), OtherProblems)
)]
async fn retain(State(admin): State<Arc<Admin>>, RawQuery(query): RawQuery) -> Response {
    let parsed = Retention::parse(query.as_deref());
    admin
        .run(parsed, |store, Retention { insist }| {
            let start = Instant::now();
            let how = if insist { Retain::Insist } else { Retain::Carefully };
            let moment = now();
            let retained = store.retain(moment, how).map_err(|reason| match store.preview_retention(moment) {
                Ok(preview) if preview.refusal.is_some() && !insist => refused(reason),
                _ => failed("let data go", reason),
            })?;
            Ok(LetGo::new(retained, start))
        })
        .await
}

/// What retention would let go now.
#[utoipa::path(
    post,
    path = "/api/v1/admin/retention:preview",
    tag = "server",
    description = "Nothing changes.",
    responses((status = 200, description = "What would go, by table, and whether it would", body = Preview), OtherProblems)
)]
async fn preview(State(admin): State<Arc<Admin>>, RawQuery(query): RawQuery) -> Response {
    let parsed = refuse_any(query.as_deref());
    admin
        .run(parsed, |store, ()| {
            let start = Instant::now();
            let preview = store.preview_retention(now()).map_err(|reason| failed("look at old data", reason))?;
            Ok(Preview::new(&preview, start))
        })
        .await
}

impl Admin {
    /// Goes on when the client leaves: what was begun is finished.
    pub(super) async fn run<A, T>(
        &self,
        asked: Result<A, Problem>,
        work: impl FnOnce(&Store, A) -> Result<T, Problem> + Send + 'static,
    ) -> Response
    where
        A: Send + 'static,
        T: Serialize + Send + 'static,
    {
        let asked = match asked {
            Ok(asked) => asked,
            Err(problem) => return problem.into_response(),
        };
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return busy().into_response() };
        let store = Arc::clone(&self.store);
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&store, asked)
        });
        match working.await {
            Ok(Ok(done)) => answer::json(serde_json::to_vec(&done).expect("strings and numbers always serialize")),
            Ok(Err(problem)) => problem.into_response(),
            Err(_) => failed("work", "aborted by a bug; the server log has the details".to_owned()).into_response(),
        }
    }
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "busy",
        "Work of this kind is being done",
        "one request of /api/v1/admin is answered at a time",
    )
    .retry_after_s(1)
}

pub(super) fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
