//! Halves of calls: when they are looked at again, and what becomes of them. Pure.
//!
//! Rows of `edge_halves` are not brought together as those of other tables are: halves that find each other become a call in
//! `edge_minutes`, those that waited long enough become one of which nothing else is known, and the others go on waiting, in a block of
//! their own.
//!
//! 1. When enough blocks are there, or the oldest waits for twice as long as it has to, *all* of a tenant are taken, so that no half of
//!    a pair is left behind.
//! 2. Before a call that came in is settled as one of nobody, the span above it is looked for: a service that makes calls without a span
//!    of its own for each has only that (see [`super::above`]).
//! 3. A half has waited long enough when everything that arrived within the delay after it is in blocks too.
//!
//! INVARIANT: jobs run out: one leaves at most three blocks, and nothing that waited long enough.

use std::{collections::BTreeMap, sync::Arc};

use arrow::record_batch::RecordBatch;
use schemas::{TenantId, UnixNanos};

use super::{
    above,
    merge::{self, InputError},
};
use crate::{
    block::{Block, BlockReader},
    rollup::{Change, EdgeMinutes, Known, RollupError},
};

/// Blocks that are not left alone.
const BLOCKS_MAX: usize = 8;
/// Halves that may wait; of more the older ones are not waited for.
const HALVES_MAX: usize = 1 << 20;

/// A live block of halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub id: u64,
    pub tenant: TenantId,
    pub rows: u64,
    pub last_received: UnixNanos,
}

/// Ids of the blocks to take, all of one tenant; `None` when none is due. All that arrived before `until` is in blocks.
pub(super) fn plan(waiting: &[Waiting], settle_after_ns: i64, until: i64) -> Option<(TenantId, Vec<u64>)> {
    let mut tenants: BTreeMap<TenantId, Vec<Waiting>> = BTreeMap::new();
    waiting.iter().for_each(|block| tenants.entry(block.tenant).or_default().push(*block));
    let is_old = |block: &Waiting| block.last_received.0.saturating_add(settle_after_ns.saturating_mul(2)) <= until;
    let is_due = |blocks: &[Waiting]| {
        let halves: u64 = blocks.iter().map(|block| block.rows).sum();
        blocks.len() >= BLOCKS_MAX || halves > HALVES_MAX as u64 || blocks.iter().any(is_old)
    };
    let (tenant, blocks) = tenants.into_iter().find(|(_, blocks)| is_due(blocks))?;
    Some((tenant, blocks.iter().map(|block| block.id).collect()))
}

/// Rows of `edge_minutes`, rows of `edge_halves` that go on waiting, and what is to be remembered.
pub(super) struct Settled {
    pub calls: RecordBatch,
    pub halves: RecordBatch,
    pub changes: Vec<Change>,
}

/// Joins the halves of `inputs`, of which there is at least one, looks in `spans` for what is above those that nobody made, and settles
/// those that arrived before `received_before`.
pub(super) fn settle(
    reader: &BlockReader,
    inputs: &[Arc<Block>],
    spans: &[Arc<Block>],
    received_before: i64,
    (known, values_max): (&Known, usize),
) -> Result<Settled, InputError> {
    let mut edges = EdgeMinutes::default();
    merge::add_all(reader, inputs, |rows| edges.add_halves(rows))?;
    edges.join();
    let failed = |error: RollupError| InputError::new(&inputs[0], error.into());
    edges.adopt(&above::spans(reader, spans, &edges.lost(received_before)), received_before).map_err(failed)?;
    edges.settle(received_before);
    if let Some(received_before) = edges.crowded(HALVES_MAX) {
        edges.settle(received_before);
    }
    let changes = edges.limit(known, values_max);
    let (calls, halves) = edges.finish().map_err(failed)?;
    Ok(Settled { calls, halves, changes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NS: i64 = 1_000_000_000;

    #[test]
    fn when_halves_are_looked_at() {
        let check = |blocks: &[(u32, u64, i64)], until: i64, expected: Option<(u32, usize)>| {
            let waiting: Vec<Waiting> = blocks
                .iter()
                .zip(0..)
                .map(|((tenant, rows, received), id)| Waiting {
                    id,
                    tenant: TenantId(*tenant),
                    rows: *rows,
                    last_received: UnixNanos(received * NS),
                })
                .collect();
            let planned = plan(&waiting, 300 * NS, until.saturating_mul(NS));
            assert_eq!(planned.map(|(tenant, ids)| (tenant.0, ids.len())), expected, "{blocks:?} {until}");
        };
        check(&[], 0, None);
        check(&[(1, 5, 0)], 599, None);
        check(&[(1, 5, 0), (1, 5, 500)], 600, Some((1, 2)));
        check(&[(1, 5, 700), (2, 5, 0), (2, 5, 500)], 600, Some((2, 2)));
        check(&[(1, 1, 0); 7], 10, None);
        check(&[(1, 1, 0); 8], 10, Some((1, 8)));
        check(&[(1, HALVES_MAX as u64, 0), (1, 1, 0)], 10, Some((1, 2)));
        check(&[(1, 5, 0)], i64::MIN, None);
    }
}
