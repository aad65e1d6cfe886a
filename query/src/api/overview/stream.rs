//! `GET /api/v1/stream/overview`: the overview of the last hour as an event, whenever it changed.
//!
//! All streams share one answer, which is worked out at most once in [`crate::Config::overview_interval`] while somebody listens.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderName, StatusCode, header};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    super::{breakers::Folds, problem::Problem, router::Shared},
    answer,
};
use crate::{Config, engine::EndOnDrop, self_metrics::STREAMS};

/// Events between a stream and its client. A slow one skips answers: the next has all there is.
const EVENTS_AHEAD: usize = 1;
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Clone)]
pub(super) struct Overviews {
    pub shared: Shared,
    pub folds: Folds,
    newest: Arc<Mutex<Option<Kept>>>,
    places: Arc<Semaphore>,
    streams_max: usize,
    interval: Duration,
    heartbeat: Duration,
}

#[derive(Clone)]
struct Kept {
    at: Instant,
    body: Result<(u64, Bytes), Problem>,
}

impl Overviews {
    pub(super) fn new(shared: Shared, folds: Folds, config: &Config) -> Self {
        Self {
            shared,
            folds,
            newest: Arc::new(Mutex::new(None)),
            places: Arc::new(Semaphore::new(config.streams_max)),
            streams_max: config.streams_max,
            interval: config.overview_interval,
            heartbeat: config.stream_heartbeat,
        }
    }

    /// The answer of now: whoever asks first works it out, the others wait for it.
    async fn newest(&self) -> Result<(u64, Bytes), Problem> {
        let mut newest = self.newest.lock().await;
        if let Some(kept) = newest.as_ref().filter(|kept| kept.at.elapsed() < self.interval) {
            return kept.body.clone();
        }
        let told = answer::answer(&self.shared, &self.folds, Vec::new()).await;
        let body = told.map(|told| (told.tag(), Bytes::from(told.json())));
        *newest = Some(Kept { at: Instant::now(), body: body.clone() });
        body
    }

    /// `Last-Event-ID` names what the client has already.
    pub(super) async fn open(&self, headers: &HeaderMap) -> Result<Response, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.full())?;
        let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| u64::from_str_radix(id, 16).ok());
        // A mistake at the beginning is an answer, not a stream.
        self.newest().await?;
        let (events, to_client) = mpsc::channel(EVENTS_AHEAD);
        let task = self.folds.engine.spawn(self.clone().run(known, events));
        let open = Open { events: to_client, _task: task, _counted: Counted::start(), _place: place };
        let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store"), (NO_BUFFERING, "no")];
        Ok((head, open.into_body()).into_response())
    }

    /// Until the client goes or the server stops.
    async fn run(self, mut known: Option<u64>, events: mpsc::Sender<Bytes>) {
        let mut silent_since = Instant::now();
        // The head of the answer goes out with the first piece, and says that the stream is open.
        let mut piece = Some(heartbeat());
        loop {
            match self.newest().await {
                Ok((tag, body)) if known != Some(tag) => {
                    known = Some(tag);
                    piece = Some(event(tag, &body));
                }
                Ok(_) => {}
                // What is known stays, and is old: the next answer may come.
                Err(problem) => tracing::debug!(problem = problem.detail(), "overview of a stream failed"),
            }
            if silent_since.elapsed() >= self.heartbeat {
                piece = piece.or_else(|| Some(heartbeat()));
            }
            if let Some(piece) = piece.take() {
                silent_since = Instant::now();
                if events.send(piece).await.is_err() {
                    return;
                }
            }
            let pause = self.interval.min(self.heartbeat);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = events.closed() => return,
                () = self.shared.stopping.cancelled() => return,
            }
        }
    }

    fn full(&self) -> Problem {
        let detail = format!("{} live overviews are open, more are not taken", self.streams_max);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", "Too many live streams at once", detail).retry_after_s(5)
    }
}

/// JSON of one line: it has no line breaks outside of texts, and those are escaped.
fn event(tag: u64, body: &Bytes) -> Bytes {
    [format!("event: overview\nid: {tag:016x}\ndata: ").as_bytes(), body, b"\n\n"].concat().into()
}

fn heartbeat() -> Bytes {
    Bytes::from_static(b": heartbeat\n\n")
}

/// A stream that somebody reads. Dropping it ends the work.
struct Open {
    events: mpsc::Receiver<Bytes>,
    _task: EndOnDrop,
    _counted: Counted,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, |mut open| async move {
            let piece = open.events.recv().await?;
            Some((Ok::<_, Infallible>(piece), open))
        }))
    }
}

struct Counted;

impl Counted {
    fn start() -> Self {
        metrics::gauge!(STREAMS).increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(STREAMS).decrement(1);
    }
}
