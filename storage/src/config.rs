//! Limits and habits of the store.

use std::{path::PathBuf, time::Duration};

use crate::{CompactConfig, RetainConfig, io::DiskSpace, wal::WalConfig};

#[derive(Debug, Clone)]
pub struct Config {
    /// Everything the store keeps is below it. It may be moved while no process uses it.
    pub data_dir: PathBuf,
    /// Rows in memory are written to blocks at this size,
    pub memtable_bytes_max: u64,
    /// or when the oldest of them has waited this long.
    pub flush_interval: Duration,
    /// Rows that are in no block yet, however many memtables they are in. Above it requests are refused. While a restart makes the
    /// rows of old records again these may take half of it, and new rows the other half.
    pub unflushed_bytes_max: u64,
    /// Rows kept in the order in which they arrived, for followers; until they are flushed they are the same memory. Whoever is further
    /// behind misses rows.
    pub arrivals_bytes_max: u64,
    /// Footers, checksums and text indexes of blocks kept in memory. A question about words goes through the text indexes of every block
    /// in its time, about 20 bytes a log record; when they do not stay here, each question reads them again.
    pub block_cache_bytes_max: usize,
    /// Of the trace index of every block, what is kept in memory: 11 bits a trace. They have a place of their own because a trace is
    /// looked up in all of them, and would be in none of them once scans have pushed some out.
    pub trace_index_cache_bytes_max: usize,
    /// Operations of a service that have rows of their own in sums by minute; peers, error codes, versions and
    /// environments too, and ten times as many combinations of them. What is beyond is added up.
    pub rollup_values_max: usize,
    /// Kept in a file that goes when the disk is full, so that what frees room can be written down. 0: no such file.
    pub reserve_bytes: u64,
    pub wal: WalConfig,
    pub compact: CompactConfig,
    pub retain: RetainConfig,
}

impl Config {
    const MIB: u64 = 1 << 20;

    /// The defaults for a directory, which need not exist.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            wal: WalConfig::new(data_dir.join("wal")),
            data_dir,
            memtable_bytes_max: 64 * Self::MIB,
            flush_interval: Duration::from_secs(30),
            unflushed_bytes_max: 256 * Self::MIB,
            arrivals_bytes_max: 32 * Self::MIB,
            block_cache_bytes_max: 256 << 20,
            trace_index_cache_bytes_max: 64 << 20,
            rollup_values_max: 1000,
            reserve_bytes: 16 << 20,
            compact: CompactConfig::default(),
            retain: RetainConfig::default(),
        }
    }

    /// The same with no more than a share of the disk kept free.
    pub(crate) fn sized_for(mut self, disk: DiskSpace) -> Self {
        self.wal = self.wal.sized_for(disk);
        self.compact.free_bytes_min = self.compact.free_bytes_min.min(disk.total_bytes / 20);
        self.reserve_bytes = self.reserve_bytes.min(disk.total_bytes / 64);
        self
    }

    /// Rows of old records in memory; above it replay waits for a flush.
    pub(crate) fn replayed_bytes_max(&self) -> u64 {
        self.unflushed_bytes_max / 2
    }

    /// At this size they are written to blocks, so that replay goes on while half of its share is written.
    pub(crate) fn replayed_memtable_bytes_max(&self) -> u64 {
        self.memtable_bytes_max.min(self.replayed_bytes_max() / 2)
    }

    pub(crate) fn quarantine_dir(&self) -> PathBuf {
        self.data_dir.join("quarantine")
    }

    pub(crate) fn reserve_path(&self) -> PathBuf {
        self.data_dir.join("reserve")
    }

    /// Files that other rooms keep beside the data; each is only ever replaced as a whole.
    pub fn settings_dir(&self) -> PathBuf {
        self.data_dir.join("settings")
    }

    pub(crate) fn request_hashes_path(&self) -> PathBuf {
        self.data_dir.join("request-hashes")
    }
}
