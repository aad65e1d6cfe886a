//! Answers of the fold that are asked for again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::{super::window::Window, load::Told};

/// All entries together.
const BYTES_MAX: usize = 192 << 20;
/// Facts may come late: a window that is over is folded anew after that.
const CLOSED_FOR: Duration = Duration::from_secs(30);
/// A window that reaches until now; several parts of one page ask for it at a time.
const LIVE_FOR: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: Mutex<HashMap<Window, Entry>>,
}

#[derive(Debug)]
struct Entry {
    told: Arc<Told>,
    until: Instant,
    used: Instant,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, window: Window, at: Instant) -> Option<Arc<Told>> {
        let mut entries = self.entries.lock().expect("no holder panics");
        let entry = entries.get_mut(&window).filter(|entry| at < entry.until)?;
        entry.used = at;
        Some(Arc::clone(&entry.told))
    }

    /// Keeps it if there is room for it at all; what was not asked for longest goes.
    pub(super) fn put(&self, window: Window, told: &Arc<Told>, closed: bool, at: Instant) {
        let bytes = told.bytes();
        if bytes > BYTES_MAX / 2 {
            return;
        }
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.retain(|_, entry| at < entry.until);
        while entries.values().map(|entry| entry.bytes).sum::<usize>() + bytes > BYTES_MAX {
            let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(window, _)| *window) else { break };
            entries.remove(&oldest);
        }
        let until = at + if closed { CLOSED_FOR } else { LIVE_FOR };
        entries.insert(window, Entry { told: Arc::clone(told), until, used: at, bytes });
    }
}

#[cfg(test)]
mod tests {
    use governance::fold::{Folded, Scope, Verdict};
    use schemas::UnixNanos;

    use super::*;

    #[test]
    fn kept_for_a_while_and_within_the_limit() {
        let cache = Cache::default();
        let begin = Instant::now();
        let window = |start| Window { start: UnixNanos(start), end: UnixNanos(start + 1) };
        let told = Arc::new(Told::default());
        cache.put(window(1), &told, true, begin);
        cache.put(window(2), &told, false, begin);
        assert!(cache.get(window(1), begin + CLOSED_FOR / 2).is_some());
        assert!(cache.get(window(2), begin + CLOSED_FOR / 2).is_none());
        assert!(cache.get(window(1), begin + CLOSED_FOR).is_none());
        let of_bytes = |bytes: usize| {
            let verdict = Verdict { scope: Scope::Local, duplicate: false, breaker: None };
            let folded = Folded { verdicts: vec![verdict; bytes / size_of::<Verdict>()], ..Folded::default() };
            Arc::new(Told { folded, ..Told::default() })
        };
        let large = of_bytes(BYTES_MAX * 2 / 5);
        (0..9).for_each(|start| cache.put(window(start), &large, true, begin + Duration::from_millis(start as u64)));
        assert_eq!(cache.entries.lock().expect("free").len(), 2);
        let too_large = of_bytes(BYTES_MAX);
        cache.put(window(99), &too_large, true, begin);
        assert!(cache.get(window(99), begin).is_none());
    }
}
