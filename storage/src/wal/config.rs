//! Limits and habits of the log.

use std::{path::PathBuf, time::Duration};

use crate::io::DiskSpace;

/// When the disk is told to keep what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// Before each acknowledgement. Survives power loss.
    Fsync,
    /// At most this long after an acknowledgement. Survives the end of the process; power loss takes the last interval.
    Interval(Duration),
    /// When the operating system likes. Survives the end of the process only.
    None,
}

#[derive(Debug, Clone)]
pub struct WalConfig {
    /// Segments live here, nothing else does.
    pub dir: PathBuf,
    /// Where files that cannot be read are set aside; on the same file system as `dir`.
    pub quarantine_dir: PathBuf,
    /// Size at which a segment is full. A larger record gets a segment of its own.
    pub segment_bytes: u64,
    /// All segments that replay would still need; at least two segments.
    pub bytes_max: u64,
    /// Requests waiting for the sync thread.
    pub queue_bytes_max: u64,
    pub sync: SyncMode,
    /// Trimmed segments kept for their next life.
    pub spare_segments: usize,
    /// Below this much free disk new requests are refused,
    pub free_bytes_min: u64,
    /// and above this share of the disk in use, from 0 to 1, whoever uses it.
    pub used_share_max: f64,
    /// How often the disk is looked at while nothing is written; it is after every group.
    pub space_interval: Duration,
    /// First wait before a refused log tries to write again; doubles up to `probe_max`.
    pub probe_min: Duration,
    pub probe_max: Duration,
}

impl WalConfig {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    /// The defaults on a disk of any size. `dir` and its sibling `quarantine` need not exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        Self {
            quarantine_dir: dir.with_file_name("quarantine"),
            dir,
            segment_bytes: 64 * Self::MIB,
            bytes_max: 4 * Self::GIB,
            queue_bytes_max: 128 * Self::MIB,
            sync: SyncMode::Fsync,
            spare_segments: 2,
            free_bytes_min: Self::GIB,
            used_share_max: 0.9,
            space_interval: Duration::from_secs(5),
            probe_min: Duration::from_secs(1),
            probe_max: Duration::from_secs(5),
        }
    }

    /// A new file grows by this much at a time, in zeros, so that most syncs need not write its length.
    pub(super) fn zero_step_bytes(&self) -> u64 {
        Self::MIB.min(self.segment_bytes)
    }

    /// The same with at most a tenth of the disk for the log, and at most an eighth kept free.
    pub fn sized_for(mut self, disk: DiskSpace) -> Self {
        self.bytes_max = self.bytes_max.min(disk.total_bytes / 10).max(2 * self.segment_bytes);
        self.free_bytes_min = self.free_bytes_min.min(disk.total_bytes / 8);
        self
    }

    /// With less than this free on `disk` new requests are refused.
    pub fn free_bytes_needed(&self, disk: DiskSpace) -> u64 {
        let usable = (disk.total_bytes as f64 * self.used_share_max.clamp(0.0, 1.0)) as u64;
        self.free_bytes_min.max(disk.total_bytes.saturating_sub(usable))
    }
}
