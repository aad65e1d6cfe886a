//! Blocking reads on behalf of async handlers: a bounded number at once, each with a deadline.
//!
//! A read that misses its deadline keeps its permit until it really ends, so abandoned work still counts against the bound.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::self_metrics::READS_IN_FLIGHT;

#[derive(Debug, Clone)]
pub(crate) struct Reads {
    permits: Arc<Semaphore>,
    deadline: Duration,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadFailed {
    #[error("no answer within {} s", .deadline.as_secs())]
    Deadline { deadline: Duration },
    #[error("the read was aborted by a bug; the server log has the details")]
    Panicked,
}

impl Reads {
    pub(crate) fn new(concurrent_max: usize, deadline: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(concurrent_max)), deadline }
    }

    /// Runs `read` on a blocking thread. The deadline includes the wait for a permit.
    ///
    /// # Errors
    /// [`ReadFailed::Deadline`] when time is up, [`ReadFailed::Panicked`] when `read` panicked.
    pub(crate) async fn run<T, F>(&self, read: F) -> Result<T, ReadFailed>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let permits = Arc::clone(&self.permits);
        let work = async move {
            let permit = permits.acquire_owned().await.expect("the semaphore is never closed");
            let counted = || {
                let _permit = permit;
                let _in_flight = InFlight::start();
                read()
            };
            tokio::task::spawn_blocking(counted).await
        };
        match tokio::time::timeout(self.deadline, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(ReadFailed::Panicked),
            Err(_) => Err(ReadFailed::Deadline { deadline: self.deadline }),
        }
    }
}

struct InFlight;

impl InFlight {
    fn start() -> Self {
        metrics::gauge!(READS_IN_FLIGHT).increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!(READS_IN_FLIGHT).decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_is_too_late_keeps_its_permit() {
        let reads = Reads::new(1, Duration::from_millis(20));
        let (release, released) = std::sync::mpsc::channel::<()>();
        let slow = reads.run(move || released.recv()).await;
        assert_eq!(slow, Err(ReadFailed::Deadline { deadline: reads.deadline }));
        assert_eq!(reads.run(|| 1).await, Err(ReadFailed::Deadline { deadline: reads.deadline }));
        drop(release);
        let patient = Reads { permits: Arc::clone(&reads.permits), deadline: Duration::from_secs(30) };
        assert_eq!(patient.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let reads = Reads::new(1, Duration::from_secs(30));
        assert_eq!(reads.run(|| panic!("on purpose")).await, Err::<(), _>(ReadFailed::Panicked));
        assert_eq!(reads.run(|| 2).await, Ok(2));
    }
}
