//! The names of this room's own metrics.

/// Histogram: time of one `fdatasync` of the write-ahead log.
pub const WAL_SYNC_SECONDS: &str = "fusebox_wal_sync_seconds";
/// Histogram: requests made durable by one sync.
pub const WAL_GROUP_REQUESTS: &str = "fusebox_wal_group_requests";
/// Gauge: bytes that replay would read.
pub const WAL_BYTES: &str = "fusebox_wal_bytes";
/// Counter: request bytes written.
pub const WAL_WRITTEN_BYTES_TOTAL: &str = "fusebox_wal_written_bytes_total";
/// Gauge: bytes that may still be written on the disk of the data directory.
pub const DISK_FREE_BYTES: &str = "fusebox_disk_free_bytes";
/// Gauge: its size, as far as this process may use it.
pub const DISK_TOTAL_BYTES: &str = "fusebox_disk_total_bytes";
/// Gauge: with less than this free, new requests are asked to come back.
pub const DISK_NEEDED_BYTES: &str = "fusebox_disk_needed_bytes";
/// Gauge: 1 while the log takes nothing, for lack of room or because it cannot be written.
pub const INGEST_REFUSED: &str = "fusebox_ingest_refused";
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
/// Counter: bytes of blocks that flushes wrote, with their indexes.
pub const FLUSHED_BYTES_TOTAL: &str = "fusebox_flushed_bytes_total";
/// Counter: rows that say they happened more than an hour after they arrived; they are stored as they are.
pub const FUTURE_ROWS_TOTAL: &str = "fusebox_future_rows_total";
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
/// Gauge: blocks that wait to be compacted,
pub const COMPACTION_DEBT_BLOCKS: &str = "fusebox_compaction_debt_blocks";
/// and their bytes.
pub const COMPACTION_DEBT_BYTES: &str = "fusebox_compaction_debt_bytes";
/// Gauge: bytes of blocks written since the start, by flushes and by compaction, for each byte that a flush wrote.
pub const WRITE_AMPLIFICATION: &str = "fusebox_write_amplification";
/// Gauge: blocks that are not live any more and whose files are still there,
pub const RETIRED_BLOCKS: &str = "fusebox_retired_blocks";
/// and their bytes.
pub const RETIRED_BYTES: &str = "fusebox_retired_bytes";
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
/// Gauge: live blocks that cannot be read.
pub const DAMAGED_BLOCKS: &str = "fusebox_damaged_blocks";
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
