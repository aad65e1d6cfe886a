//! Answers that are asked for again, each worked out once however many ask at a time.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

use super::super::problem::Problem;

/// Values by key, all together within a limit of bytes.
pub(super) struct Cache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    bytes_max: usize,
}

struct Entry<V> {
    /// Empty while somebody works it out, or when that failed.
    value: Arc<OnceCell<Arc<V>>>,
    until: Instant,
    used: Instant,
    bytes: usize,
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { entries: Mutex::default(), bytes_max }
    }

    /// The value, as it was at most `good_for` ago. `weigh` says how many bytes it takes.
    ///
    /// CANCEL-SAFE: whoever waits for one that gave up works it out himself.
    pub(super) async fn get(
        &self,
        key: K,
        good_for: Duration,
        weigh: fn(&V) -> usize,
        work: impl Future<Output = Result<V, Problem>>,
    ) -> Result<Arc<V>, Problem> {
        let cell = self.enter(&key, good_for, Instant::now());
        let value = cell.get_or_try_init(|| async { work.await.map(Arc::new) }).await.map(Arc::clone)?;
        self.weighed(&key, &cell, weigh(&value));
        Ok(value)
    }

    fn enter(&self, key: &K, good_for: Duration, now: Instant) -> Arc<OnceCell<Arc<V>>> {
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.retain(|_, entry| now < entry.until);
        let new = || Entry { value: Arc::default(), until: now + good_for, used: now, bytes: 0 };
        let entry = entries.entry(key.clone()).or_insert_with(new);
        entry.used = now;
        Arc::clone(&entry.value)
    }

    /// What was not asked for longest goes; what has no room at all is not kept.
    fn weighed(&self, key: &K, cell: &Arc<OnceCell<Arc<V>>>, bytes: usize) {
        let mut entries = self.entries.lock().expect("no holder panics");
        match entries.get_mut(key) {
            Some(entry) if Arc::ptr_eq(&entry.value, cell) => entry.bytes = bytes,
            _ => return,
        }
        if bytes > self.bytes_max / 2 {
            entries.remove(key);
        }
        while entries.values().map(|entry| entry.bytes).sum::<usize>() > self.bytes_max {
            let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else { break };
            entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const GOOD_FOR: Duration = Duration::from_secs(3600);

    async fn get(cache: &Cache<u32, usize>, key: u32, bytes: usize, worked: &AtomicUsize) -> usize {
        let work = async {
            worked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(bytes)
        };
        *cache.get(key, GOOD_FOR, |bytes| *bytes, work).await.expect("work succeeds")
    }

    #[tokio::test]
    async fn once_for_all_who_ask_and_within_the_limit() {
        let (cache, worked) = (Cache::new(100), AtomicUsize::new(0));
        tokio::join!(get(&cache, 1, 40, &worked), get(&cache, 1, 40, &worked));
        assert_eq!(worked.load(Ordering::Relaxed), 1);
        get(&cache, 2, 40, &worked).await;
        get(&cache, 1, 40, &worked).await;
        get(&cache, 3, 40, &worked).await;
        assert_eq!(worked.load(Ordering::Relaxed), 3);
        get(&cache, 1, 40, &worked).await;
        assert_eq!(worked.load(Ordering::Relaxed), 3, "it was asked for again");
        get(&cache, 2, 40, &worked).await;
        assert_eq!(worked.load(Ordering::Relaxed), 4, "it went");
        get(&cache, 4, 60, &worked).await;
        get(&cache, 4, 60, &worked).await;
        assert_eq!(worked.load(Ordering::Relaxed), 6, "too large to be kept");
    }

    #[tokio::test]
    async fn failures_and_old_values_are_not_kept() {
        let (cache, worked) = (Cache::<u32, usize>::new(100), AtomicUsize::new(0));
        let failing = async { Err(Problem::invalid_parameter("a", "b", "c")) };
        assert!(cache.get(1, GOOD_FOR, |bytes| *bytes, failing).await.is_err());
        get(&cache, 1, 1, &worked).await;
        assert_eq!(worked.load(Ordering::Relaxed), 1);
        let now = Instant::now();
        assert!(cache.enter(&1, GOOD_FOR, now).get().is_some());
        assert!(cache.enter(&1, GOOD_FOR, now + 2 * GOOD_FOR).get().is_none());
    }
}
