//! What spans add up to in half hours that are over, kept from question to question: dashboards ask for the same day every few seconds.
//!
//! A half hour is kept as long as its rows are those of the same blocks, none of them in memory: what arrives late, is compacted, classified
//! again or let go makes another version of it, which is added up anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::minutes::MinutesFound;
use crate::analytics::minutes::{MINUTE_NS, MinuteRow};

pub(super) const STRETCH_NS: i64 = 30 * MINUTE_NS;
/// All of them together.
const BYTES_MAX: usize = 64 << 20;
/// A guess: a row with its histogram; texts are shared.
const BYTES_OF_ROW: usize = size_of::<MinuteRow>() + 40 * 24;

/// Of whose spans, and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct StretchKey {
    pub service: Option<String>,
    pub environment: Option<String>,
    pub operations: bool,
    pub start_ns: i64,
}

#[derive(Debug)]
struct Kept {
    version: u64,
    found: Arc<MinutesFound>,
    used: u64,
}

/// Stretches of all questions, within a limit of bytes.
#[derive(Debug, Default)]
pub(in super::super) struct Stretches(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<StretchKey, Kept>,
    bytes: usize,
    uses: u64,
}

impl Stretches {
    pub(super) fn get(&self, key: &StretchKey, version: u64) -> Option<Arc<MinutesFound>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses += 1;
        let uses = inner.uses;
        let kept = inner.kept.get_mut(key).filter(|kept| kept.version == version)?;
        kept.used = uses;
        Some(Arc::clone(&kept.found))
    }

    /// What was not asked for longest goes. Too much for the limit is not kept.
    pub(super) fn put(&self, key: StretchKey, version: u64, found: Arc<MinutesFound>) {
        let bytes = bytes_of(&found);
        // Of what has rows left out nobody can say what it is missing.
        if bytes > BYTES_MAX / 4 || found.1.left_out > 0 {
            return;
        }
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses += 1;
        let used = inner.uses;
        if let Some(before) = inner.kept.insert(key, Kept { version, found, used }) {
            inner.bytes -= bytes_of(&before.found);
        }
        inner.bytes += bytes;
        if inner.bytes > BYTES_MAX {
            inner.make_room();
        }
    }
}

impl Inner {
    /// To three quarters, so that it is not done for every stretch.
    fn make_room(&mut self) {
        let mut oldest: Vec<(u64, StretchKey)> = self.kept.iter().map(|(key, kept)| (kept.used, key.clone())).collect();
        oldest.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in oldest {
            if self.bytes <= BYTES_MAX / 4 * 3 {
                return;
            }
            if let Some(gone) = self.kept.remove(&key) {
                self.bytes -= bytes_of(&gone.found);
            }
        }
    }
}

fn bytes_of(found: &MinutesFound) -> usize {
    size_of::<StretchKey>() + found.0.len() * BYTES_OF_ROW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::minutes::Completeness;

    fn key(start_ns: i64) -> StretchKey {
        StretchKey { service: None, environment: None, operations: false, start_ns }
    }

    fn found(rows: usize) -> Arc<MinutesFound> {
        let row = || MinuteRow {
            key: crate::analytics::minutes::Key {
                from_ns: 0,
                service: "a".into(),
                namespace: "".into(),
                version: "".into(),
                environment: "".into(),
                operation: None,
                kind: 2,
            },
            first_minute_ns: 0,
            last_minute_ns: 0,
            red: crate::analytics::red::Red::default(),
            exemplars: crate::analytics::minutes::Exemplars::default(),
        };
        Arc::new(((0..rows).map(|_| row()).collect(), Completeness::default()))
    }

    #[test]
    fn another_version_is_another_stretch() {
        let stretches = Stretches::default();
        stretches.put(key(0), 7, found(1));
        assert!(stretches.get(&key(0), 7).is_some());
        assert!(stretches.get(&key(0), 8).is_none());
        assert!(stretches.get(&StretchKey { operations: true, ..key(0) }, 7).is_none());
    }

    #[test]
    fn within_the_limit_what_was_asked_for_last_stays() {
        let stretches = Stretches::default();
        let rows = BYTES_MAX / BYTES_OF_ROW / 10;
        let large = found(rows);
        stretches.put(key(0), 1, Arc::clone(&large));
        for start in 1..30 {
            stretches.put(key(start), 1, Arc::clone(&large));
            assert!(stretches.get(&key(0), 1).is_some(), "asked for all the time");
        }
        let inner = stretches.0.lock().expect("free");
        assert!(inner.bytes <= BYTES_MAX && inner.bytes == inner.kept.values().map(|kept| bytes_of(&kept.found)).sum::<usize>());
        assert!(inner.kept.len() >= 7 && inner.kept.contains_key(&key(29)));
    }
}
