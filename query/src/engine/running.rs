//! What is asked right now, for people who look, and for those who end it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::scan::Usage;

/// One question, as of now.
#[derive(Debug, Clone)]
pub(crate) struct RunningQuery {
    pub id: u64,
    pub text: String,
    pub started_at: SystemTime,
    pub running_for: std::time::Duration,
    /// False while it waits for its turn.
    pub computing: bool,
    pub scanned_rows: u64,
    pub scanned_bytes: u64,
}

/// All of them.
#[derive(Default)]
pub(super) struct Running {
    next: AtomicU64,
    entries: Mutex<BTreeMap<u64, Arc<Entry>>>,
}

struct Entry {
    text: String,
    started_at: SystemTime,
    started: Instant,
    computing: AtomicBool,
    usage: Arc<Usage>,
    cancel: CancellationToken,
}

/// A place in the list; dropping it leaves the list.
pub(super) struct Place {
    running: Arc<Running>,
    pub id: u64,
    entry: Arc<Entry>,
}

impl Running {
    pub(super) fn enter(self: &Arc<Self>, text: &str, usage: Arc<Usage>) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let entry = Arc::new(Entry {
            text: text.to_owned(),
            started_at: SystemTime::now(),
            started: Instant::now(),
            computing: AtomicBool::new(false),
            usage,
            cancel: CancellationToken::new(),
        });
        self.entries.lock().expect("no holder panics").insert(id, Arc::clone(&entry));
        Place { running: Arc::clone(self), id, entry }
    }

    pub(super) fn list(&self) -> Vec<RunningQuery> {
        let entries = self.entries.lock().expect("no holder panics");
        let query = |(id, entry): (&u64, &Arc<Entry>)| RunningQuery {
            id: *id,
            text: entry.text.clone(),
            started_at: entry.started_at,
            running_for: entry.started.elapsed(),
            computing: entry.computing.load(Ordering::Relaxed),
            scanned_rows: entry.usage.rows(),
            scanned_bytes: entry.usage.bytes(),
        };
        entries.iter().map(query).collect()
    }

    /// Ends a question; false when there is none of this id.
    pub(super) fn cancel(&self, id: u64) -> bool {
        let entries = self.entries.lock().expect("no holder panics");
        entries.get(&id).map(|entry| entry.cancel.cancel()).is_some()
    }
}

impl Place {
    pub(super) fn computing(&self) {
        self.entry.computing.store(true, Ordering::Relaxed);
    }

    pub(super) fn cancelled(&self) -> CancellationToken {
        self.entry.cancel.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.entries.lock().expect("no holder panics").remove(&self.id);
    }
}
