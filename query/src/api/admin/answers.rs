//! What was done, or would be.

use std::time::Instant;

use http::StatusCode;
use serde::Serialize;
use storage::{Refusal, Retained, RetentionPreview};
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta},
    problem::Problem,
};
use crate::trace::Time;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Flushed {
    /// Rows that are in memory only; those arrived meanwhile.
    pub memory_rows: u64,
    pub meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Compacted {
    /// Times that some blocks became fewer.
    pub rewrites: u64,
    /// Whether nothing is left to do.
    pub is_done: bool,
    /// Live blocks.
    pub blocks: u64,
    /// What is left to do by the rules of the background.
    pub debt_blocks: u64,
    pub debt_bytes: u64,
    pub meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LetGo {
    pub blocks: u64,
    pub rows: u64,
    /// With indexes.
    pub bytes: u64,
    pub meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    /// What would go.
    blocks: u64,
    rows: u64,
    bytes: u64,
    tables: Vec<PreviewTable>,
    /// Why nothing would go all the same, unless somebody insists.
    refused: Option<RefusedRetention>,
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviewTable {
    table: &'static str,
    blocks: u64,
    rows: u64,
    bytes: u64,
    /// The newest event that would go.
    last_time: Option<Time>,
}

/// It would be more than half of the data.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedRetention {
    bytes: u64,
    bytes_total: u64,
}

impl LetGo {
    pub(super) fn new(Retained { blocks, rows, bytes }: Retained, start: Instant) -> Self {
        Self { blocks: blocks as u64, rows, bytes, meta: meta(start) }
    }
}

impl Preview {
    pub(super) fn new(preview: &RetentionPreview, start: Instant) -> Self {
        let tables: Vec<PreviewTable> = preview
            .tables
            .iter()
            .map(|(table, retained, last)| PreviewTable {
                table: table.name(),
                blocks: retained.blocks as u64,
                rows: retained.rows,
                bytes: retained.bytes,
                last_time: last.map(|time| Time(time.0)),
            })
            .collect();
        let sum = |of: fn(&PreviewTable) -> u64| tables.iter().map(of).sum();
        let (blocks, rows, bytes) = (sum(|table| table.blocks), sum(|table| table.rows), sum(|table| table.bytes));
        let refused = preview.refusal.map(|Refusal { bytes, bytes_total }| RefusedRetention { bytes, bytes_total });
        Self { blocks, rows, bytes, tables, refused, meta: meta(start) }
    }
}

pub(super) fn meta(start: Instant) -> Meta {
    Cost::default().meta(start)
}

/// 503: it did not work now; nothing is lost, and it can be asked for again.
pub(super) fn failed(what: &str, reason: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "maintenance_failed", "The store could not do this", format!("{what}: {reason}"))
        .hint("nothing is lost; /api/v1/status and the server log say how the disk is")
}

/// 409: it would be most of the data.
pub(super) fn refused(reason: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "retention_refused", "Most of the data would go", reason)
        .hint("look with POST /api/v1/admin/retention:preview; `insist=true` lets it go all the same")
}
