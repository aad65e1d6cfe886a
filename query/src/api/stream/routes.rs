//! Paths to handlers, and what the streams share.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use schemas::{Table, TenantId};
use storage::{Follower, Store};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{openapi::AskProblems, problem::Problem, router::Shared, search, sql::problem_in},
    follow::{PIECES_AHEAD, Stream},
    open::{Open, StreamPlaces},
    parameters::{Parameters, Start},
};
use crate::{
    Config,
    engine::{Engine, Question, SearchOrder, SearchQuestion, TimeSpan},
};

type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;

struct Streams {
    engine: Engine,
    store: Arc<Store>,
    /// Set off by the store when rows may have arrived.
    woken: watch::Receiver<()>,
    places: StreamPlaces,
    heartbeat: Duration,
    stopping: CancellationToken,
}

pub(crate) fn routes(shared: &Shared, config: &Config, places: StreamPlaces) -> OpenApiRouter {
    let (wake, woken) = watch::channel(());
    shared.store.on_arrival(move || {
        wake.send_replace(());
    });
    let streams = Streams {
        engine: shared.engine.clone(),
        store: Arc::clone(&shared.store),
        woken,
        places,
        heartbeat: config.stream_heartbeat,
        stopping: shared.stopping.clone(),
    };
    OpenApiRouter::default().routes(routes!(stream_spans)).routes(routes!(stream_logs)).with_state(Arc::new(streams))
}

#[utoipa::path(
    get,
    path = "/api/v1/stream/spans",
    tag = "search",
    summary = "Spans as they arrive",
    params(
        ("q" = Option<String>, Query, description = "a search; without `trace.` fields and braces"),
        ("backlog" = Option<usize>, Query, description = "newest spans to begin with, at most 1000"),
        ("after" = Option<String>, Query, description = "the id of the last event of another stream, to go on from"),
        ("Last-Event-ID" = Option<String>, Header, description = "as `after`, and before it"),
    ),
    responses(
        (status = 200, description = "events `span` and `gap`", content_type = "text/event-stream", body = String),
        AskProblems
    )
)]
async fn stream_spans(State(streams): State<Arc<Streams>>, asked: Asked, headers: HeaderMap) -> Response {
    streams.open(Table::Spans, asked, &headers).await.unwrap_or_else(IntoResponse::into_response)
}

#[utoipa::path(
    get,
    path = "/api/v1/stream/logs",
    tag = "search",
    summary = "Log records as they arrive",
    params(
        ("q" = Option<String>, Query, description = "a search; without `trace.` fields"),
        ("backlog" = Option<usize>, Query, description = "newest records to begin with, at most 1000"),
        ("after" = Option<String>, Query, description = "the id of the last event of another stream, to go on from"),
        ("Last-Event-ID" = Option<String>, Header, description = "as `after`, and before it"),
    ),
    responses(
        (status = 200, description = "events `log` and `gap`", content_type = "text/event-stream", body = String),
        AskProblems
    )
)]
async fn stream_logs(State(streams): State<Arc<Streams>>, asked: Asked, headers: HeaderMap) -> Response {
    streams.open(Table::Logs, asked, &headers).await.unwrap_or_else(IntoResponse::into_response)
}

impl Streams {
    async fn open(&self, table: Table, asked: Asked, headers: &HeaderMap) -> Result<Response, Problem> {
        let pairs =
            asked.map_err(|error| Problem::invalid_parameter("query", error.body_text(), "parameters are UTF-8, percent-encoded"))?.0;
        let parameters = Parameters::parse(pairs, headers, search::now())?;
        let of = (table, parameters.text.as_str());
        let filter = self.engine.live_filter(of, &parameters.search, parameters.now).map_err(|error| problem_in("q", error))?;
        let place = self.places.take()?;
        let names = search::listed(table);
        let columns = names.iter().filter_map(|name| table.schema().index_of(name).ok()).collect();
        let (follower, backlog, partial) = self.begin(table, &parameters, names).await?;
        let (pieces, to_client) = mpsc::channel(PIECES_AHEAD);
        let stream = Stream {
            table,
            columns,
            filter,
            store: Arc::clone(&self.store),
            follower,
            backlog,
            partial,
            woken: self.woken.clone(),
            heartbeat: self.heartbeat,
            stopping: self.stopping.clone(),
            pieces,
        };
        Ok(Open::new(to_client, self.engine.spawn(stream.run()), place).into_response())
    }

    /// Where the stream begins, and what comes before. The follower has what the snapshot of the backlog has not, and nothing else.
    async fn begin(
        &self,
        table: Table,
        parameters: &Parameters,
        columns: Vec<&'static str>,
    ) -> Result<(Follower, Vec<arrow::array::RecordBatch>, Vec<String>), Problem> {
        let limit = match parameters.start {
            Start::After(place) => return Ok((Follower::from(TenantId::DEFAULT, table, place), Vec::new(), Vec::new())),
            Start::Now { backlog } => backlog,
        };
        let (snapshot, follower) = self.store.follow(TenantId::DEFAULT, table);
        if limit == 0 {
            return Ok((follower, Vec::new(), Vec::new()));
        }
        let Parameters { text, search, now, .. } = parameters.clone();
        let question =
            SearchQuestion { table, text, search, time: TimeSpan::default(), order: SearchOrder::Newest, limit, after: None, columns, now };
        let failed = |error| problem_in("q", error);
        let mut answer = self.engine.ask_of(Question::Search(question), Some(Arc::new(snapshot))).await.map_err(failed)?;
        let backlog = answer.collect().await.map_err(failed)?;
        let summary = answer.summary();
        Ok((follower, backlog, summary.partial.into_iter().chain(summary.truncated).collect()))
    }
}
