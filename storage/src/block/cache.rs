//! Parsed footers and indexes, the least recently used given up first. Bounded by bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::{BlockSeries, Sums, TraceIndex};
use crate::{attributes::AttributeIndex, text::TextIndex};

/// Shared by all readers.
pub(crate) struct BlockCache {
    bytes_max: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Key, Entry>,
    bytes: usize,
    /// Counts uses; the entry with the smallest number was used longest ago.
    clock: u64,
}

struct Entry {
    value: Cached,
    bytes: usize,
    used: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Footer(u64),
    TraceIndex(u64),
    TextIndex(u64),
    AttributeIndex(u64),
    Sums(u64),
    Minutes(u64),
    /// Of a part of a block.
    Series(u64, usize),
    /// By what is open, not by block.
    OpenEdges(u64),
}

#[derive(Clone)]
pub(crate) enum Cached {
    Footer(ArrowReaderMetadata),
    TraceIndex(Arc<TraceIndex>),
    TextIndex(Arc<TextIndex>),
    AttributeIndex(Arc<AttributeIndex>),
    Sums(Arc<Sums>),
    Series(Arc<BlockSeries>),
    /// What the spans of a block, or calls that are open, add up to.
    Minutes(RecordBatch),
}

impl Cached {
    fn memory_bytes(&self) -> usize {
        match self {
            Self::Footer(footer) => footer.metadata().memory_size(),
            Self::TraceIndex(index) => index.memory_bytes(),
            Self::TextIndex(index) => index.memory_bytes(),
            Self::AttributeIndex(index) => index.memory_bytes(),
            Self::Sums(sums) => sums.memory_bytes(),
            Self::Series(series) => series.memory_bytes(),
            Self::Minutes(rows) => rows.get_array_memory_size(),
        }
    }
}

impl BlockCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, entries: Mutex::default() }
    }

    pub(crate) fn get(&self, key: Key) -> Option<Cached> {
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.clock += 1;
        let now = entries.clock;
        let entry = entries.by_key.get_mut(&key)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// Keeps `value` unless it alone is larger than the cache.
    pub(crate) fn put(&self, key: Key, value: Cached) {
        let bytes = value.memory_bytes();
        if bytes > self.bytes_max {
            return;
        }
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.clock += 1;
        let used = entries.clock;
        if let Some(old) = entries.by_key.insert(key, Entry { value, bytes, used }) {
            entries.bytes -= old.bytes;
        }
        entries.bytes += bytes;
        if entries.bytes > self.bytes_max {
            entries.give_up_oldest(self.bytes_max / 8 * 7);
        }
    }
}

impl Entries {
    /// Sorts once and frees an eighth, so that a full cache does not search for a victim on every insert.
    fn give_up_oldest(&mut self, bytes_target: usize) {
        let mut by_age: Vec<(u64, Key)> = self.by_key.iter().map(|(key, entry)| (entry.used, *key)).collect();
        by_age.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in by_age {
            if self.bytes <= bytes_target {
                return;
            }
            if let Some(entry) = self.by_key.remove(&key) {
                self.bytes -= entry.bytes;
            }
        }
    }
}
