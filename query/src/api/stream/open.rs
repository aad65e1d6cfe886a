//! A stream that somebody reads: its place among the others, its task, its body.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::super::problem::Problem;
use crate::{engine::EndOnDrop, self_metrics::STREAMS};

/// Where a client that connects again says how far it came.
pub(in crate::api) const LAST_EVENT_ID: &str = "last-event-id";
/// Proxies that hold answers back would make it no live stream.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Streams of all kinds together have so many places. Cheap to clone.
#[derive(Clone)]
pub(in crate::api) struct StreamPlaces {
    places: Arc<Semaphore>,
    max: usize,
}

impl StreamPlaces {
    pub(in crate::api) fn new(max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(max)), max }
    }

    /// # Errors
    /// When all are taken.
    pub(in crate::api) fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let detail = format!("{} live streams are open, more are not taken", self.max);
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", "Too many live streams at once", detail).retry_after_s(5)
        })
    }
}

/// A stream that somebody reads. Dropping it ends the work.
pub(in crate::api) struct Open {
    pieces: mpsc::Receiver<Bytes>,
    _task: EndOnDrop,
    _counted: Counted,
    _place: OwnedSemaphorePermit,
}

impl Open {
    pub(in crate::api) fn new(pieces: mpsc::Receiver<Bytes>, task: EndOnDrop, place: OwnedSemaphorePermit) -> Self {
        Self { pieces, _task: task, _counted: Counted::start(), _place: place }
    }

    pub(in crate::api) fn into_response(self) -> Response {
        let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store"), (NO_BUFFERING, "no")];
        let body = Body::from_stream(stream::unfold(self, |mut open| async move {
            let piece = open.pieces.recv().await?;
            Some((Ok::<_, Infallible>(piece), open))
        }));
        (head, body).into_response()
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
