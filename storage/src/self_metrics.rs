//! The names of this room's own metrics.

/// Histogram: time of one `fdatasync` of the write-ahead log.
pub const WAL_SYNC_SECONDS: &str = "fusebox_wal_sync_seconds";
/// Histogram: requests made durable by one sync.
pub const WAL_GROUP_REQUESTS: &str = "fusebox_wal_group_requests";
/// Gauge: bytes that replay would read.
pub const WAL_BYTES: &str = "fusebox_wal_bytes";
/// Counter: request bytes written.
pub const WAL_WRITTEN_BYTES_TOTAL: &str = "fusebox_wal_written_bytes_total";
/// Counter: groups that could not be made durable.
pub const WAL_FAILED_GROUPS_TOTAL: &str = "fusebox_wal_failed_groups_total";
pub const WAL_CORRUPT_RECORDS_TOTAL: &str = "fusebox_wal_corrupt_records_total";
/// Counter: records of the newest segment that are damaged, or were never acknowledged.
pub const WAL_DOUBTFUL_RECORDS_TOTAL: &str = "fusebox_wal_doubtful_records_total";
pub const WAL_LOST_BYTES_TOTAL: &str = "fusebox_wal_lost_bytes_total";
pub const WAL_TORN_TAILS_TOTAL: &str = "fusebox_wal_torn_tails_total";
/// Counter: requests read back after a restart.
pub const REPLAYED_RECORDS_TOTAL: &str = "fusebox_replayed_records_total";
/// Counter: requests answered as duplicates of a stored or a waiting one.
pub const DEDUP_HITS_TOTAL: &str = "fusebox_dedup_hits_total";
pub const QUARANTINED_FILES_TOTAL: &str = "fusebox_quarantined_files_total";
/// Histogram: from a sealed memtable to its commit.
pub const FLUSH_SECONDS: &str = "fusebox_flush_seconds";
/// Counter: flushes that failed; each is tried again.
pub const FLUSH_FAILURES_TOTAL: &str = "fusebox_flush_failures_total";
pub const BLOCKS_WRITTEN_TOTAL: &str = "fusebox_blocks_written_total";
/// Gauge: live blocks.
pub const BLOCKS: &str = "fusebox_blocks";
/// Histogram: time of one rewrite of some blocks as fewer.
pub const COMPACTION_SECONDS: &str = "fusebox_compaction_seconds";
/// Counter: bytes of blocks that were replaced, without their indexes; label `direction` is `read` or `written`.
pub const COMPACTION_BYTES_TOTAL: &str = "fusebox_compaction_bytes_total";
/// Counter: rewrites that failed; nothing is lost, the blocks stay as they are.
pub const COMPACTION_FAILURES_TOTAL: &str = "fusebox_compaction_failures_total";
/// Counter: blocks that were replaced or let go and whose files are deleted.
pub const BLOCKS_DELETED_TOTAL: &str = "fusebox_blocks_deleted_total";
/// Counter: bytes of blocks that were too old or too much, with their indexes.
pub const RETENTION_BYTES_TOTAL: &str = "fusebox_retention_bytes_total";
/// Gauge: 1 while retention lets nothing go because it would be more than half of the data.
pub const RETENTION_REFUSED: &str = "fusebox_retention_refused";
/// Counter: reads of blocks that failed; the answer was partial.
pub const BLOCK_READ_FAILURES_TOTAL: &str = "fusebox_block_read_failures_total";
/// Counter: lookups that found the trace index of a block missing or damaged; the block was searched.
pub const TRACE_INDEX_UNUSABLE_TOTAL: &str = "fusebox_trace_index_unusable_total";
/// Counter: text indexes that are missing, damaged or of another block; their rows are scanned.
pub const TEXT_INDEX_UNUSABLE_TOTAL: &str = "fusebox_text_index_unusable_total";
/// Counter: indexes of attributes that are missing, damaged or of another block; their rows are scanned.
pub const ATTRIBUTE_INDEX_UNUSABLE_TOTAL: &str = "fusebox_attribute_index_unusable_total";
/// Counter: text indexes that could not be built; their blocks are written without.
pub const TEXT_INDEX_BUILD_FAILURES_TOTAL: &str = "fusebox_text_index_build_failures_total";
/// Gauge: rows that are in no block yet.
pub const MEMTABLE_BYTES: &str = "fusebox_memtable_bytes";
/// Counter: files of an earlier run that no catalog knew.
pub const ORPHANS_REMOVED_TOTAL: &str = "fusebox_orphans_removed_total";
/// Counter: records of the log that were the retry of an earlier one.
pub const REPLAY_DUPLICATES_TOTAL: &str = "fusebox_replay_duplicates_total";
/// Counter: records of the log that could not be turned into rows and were put aside.
pub const UNREADABLE_REQUESTS_TOTAL: &str = "fusebox_unreadable_requests_total";
