//! Which requests of a connection are open? Its socket has to know: a peer that only answers pings keeps no connection.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// The open requests of one connection. Cheap to clone; the clones count together.
#[derive(Debug, Clone)]
pub(crate) struct OpenRequests(Arc<Mutex<Counted>>);

#[derive(Debug)]
struct Counted {
    open: usize,
    /// When the last one ended, or the connection began.
    idle_since: Instant,
}

impl OpenRequests {
    pub(crate) fn none() -> Self {
        Self(Arc::new(Mutex::new(Counted { open: 0, idle_since: Instant::now() })))
    }

    /// Counts a request until what is returned is dropped.
    pub(crate) fn begin(&self) -> OpenRequest {
        self.counted().open += 1;
        OpenRequest(self.clone())
    }

    /// Since when there is no open request.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let counted = self.counted();
        (counted.open == 0).then_some(counted.idle_since)
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being read or answered.
#[derive(Debug)]
pub(crate) struct OpenRequest(OpenRequests);

impl OpenRequest {
    /// Keeps the request open until `response` is sent or given up.
    pub(crate) fn until_sent<B>(self, response: Response<B>) -> Response<Answering<B>> {
        response.map(|body| Answering { body, _request: self })
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut counted = self.0.counted();
        counted.open -= 1;
        counted.idle_since = Instant::now();
    }
}

/// The body of an answer to an open request.
#[derive(Debug)]
pub(crate) struct Answering<B> {
    body: B,
    _request: OpenRequest,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_is_open_until_its_answer_is_gone() {
        let requests = OpenRequests::none();
        let started = Instant::now();
        assert_eq!(requests.idle_since(), Some(started));
        let (first, second) = (requests.begin(), requests.begin());
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(first);
        assert_eq!(requests.idle_since(), None);
        let answer = second.until_sent(Response::new(Full::from("answer"))).into_body();
        assert_eq!(answer.size_hint().exact(), Some(6));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(requests.idle_since(), None);
        let Ok(sent): Result<_, Infallible> = answer.collect().await;
        assert_eq!(sent.to_bytes(), "answer");
        assert_eq!(requests.idle_since(), Some(started + Duration::from_secs(2)));
    }
}
