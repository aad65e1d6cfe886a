//! From a queue to its other end, by the rules of OTLP: what may be retried is, with growing pauses or when the other end says; what is refused for
//! good is dropped and counted; what a partial success leaves out is counted.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    config::Forward,
    prepare::prepare,
    queue::{Place, Queue},
    report::Book,
    segment::Frame,
    tee::SENT_TOTAL,
};
use crate::{
    node::now,
    send::{Connection, Outcome, pause},
};

/// Requests under way at the same time; the place in the queue moves when all of them are answered.
const WINDOW: usize = 8;
/// Until a queue that cannot be read is tried again.
const DISK_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Sender {
    pub forward: Forward,
    pub queue: Arc<Mutex<Queue>>,
    pub news: Arc<Notify>,
    pub book: Arc<Book>,
    pub stopping: CancellationToken,
}

impl Sender {
    pub(super) async fn run(self) {
        let stopping = self.stopping.clone();
        stopping.run_until_cancelled(self.send_all()).await;
    }

    async fn send_all(&self) {
        let connect = || {
            let Forward { protocol, endpoint, compression, headers, tls, .. } = &self.forward;
            Connection::new(*protocol, endpoint.clone(), *compression).with_headers(headers.clone()).with_tls(tls.clone())
        };
        let mut connections: Vec<Connection> = (0..WINDOW).map(|_| connect()).collect();
        loop {
            // Before the look: what is appended after it wakes.
            let news = self.news.notified();
            let (frames, place) = match self.peek().await {
                Ok(waiting) => waiting,
                Err(error) => {
                    tracing::warn!(error, "the queue of a forward cannot be read");
                    self.book.failed(now(), &error);
                    tokio::time::sleep(DISK_WAIT).await;
                    continue;
                }
            };
            if frames.is_empty() {
                news.await;
                continue;
            }
            let requests = frames.len() as u64;
            join_all(connections.iter_mut().zip(frames).map(|(connection, frame)| self.send(connection, frame))).await;
            let queue = Arc::clone(&self.queue);
            let written = tokio::task::spawn_blocking(move || {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                (queue.acknowledge(place, requests), queue.bytes())
            });
            let Ok((written, queue_bytes)) = written.await else { return };
            self.book.queued(queue_bytes);
            if let Err(error) = written {
                tracing::warn!(%error, "it cannot be written how far a forward is; what was sent may be sent again after a restart");
                self.book.failed(now(), &error.to_string());
            }
        }
    }

    async fn peek(&self) -> Result<(Vec<Frame>, Place), String> {
        let queue = Arc::clone(&self.queue);
        let looked = tokio::task::spawn_blocking(move || queue.lock().unwrap_or_else(PoisonError::into_inner).peek(WINDOW));
        looked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// Until it is answered for good.
    async fn send(&self, connection: &mut Connection, frame: Frame) {
        let compression = self.forward.compression;
        let outgoing = match tokio::task::spawn_blocking(move || prepare(frame, compression)).await {
            Ok(Ok(outgoing)) => outgoing,
            Ok(Err(error)) => {
                tracing::error!(%error, "a request is not forwarded");
                return self.book.dropped("unreadable", 1);
            }
            Err(_) => return self.book.dropped("unreadable", 1),
        };
        for attempt in 2.. {
            let outcome = connection.send(&outgoing).await;
            match outcome {
                Outcome::Stored { rejected, message } => {
                    metrics::counter!(SENT_TOTAL).increment(1);
                    self.book.dropped("rejected_records", rejected);
                    self.book.change(|report| {
                        (report.is_up, report.requests, report.last_sent) = (true, report.requests + 1, Some(now()));
                        if let Some(message) = message.filter(|_| rejected > 0) {
                            report.last_error = Some((now(), message));
                        }
                    });
                    return;
                }
                Outcome::Refused { reason } => {
                    tracing::warn!(reason, endpoint = %self.book.report().endpoint, "a request is refused by the other end of a forward");
                    self.book.failed(now(), &reason);
                    return self.book.dropped("refused", 1);
                }
                Outcome::Retry { after, reason } => {
                    self.book.failed(now(), &reason);
                    let wait = pause(attempt, after, &mut rand::rng());
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }
}
