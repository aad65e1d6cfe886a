//! Where decoding runs: a bounded number of threads beside the reactor, so that a large body delays no other socket.

use std::{panic::resume_unwind, sync::Arc};

use tokio::sync::Semaphore;

/// Work on fewer bytes than this stays on the reactor: it takes under 0.5 ms, and a hand-over to another thread is not free.
pub(crate) const INLINE_BYTES_MAX: usize = 64 << 10;

/// At most one piece of work per core at a time. What waits is bounded by the byte budget, which every waiting request holds a part of.
#[derive(Debug)]
pub(crate) struct Pool {
    permits: Arc<Semaphore>,
}

/// The runtime is shutting down.
pub(crate) struct Stopped;

impl Pool {
    pub(crate) fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { permits: Arc::new(Semaphore::new(threads)) }
    }

    /// Runs `work`, which touches about `bytes`, to its end, even when this future is dropped before.
    ///
    /// # Panics
    /// When `work` does.
    pub(crate) async fn run<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
        if bytes <= INLINE_BYTES_MAX {
            return Ok(work());
        }
        let permit = self.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let job = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        job.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Stopped,
        })
    }
}
