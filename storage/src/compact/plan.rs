//! Which blocks become one. Pure.
//!
//! Blocks of a table and a UTC hour of event time are a group; so are the `late` ones of a table. Spans that were added up when they
//! were flushed are not brought together with spans that were not: which of them a block has is known from its place in the log. Halves of
//! calls have a plan of their own.
//!
//! 1. *Tiers.* [`Limits::fan_in`] blocks of about the same size become one of the next size, so that a row is written again at most
//!    once per tier. What would grow above [`Limits::rows_max`] is left in pieces of that size.
//! 2. *Quiet hours.* When an hour has been over for a while its leftovers become one. A block that holds most of their rows stays as
//!    it is until the others have something to add: stragglers that trickle in do not rewrite an hour each time.
//!
//! INVARIANT: inputs of a job are of one group, at least two, each at most half full, and have at most `rows_max` rows together. Jobs
//! run out: carrying one out leaves fewer blocks in its group.

use std::collections::BTreeMap;

use schemas::{Table, TenantId, UnixNanos};

use crate::block::Hour;

const HOUR_NS: i64 = 3600 * 1_000_000_000;

/// Sizes from which on a block is of the next tier.
const TIER_BYTES: [u64; 2] = [1 << 20, 8 << 20];

/// In a quiet hour the largest input may have this many times the rows of all others.
const LARGEST_TO_REST: u64 = 4;

/// What a job may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Rows of a full block.
    pub rows_max: u64,
    /// Blocks of a tier that become one of the next.
    pub fan_in: usize,
    /// Blocks that are read at once.
    pub inputs_max: usize,
    /// How long an hour is waited for after its end, in nanoseconds.
    pub quiet_after_ns: i64,
}

/// Rows of a full block of sums: all of a rewrite are in memory at once.
const ROLLUP_ROWS_MAX: u64 = 1 << 17;

impl Limits {
    fn rows_max(&self, table: Table) -> u64 {
        if table.is_rollup() { self.rows_max.min(ROLLUP_ROWS_MAX) } else { self.rows_max }
    }
}

/// Blocks that may become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Group {
    pub tenant: TenantId,
    pub table: Table,
    pub hour: Hour,
    /// In how many tables of sums its rows are: in all of them, but for spans of earlier versions.
    pub rolled_up: usize,
}

/// A live block, as far as the plan is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub id: u64,
    pub group: Group,
    pub rows: u64,
    pub bytes: u64,
}

/// Blocks to merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub group: Group,
    /// Ids, oldest first.
    pub inputs: Vec<u64>,
}

/// The most urgent job: the one of the smallest blocks, for those are the many. `None` when all is in order.
pub(crate) fn plan(candidates: &[Candidate], limits: &Limits, now: UnixNanos) -> Option<Job> {
    let mut groups: BTreeMap<Group, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.rows <= limits.rows_max(candidate.group.table) / 2) {
        groups.entry(candidate.group).or_default().push(*candidate);
    }
    let jobs = groups.into_iter().filter_map(|(group, mut blocks)| {
        blocks.sort_unstable_by_key(|block| block.id);
        let inputs = of_tier(&blocks, limits).or_else(|| of_quiet_hour(group, &blocks, limits, now))?;
        let bytes: u64 = inputs.iter().map(|block| block.bytes).sum();
        Some((bytes / inputs.len() as u64, group, inputs))
    });
    let (_, group, inputs) = jobs.min_by_key(|(average, group, _)| (*average, *group))?;
    let mut inputs: Vec<u64> = inputs.iter().map(|block| block.id).collect();
    inputs.sort_unstable();
    Some(Job { group, inputs })
}

/// Blocks, and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Debt {
    pub blocks: u64,
    pub bytes: u64,
}

/// The inputs of all jobs that are due; what becomes of them may be an input again.
pub(crate) fn debt(candidates: &[Candidate], limits: &Limits, now: UnixNanos) -> Debt {
    let mut debt = Debt::default();
    let mut left = candidates.to_vec();
    while let Some(job) = plan(&left, limits, now) {
        let (inputs, rest): (Vec<Candidate>, Vec<Candidate>) = left.iter().partition(|block| job.inputs.binary_search(&block.id).is_ok());
        debt.blocks += inputs.len() as u64;
        debt.bytes += inputs.iter().map(|block| block.bytes).sum::<u64>();
        left = rest;
    }
    debt
}

fn tier(block: &Candidate) -> usize {
    TIER_BYTES.iter().take_while(|bytes| block.bytes >= **bytes).count()
}

/// The oldest blocks of the lowest tier that has enough of them.
fn of_tier(blocks: &[Candidate], limits: &Limits) -> Option<Vec<Candidate>> {
    (0..=TIER_BYTES.len()).find_map(|wanted| {
        let of_tier: Vec<Candidate> = blocks.iter().filter(|block| tier(block) == wanted).copied().collect();
        let inputs = fitting(&of_tier, limits);
        let is_full = inputs.len() >= 2 && inputs.len() < of_tier.len();
        (inputs.len() >= limits.fan_in || is_full).then_some(inputs)
    })
}

/// Whatever is left of an hour that is over; late blocks are of no hour.
fn of_quiet_hour(group: Group, blocks: &[Candidate], limits: &Limits, now: UnixNanos) -> Option<Vec<Candidate>> {
    let Hour::Of(hour) = group.hour else { return None };
    let end = hour.checked_add(1)?.checked_mul(HOUR_NS)?;
    if end.checked_add(limits.quiet_after_ns)? > now.0 {
        return None;
    }
    let mut by_rows = blocks.to_vec();
    by_rows.sort_by_key(|block| block.rows);
    let mut inputs = fitting(&by_rows, limits);
    while let Some((largest, rest)) = inputs.split_last() {
        if largest.rows <= LARGEST_TO_REST * rest.iter().map(|block| block.rows).sum::<u64>() {
            break;
        }
        inputs.pop();
    }
    (inputs.len() >= 2).then_some(inputs)
}

/// The first blocks that fit into one.
fn fitting(blocks: &[Candidate], limits: &Limits) -> Vec<Candidate> {
    let mut rows = 0;
    let fits = |block: &&Candidate| {
        rows += block.rows;
        rows <= limits.rows_max(block.group.table)
    };
    blocks.iter().take(limits.inputs_max).take_while(fits).copied().collect()
}

#[cfg(test)]
mod tests;
