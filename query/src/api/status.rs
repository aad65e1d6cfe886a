//! `GET /api/v1/status`: what runs, where it listens, what it holds.

use std::time::{Instant, SystemTime};

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{self, Cost, Meta, Time},
    health::not_ready_reasons,
    openapi::OtherProblems,
    process::ProcessStats,
    router::{Listening, Shared},
};

/// So many damaged blocks are told of.
const DAMAGED_MAX: usize = 20;

#[derive(Debug, Serialize, ToSchema)]
struct Status<'a> {
    version: &'a str,
    ready: bool,
    reasons: Vec<String>,
    uptime_s: u64,
    listening: &'a [Listening],
    data_dir: &'a str,
    received: Received,
    storage: Storage,
    process: Process,
    meta: Meta,
}

/// Records since start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Received {
    pub traces: u64,
    pub logs: u64,
    pub metrics: u64,
    pub rejected: u64,
}

/// What the store holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Storage {
    tables: Vec<TableRows>,
    memtable_bytes: u64,
    unflushed_age_ms: u64,
    wal_bytes: u64,
    replay_bytes_left: u64,
    flush_failures: u64,
    compaction: Compaction,
    /// Live blocks that cannot be read.
    damaged_blocks: usize,
    /// Of them at most twenty.
    damaged: Vec<DamagedBlock>,
    /// The disk of the data directory, when it was last looked at.
    disk: Option<Disk>,
}

/// A block that cannot be read. Its file stays where it is; answers have the rows of it that can be read, and are partial.
#[derive(Debug, Serialize, ToSchema)]
struct DamagedBlock {
    table: &'static str,
    /// Relative to the data directory.
    path: String,
    rows: u64,
    /// Of its oldest row.
    #[schema(value_type = String)]
    first: Time,
    #[schema(value_type = String)]
    last: Time,
    /// When it was found out.
    #[schema(value_type = String)]
    since: Time,
    reason: String,
}

/// How blocks are kept few and large.
#[derive(Debug, Serialize, ToSchema)]
struct Compaction {
    /// Blocks that could be written anew as fewer right now.
    debt_blocks: u64,
    debt_bytes: u64,
    /// Since the start.
    flushed_bytes: u64,
    rewritten_bytes: u64,
    /// Bytes written for each byte flushed; absent before the first flush.
    write_amplification: Option<f64>,
    /// Blocks that no new question sees and whose files are still there.
    retired_blocks: u64,
    retired_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct Disk {
    free_bytes: u64,
    total_bytes: u64,
    /// With less than this free, new data is asked to come back.
    needed_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct TableRows {
    table: &'static str,
    rows: u64,
    memory_rows: u64,
    blocks: usize,
    block_bytes: u64,
}

impl Storage {
    pub(super) fn of(stats: &storage::Stats) -> Self {
        let tables = stats.tables.iter().map(|table| TableRows {
            table: table.table.name(),
            rows: table.block_rows + table.memory_rows,
            memory_rows: table.memory_rows,
            blocks: table.blocks,
            block_bytes: table.block_bytes,
        });
        Self {
            tables: tables.collect(),
            memtable_bytes: stats.memtable_bytes,
            unflushed_age_ms: stats.unflushed_age.as_millis() as u64,
            wal_bytes: stats.wal_bytes,
            replay_bytes_left: stats.replay_bytes_left,
            flush_failures: stats.flush_failures,
            compaction: Compaction::of(&stats.compaction),
            damaged_blocks: stats.damaged.len(),
            damaged: stats.damaged.iter().take(DAMAGED_MAX).map(DamagedBlock::of).collect(),
            disk: stats.disk.map(|storage::wal::DiskWatch { space, needed_bytes }| Disk {
                free_bytes: space.free_bytes,
                total_bytes: space.total_bytes,
                needed_bytes,
            }),
        }
    }
}

impl DamagedBlock {
    fn of(block: &storage::DamagedBlock) -> Self {
        Self {
            table: block.table.name(),
            path: block.path.display().to_string(),
            rows: block.rows,
            first: Time(block.time.first),
            last: Time(block.time.last),
            since: Time(block.since),
            reason: block.reason.clone(),
        }
    }
}

impl Compaction {
    fn of(stats: &storage::CompactionStats) -> Self {
        let storage::CompactionStats { debt_blocks, debt_bytes, flushed_bytes, rewritten_bytes, retired_blocks, retired_bytes } = *stats;
        let write_amplification = stats.write_amplification();
        Self { debt_blocks, debt_bytes, flushed_bytes, rewritten_bytes, write_amplification, retired_blocks, retired_bytes }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Process {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    threads: Option<u64>,
}

/// What runs, where it listens, what it holds.
#[utoipa::path(get, path = "/api/v1/status", tag = "server", responses((status = 200, description = "The server", body = Status<'_>), OtherProblems))]
pub(crate) async fn get(State(shared): State<Shared>) -> Response {
    let start = Instant::now();
    let reasons = not_ready_reasons(&shared);
    let process = ProcessStats::load();
    let status = Status {
        version: shared.version,
        ready: reasons.is_empty(),
        reasons,
        uptime_s: SystemTime::now().duration_since(shared.started_at).map_or(0, |uptime| uptime.as_secs()),
        listening: &shared.listening,
        data_dir: &shared.data_dir,
        received: (shared.received)(),
        storage: Storage::of(&shared.store.stats()),
        process: Process { cpu_seconds: process.cpu_seconds, resident_bytes: process.resident_bytes, threads: process.threads },
        meta: Cost::default().meta(start),
    };
    answer::json(serde_json::to_vec(&status).expect("strings and numbers always serialize"))
}
