//! From ingest, which never waits, to the queues.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender as Channel, channel},
    },
    thread,
    time::{Duration, Instant},
};

use collector::Taken;
use schemas::Signal;
use tokio::{runtime::Runtime, sync::Notify};
use tokio_util::sync::CancellationToken;

use super::{
    config::{ForwardConfig, ForwardError},
    queue::Queue,
    report::{Book, ForwardReport},
    segment::Frame,
    sender::Sender,
};
use crate::node::now;

pub(super) const SENT_TOTAL: &str = "fusebox_forward_requests_total";
pub(super) const DROPPED_TOTAL: &str = "fusebox_forward_dropped_total";
pub(super) const QUEUE_BYTES: &str = "fusebox_forward_queue_bytes";

/// Bodies between ingest and the disk. More is dropped: the disk is slower than the senders.
const CHANNEL_BYTES_MAX: u64 = 64 << 20;

/// All other ends. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Forwards(Arc<Vec<Other>>);

struct Other {
    signals: Vec<Signal>,
    channel: Mutex<Channel<Frame>>,
    /// Bytes in the channel.
    pending: Arc<AtomicU64>,
    book: Arc<Book>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Setting(#[from] ForwardError),
    #[error("open the queue of a forward, {path}")]
    Queue { path: PathBuf, source: io::Error },
}

impl Forwards {
    /// Opens the queues below `dir`, and sends on `runtime` until `stopping`.
    pub(crate) fn start(
        configs: &[ForwardConfig],
        dir: &Path,
        runtime: &Runtime,
        stopping: &CancellationToken,
    ) -> Result<Self, StartError> {
        metrics::describe_counter!(SENT_TOTAL, "requests that the other ends of forwards took");
        metrics::describe_counter!(DROPPED_TOTAL, "requests that were not forwarded, and records that other ends did not take, by reason");
        metrics::describe_gauge!(QUEUE_BYTES, "bytes that wait in the queue of a forward, by the other end");
        let mut others = Vec::new();
        for config in configs {
            let forward = config.parse()?;
            let path = dir.join(config.directory());
            let queue = Queue::open(&path, config.queue_bytes_max).map_err(|source| StartError::Queue { path, source })?;
            let book = Arc::new(Book::new(&config.endpoint));
            book.queued(queue.bytes());
            let (queue, news) = (Arc::new(Mutex::new(queue)), Arc::new(Notify::new()));
            let (channel, arriving) = channel();
            let (signals, pending) = (forward.signals.clone(), Arc::new(AtomicU64::new(0)));
            let writer = Writer {
                arriving,
                pending: Arc::clone(&pending),
                queue: Arc::clone(&queue),
                news: Arc::clone(&news),
                book: Arc::clone(&book),
            };
            thread::spawn(move || writer.run());
            runtime.spawn(Sender { forward, queue, news, book: Arc::clone(&book), stopping: stopping.clone() }.run());
            others.push(Other { signals, channel: Mutex::new(channel), pending, book });
        }
        Ok(Self(Arc::new(others)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes what was stored. Never waits for a disk or a socket.
    pub(crate) fn offer(&self, taken: &Taken) {
        for other in self.0.iter().filter(|other| other.signals.contains(&taken.signal)) {
            let bytes = taken.body.len() as u64;
            if other.pending.fetch_add(bytes, Ordering::Relaxed) + bytes > CHANNEL_BYTES_MAX {
                other.pending.fetch_sub(bytes, Ordering::Relaxed);
                other.book.dropped("disk_slow", 1);
                continue;
            }
            let Taken { signal, format, encoding, ref body } = *taken;
            let frame = Frame { signal, format, encoding, body: body.clone() };
            let sent = other.channel.lock().unwrap_or_else(PoisonError::into_inner).send(frame);
            if sent.is_err() {
                other.book.dropped("writer_ended", 1);
            }
        }
    }

    /// Waits until all that was offered is in its queue, `limit` at most. Nothing must be offered any more.
    pub(crate) fn drain(&self, limit: Duration) {
        const STEP: Duration = Duration::from_millis(5);
        let until = Instant::now() + limit;
        while self.0.iter().any(|other| other.pending.load(Ordering::Relaxed) > 0) && Instant::now() < until {
            thread::sleep(STEP);
        }
    }

    /// As of now, in the order of the configuration.
    pub(crate) fn report(&self) -> Vec<ForwardReport> {
        self.0.iter().map(|other| other.book.report()).collect()
    }
}

/// The thread that writes what was offered. It ends with the last of who offers.
struct Writer {
    arriving: Receiver<Frame>,
    pending: Arc<AtomicU64>,
    queue: Arc<Mutex<Queue>>,
    news: Arc<Notify>,
    book: Arc<Book>,
}

impl Writer {
    fn run(self) {
        for frame in &self.arriving {
            let (appended, queue_bytes) = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                (queue.append(&frame), queue.bytes())
            };
            self.pending.fetch_sub(frame.body.len() as u64, Ordering::Relaxed);
            self.book.queued(queue_bytes);
            match appended {
                Ok(appended) => self.book.dropped("queue_full", appended.dropped),
                Err(error) => {
                    tracing::warn!(%error, "a request cannot be written to the queue of a forward");
                    self.book.failed(now(), &error.to_string());
                    self.book.dropped("disk_error", 1);
                }
            }
            self.news.notify_one();
        }
    }
}
