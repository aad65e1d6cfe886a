//! Limits and habits of compaction.

use std::time::Duration;

use super::plan::Limits;

#[derive(Debug, Clone)]
pub struct CompactConfig {
    /// Whether blocks are compacted in the background.
    pub enabled: bool,
    /// Rows of a full block.
    pub rows_max: u64,
    /// Blocks of about the same size that become one.
    pub fan_in: usize,
    /// Blocks that are read at once.
    pub inputs_max: usize,
    /// How long an hour is waited for after its end before its leftovers become one block.
    pub quiet_after: Duration,
    /// How long the files of replaced blocks stay after their last reader, for engines that read the files by themselves.
    pub delete_delay: Duration,
    /// How long a half of a call waits for the other half, from its arrival on.
    pub settle_after: Duration,
    /// How long a block that a read failed on is left out before it is tried again; twice as long each time it fails, an hour at most.
    pub retry_after: Duration,
    /// How often the background looks for work.
    pub interval: Duration,
    /// Free space that compaction leaves alone, beside what its outputs need.
    pub free_bytes_min: u64,
}

impl Default for CompactConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            rows_max: 1 << 20,
            fan_in: 8,
            inputs_max: 64,
            quiet_after: Duration::from_secs(600),
            delete_delay: Duration::from_secs(900),
            settle_after: Duration::from_secs(300),
            retry_after: Duration::from_secs(60),
            interval: Duration::from_secs(5),
            free_bytes_min: 1 << 30,
        }
    }
}

impl CompactConfig {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            rows_max: self.rows_max,
            fan_in: self.fan_in,
            inputs_max: self.inputs_max,
            quiet_after_ns: i64::try_from(self.quiet_after.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}
