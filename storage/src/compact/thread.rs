//! Compacts, lets old data go and deletes files while the store is open.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
    time::{Duration, Instant, SystemTime},
};

use schemas::UnixNanos;

use super::{CompactError, Compactor};
use crate::{
    Retain,
    flush::{chain, panic_text},
    io::give_way,
    self_metrics::COMPACTION_FAILURES_TOTAL,
};

/// Nothing waits for compaction: whoever takes data or answers questions comes first.
const NICE: i32 = 10;
/// After a failure, however often it is repeated.
const RETRY_MAX: Duration = Duration::from_secs(60);

impl Compactor {
    /// Runs until the store stops. What fails is tried again, for as long as it takes; a panic ends a job, not the thread.
    pub(crate) fn run(&self) {
        give_way(NICE);
        let config = &self.core.config.compact;
        let mut wait = config.interval;
        let mut looked = Instant::now();
        while self.wait(wait) {
            let mut freed = false;
            let round = AssertUnwindSafe(|| -> Result<bool, CompactError> {
                // Before all else: what frees room goes on when there is none to compact in.
                let removed = self.remove_retired();
                freed = matches!(removed, Ok(1..));
                let worked = if config.enabled { self.step(now()) } else { self.look(now()).map(|()| false) };
                self.measure(now());
                worked.and_then(|worked| removed.map(|_| worked))
            });
            let retain = &self.core.config.retain;
            if retain.enabled && looked.elapsed() >= retain.interval {
                looked = Instant::now();
                self.let_go();
            }
            let reason = match catch_unwind(round) {
                Ok(Ok(worked)) => {
                    wait = if worked { Duration::ZERO } else { config.interval };
                    continue;
                }
                Ok(Err(error)) => chain(&error),
                Err(panic) => format!("a panic: {}", panic_text(panic.as_ref())),
            };
            metrics::counter!(COMPACTION_FAILURES_TOTAL).increment(1);
            let patience = if freed { Duration::ZERO } else { wait * 2 };
            wait = patience.clamp(config.interval, RETRY_MAX.max(config.interval));
            tracing::error!(error = reason, retry_ms = wait.as_millis() as u64, "blocks could not be compacted");
        }
    }

    fn let_go(&self) {
        let retained = catch_unwind(AssertUnwindSafe(|| self.retain(now(), Retain::Carefully)));
        let reason = match retained {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => chain(&error),
            Err(panic) => format!("a panic: {}", panic_text(panic.as_ref())),
        };
        tracing::error!(error = reason, "old data is not let go");
    }

    /// False when the store stops.
    fn wait(&self, time: Duration) -> bool {
        let shown = self.core.shown();
        let waited = self.core.changed.wait_timeout_while(shown, time, |shown| !shown.stopping);
        let (shown, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !shown.stopping
    }
}

fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
