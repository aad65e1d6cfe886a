//! Notices that a thread of the store died. Such a store answers questions and takes nothing new any more; only another process can,
//! and whoever supervises this one starts it when this one ends.

use std::time::Duration;

use storage::{Refused, Store};

use crate::failure::{Exit, Failure};

const ASK_EVERY: Duration = Duration::from_secs(1);

/// Ends when the store has failed for good, with the reason. Whatever passes by itself, a full disk for instance, is waited for.
pub(super) async fn noticed(store: &Store) -> Failure {
    let mut ticks = tokio::time::interval(ASK_EVERY);
    loop {
        ticks.tick().await;
        if let Err(refused @ Refused::Failed { .. }) = store.readiness().ingest {
            tracing::error!(reason = %refused, "stopping, to be started again");
            return Failure::message(Exit::Failed, refused);
        }
    }
}
