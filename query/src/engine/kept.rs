//! What was computed for one question and is the same for the next, within a limit of bytes.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Values by key. A value is of a version of what it was computed from: of another version it is another value.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    inner: Mutex<Inner<K, V>>,
    bytes_max: usize,
}

#[derive(Debug)]
struct Inner<K, V> {
    kept: HashMap<K, One<V>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct One<V> {
    version: u64,
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { inner: Mutex::new(Inner { kept: HashMap::new(), bytes: 0, uses: 0 }), bytes_max }
    }

    pub(crate) fn get(&self, key: &K, version: u64) -> Option<Arc<V>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses += 1;
        let uses = inner.uses;
        let kept = inner.kept.get_mut(key).filter(|kept| kept.version == version)?;
        kept.used = uses;
        Some(Arc::clone(&kept.value))
    }

    /// What was not asked for longest goes. What takes more than a quarter of all room is not kept.
    pub(crate) fn put(&self, key: K, version: u64, value: Arc<V>, bytes: usize) {
        if bytes > self.bytes_max / 4 {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses += 1;
        let used = inner.uses;
        if let Some(before) = inner.kept.insert(key, One { version, value, bytes, used }) {
            inner.bytes -= before.bytes;
        }
        inner.bytes += bytes;
        if inner.bytes > self.bytes_max {
            inner.make_room(self.bytes_max);
        }
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    /// To three quarters, so that it is not done for every value.
    fn make_room(&mut self, bytes_max: usize) {
        let mut oldest: Vec<(u64, K)> = self.kept.iter().map(|(key, kept)| (kept.used, key.clone())).collect();
        oldest.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in oldest {
            if self.bytes <= bytes_max / 4 * 3 {
                return;
            }
            if let Some(gone) = self.kept.remove(&key) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_another_value() {
        let kept = Kept::new(100);
        kept.put("a", 7, Arc::new(1), 10);
        assert!(kept.get(&"a", 7).is_some());
        assert!(kept.get(&"a", 8).is_none());
        assert!(kept.get(&"b", 7).is_none());
        kept.put("b", 7, Arc::new(1), 26);
        assert!(kept.get(&"b", 7).is_none(), "too large");
    }

    #[test]
    fn within_the_limit_what_was_asked_for_last_stays() {
        let kept = Kept::new(1000);
        kept.put(0, 1, Arc::new(()), 100);
        for key in 1..30 {
            kept.put(key, 1, Arc::new(()), 100);
            assert!(kept.get(&0, 1).is_some(), "asked for all the time");
        }
        let inner = kept.inner.lock().expect("free");
        assert!(inner.bytes <= 1000 && inner.bytes == inner.kept.values().map(|kept| kept.bytes).sum::<usize>());
        assert!(inner.kept.len() >= 7 && inner.kept.contains_key(&29));
    }
}
