//! One stream: what the journal has behind its place, as fast as the client takes it.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    super::super::stream::{Gap, PIECE_BYTES, push_event, push_gap, push_heartbeat},
    journal::{Journal, Missing, Of, Place},
    watch::Following,
};

/// Entries read at a time.
const ENTRIES_AT_ONCE: usize = 64;

pub(super) struct Stream {
    pub journal: std::sync::Arc<Journal>,
    pub changes: watch::Receiver<()>,
    /// True from the first look on.
    pub looked: watch::Receiver<bool>,
    pub place: Place,
    pub wanted: Wanted,
    pub heartbeat: Duration,
    pub stopping: CancellationToken,
    pub pieces: mpsc::Sender<Bytes>,
    /// Keeps the looking up.
    pub _following: Following,
}

/// Which breakers a stream tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub breaker: Option<String>,
    pub service: Option<String>,
}

impl Wanted {
    fn wants(&self, of: Option<&Of>) -> bool {
        let Some(of) = of else { return true };
        self.breaker.as_ref().is_none_or(|breaker| *breaker == of.breaker)
            && self.service.as_ref().is_none_or(|service| *service == of.service)
    }
}

/// Nobody reads it any more.
struct Gone;

impl Stream {
    /// Until the client goes or the server stops.
    pub(super) async fn run(mut self) {
        let stopping = self.stopping.clone();
        tokio::select! {
            _gone = self.follow() => {}
            () = stopping.cancelled() => {
                let mut last = Vec::new();
                push_heartbeat(&mut last, &self.place.text());
                // A client that is behind does without.
                let _ = self.pieces.try_send(last.into());
            }
        }
    }

    async fn follow(&mut self) -> Result<Infallible, Gone> {
        let mut out = Vec::new();
        self.looked.wait_for(|looked| *looked).await.map_err(|_| Gone)?;
        // The head of the answer goes out with the first piece, and says that the stream is open.
        self.catch_up(&mut out).await?;
        push_heartbeat(&mut out, &self.place.text());
        self.send(&mut out).await?;
        let mut silent_since = Instant::now();
        loop {
            tokio::select! {
                changed = self.changes.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.catch_up(&mut out).await?;
                }
                () = sleep_until(silent_since + self.heartbeat) => push_heartbeat(&mut out, &self.place.text()),
                () = self.pieces.closed() => return Err(Gone),
            }
            if !out.is_empty() {
                self.send(&mut out).await?;
                silent_since = Instant::now();
            }
        }
    }

    async fn catch_up(&mut self, out: &mut Vec<u8>) -> Result<(), Gone> {
        loop {
            self.changes.borrow_and_update();
            let after = self.journal.after(&mut self.place, ENTRIES_AT_ONCE);
            if let Some(missing) = after.missing {
                push_gap(out, &gap(missing), None);
            }
            let count = after.entries.len();
            for (place, entry) in after.entries {
                if self.wanted.wants(entry.of.as_ref()) {
                    let write = |out: &mut Vec<u8>| {
                        out.extend_from_slice(&entry.data);
                        Ok::<(), Infallible>(())
                    };
                    let Ok(()) = push_event(out, entry.event, Some(&place.text()), write);
                }
                if out.len() >= PIECE_BYTES {
                    self.send(out).await?;
                }
            }
            if count < ENTRIES_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Waits for the client to take what came before.
    async fn send(&self, out: &mut Vec<u8>) -> Result<(), Gone> {
        self.pieces.send(std::mem::take(out).into()).await.map_err(|_| Gone)
    }
}

fn gap(missing: Missing) -> Gap {
    match missing {
        Missing::Gone(entries) => Gap { dropped: Some(entries), reason: "more became known than is kept for streams".to_owned() },
        Missing::OtherRun => Gap::unknown(
            "what became known since then is not kept: GET /api/v1/breakers/{id}/transitions has it; the stream goes on with what becomes known now",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_what() {
        let of = Of { breaker: "a".into(), service: "pay".into() };
        let check = |breaker: Option<&str>, service: Option<&str>, expected: bool| {
            let wanted = Wanted { breaker: breaker.map(str::to_owned), service: service.map(str::to_owned) };
            assert_eq!(wanted.wants(Some(&of)), expected, "{wanted:?}");
            assert!(wanted.wants(None), "gaps are of all");
        };
        check(None, None, true);
        check(Some("a"), Some("pay"), true);
        check(Some("b"), None, false);
        check(None, Some("order"), false);
    }
}
