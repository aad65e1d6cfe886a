//! The section `[storage]`: what an acknowledgement promises, what is kept in memory and in the write-ahead log before it is in blocks, and
//! how these are kept in order.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use storage::wal::SyncMode;

/// A segment smaller than this is mostly header and directory work.
const WAL_SEGMENT_BYTES_MIN: u64 = 64 << 10;
/// A full block is at least about as large as what one flush writes.
const COMPACTION_ROWS_MIN: u64 = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Storage {
    pub(crate) durability: Durability,
    /// With `durability = "interval"`: the most that a power loss can take.
    pub(crate) sync_interval_ms: u64,
    pub(crate) memtable_bytes_max: u64,
    pub(crate) flush_interval_ms: u64,
    pub(crate) unflushed_bytes_max: u64,
    pub(crate) block_cache_bytes_max: usize,
    pub(crate) trace_index_cache_bytes_max: usize,
    /// Rows kept for live streams in the order in which they arrived.
    pub(crate) arrivals_bytes_max: u64,
    pub(crate) wal_segment_bytes: u64,
    pub(crate) wal_bytes_max: u64,
    /// Free bytes of the disk below which new data is asked to come back; at most an eighth of the disk.
    pub(crate) free_bytes_min: u64,
    /// Percent of the disk in use, by whomever, above which new data is asked to come back.
    pub(crate) disk_used_percent_max: u8,
    /// Whether small blocks are written anew as few large ones, in the background.
    pub(crate) compaction: bool,
    /// Rows of a full block.
    pub(crate) compaction_rows_max: u64,
    /// How long the files of replaced blocks stay for engines that read them by themselves.
    pub(crate) compaction_delete_delay_ms: u64,
}

/// When the write-ahead log is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Durability {
    Fsync,
    Interval,
    None,
}

impl Durability {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fsync => "fsync",
            Self::Interval => "interval",
            Self::None => "none",
        }
    }

    /// For the start-up log.
    pub(crate) fn promise(self) -> &'static str {
        match self {
            Self::Fsync => "acknowledged data survives a crash and a power loss",
            Self::Interval => "acknowledged data survives a crash; a power loss takes the last interval",
            Self::None => "acknowledged data survives a crash of the process only",
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        let storage::Config {
            memtable_bytes_max,
            flush_interval,
            unflushed_bytes_max,
            arrivals_bytes_max,
            block_cache_bytes_max,
            trace_index_cache_bytes_max,
            wal,
            compact,
            ..
        } = storage::Config::new("");
        Self {
            durability: Durability::Fsync,
            sync_interval_ms: 1_000,
            memtable_bytes_max,
            flush_interval_ms: flush_interval.as_millis() as u64,
            unflushed_bytes_max,
            block_cache_bytes_max,
            trace_index_cache_bytes_max,
            arrivals_bytes_max,
            wal_segment_bytes: wal.segment_bytes,
            wal_bytes_max: wal.bytes_max,
            free_bytes_min: wal.free_bytes_min,
            disk_used_percent_max: (wal.used_share_max * 100.0).round() as u8,
            compaction: compact.enabled,
            compaction_rows_max: compact.rows_max,
            compaction_delete_delay_ms: compact.delete_delay.as_millis() as u64,
        }
    }
}

impl Storage {
    /// Key, value and the least that works.
    pub(super) fn minima(&self) -> [(&'static str, u64, u64); 8] {
        [
            ("storage.sync_interval_ms", self.sync_interval_ms, 1),
            ("storage.memtable_bytes_max", self.memtable_bytes_max, 1),
            ("storage.flush_interval_ms", self.flush_interval_ms, 1),
            ("storage.unflushed_bytes_max", self.unflushed_bytes_max, self.memtable_bytes_max),
            ("storage.wal_segment_bytes", self.wal_segment_bytes, WAL_SEGMENT_BYTES_MIN),
            ("storage.wal_bytes_max", self.wal_bytes_max, self.wal_segment_bytes.saturating_mul(2)),
            ("storage.disk_used_percent_max", self.disk_used_percent_max.into(), 1),
            ("storage.compaction_rows_max", self.compaction_rows_max, COMPACTION_ROWS_MIN),
        ]
    }

    /// `config` with what is set here.
    pub(super) fn apply(&self, mut config: storage::Config) -> storage::Config {
        config.memtable_bytes_max = self.memtable_bytes_max;
        config.flush_interval = Duration::from_millis(self.flush_interval_ms);
        config.unflushed_bytes_max = self.unflushed_bytes_max;
        config.block_cache_bytes_max = self.block_cache_bytes_max;
        config.trace_index_cache_bytes_max = self.trace_index_cache_bytes_max;
        config.arrivals_bytes_max = self.arrivals_bytes_max;
        config.wal.segment_bytes = self.wal_segment_bytes;
        config.wal.bytes_max = self.wal_bytes_max;
        config.wal.free_bytes_min = self.free_bytes_min;
        config.wal.used_share_max = f64::from(self.disk_used_percent_max) / 100.0;
        config.compact.enabled = self.compaction;
        config.compact.rows_max = self.compaction_rows_max;
        config.compact.delete_delay = Duration::from_millis(self.compaction_delete_delay_ms);
        config.wal.sync = match self.durability {
            Durability::Fsync => SyncMode::Fsync,
            Durability::Interval => SyncMode::Interval(Duration::from_millis(self.sync_interval_ms)),
            Durability::None => SyncMode::None,
        };
        config
    }
}
