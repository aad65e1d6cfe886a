use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { rows_max: 1000, fan_in: 4, inputs_max: 8, quiet_after_ns: 600 * 1_000_000_000 };
const MIB: u64 = 1 << 20;
/// In the middle of hour 100.
const NOW: UnixNanos = UnixNanos(100 * HOUR_NS + HOUR_NS / 2);

fn group(hour: Hour) -> Group {
    Group { tenant: TenantId::DEFAULT, table: Table::Spans, hour, rolled_up: 2 }
}

/// Blocks of one hour; `sizes` are rows and bytes.
fn blocks(hour: Hour, sizes: &[(u64, u64)]) -> Vec<Candidate> {
    let group = group(hour);
    sizes.iter().zip(1..).map(|((rows, bytes), id)| Candidate { id, group, rows: *rows, bytes: *bytes }).collect()
}

fn check(hour: Hour, sizes: &[(u64, u64)], expected: &[u64]) {
    let job = plan(&blocks(hour, sizes), &LIMITS, NOW);
    assert_eq!(job.map(|job| job.inputs).unwrap_or_default(), expected, "{hour:?} {sizes:?}");
}

#[test]
fn blocks_of_a_tier_become_one_when_there_are_enough() {
    let now = Hour::Of(100);
    check(now, &[], &[]);
    check(now, &[(10, 5); 3], &[]);
    check(now, &[(10, 5); 4], &[1, 2, 3, 4]);
    check(now, &[(10, 5); 9], &[1, 2, 3, 4, 5, 6, 7, 8]);
    // Two tiers with three blocks each wait, the fourth of one does not.
    check(now, &[(10, 5), (10, 2 * MIB), (10, 5), (10, 2 * MIB), (10, 5), (10, 2 * MIB)], &[]);
    check(now, &[(10, 5), (10, 2 * MIB), (10, 5), (10, 2 * MIB), (10, 5), (10, 2 * MIB), (10, 5)], &[1, 3, 5, 7]);
    check(Hour::Late, &[(10, 5); 4], &[1, 2, 3, 4]);
}

#[test]
fn full_blocks_are_left_alone() {
    let now = Hour::Of(100);
    check(now, &[(501, 5); 9], &[]);
    check(now, &[(500, 5), (500, 5)], &[]);
    // Three do not fit into one: two do, and need not wait for a fourth.
    check(now, &[(400, 5), (400, 5), (400, 5)], &[1, 2]);
}

#[test]
fn what_is_left_of_an_hour_becomes_one_when_it_is_over() {
    check(Hour::Of(100), &[(10, 5), (20, 5)], &[]);
    check(Hour::Of(101), &[(10, 5), (20, 5)], &[]);
    check(Hour::Of(99), &[(10, 5), (20, 2 * MIB), (30, 9 * MIB)], &[1, 2, 3]);
    check(Hour::Of(99), &[(10, 5)], &[]);
    check(Hour::Late, &[(10, 5), (20, 5)], &[]);
    check(Hour::Of(i64::MAX / HOUR_NS), &[(10, 5), (20, 5)], &[]);
    let just_over = UnixNanos(101 * HOUR_NS + 599 * 1_000_000_000);
    assert_eq!(plan(&blocks(Hour::Of(100), &[(10, 5), (20, 5)]), &LIMITS, just_over), None);
    let quiet = UnixNanos(101 * HOUR_NS + 600 * 1_000_000_000);
    assert!(plan(&blocks(Hour::Of(100), &[(10, 5), (20, 5)]), &LIMITS, quiet).is_some());
}

#[test]
fn a_straggler_does_not_rewrite_an_hour() {
    check(Hour::Of(99), &[(400, 5), (10, 5)], &[]);
    check(Hour::Of(99), &[(400, 5), (10, 5), (12, 5)], &[2, 3]);
    check(Hour::Of(99), &[(400, 5), (100, 5)], &[1, 2]);
}

#[test]
fn the_smallest_come_first() {
    let large = blocks(Hour::Of(100), &[(10, 3 * MIB); 4]);
    let small = blocks(Hour::Of(98), &[(10, 70); 4]).into_iter().map(|block| Candidate { id: block.id + 10, ..block });
    let all: Vec<Candidate> = large.into_iter().chain(small).collect();
    assert_eq!(plan(&all, &LIMITS, NOW).map(|job| job.inputs), Some(vec![11, 12, 13, 14]));
}

/// Blocks of sums are full earlier than others.
const LARGE: Limits = Limits { rows_max: 1 << 20, ..LIMITS };

fn groups() -> impl Strategy<Value = Group> {
    let hour = prop_oneof![(98i64..102).prop_map(Hour::Of), Just(Hour::Late)];
    // Halves of calls have a plan of their own. Most blocks are of few groups, or none had enough of them.
    let others = Table::ALL.into_iter().filter(|table| *table != Table::EdgeHalves).collect::<Vec<_>>();
    let table = prop_oneof![Just(Table::Spans), Just(Table::OperationMinutes), prop::sample::select(others)];
    (1u32..3, table, hour, 0usize..3).prop_map(|(tenant, table, hour, rolled_up)| Group {
        tenant: TenantId(tenant),
        table,
        hour,
        rolled_up: if table == Table::Spans { rolled_up } else { 2 },
    })
}

fn candidates(limits: Limits) -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec((groups(), 1u64..600, 0u64..10 * MIB), 0..300).prop_map(move |blocks| {
        let rows = |group: Group, thousandths: u64| (limits.rows_max(group.table) * thousandths / 1000).max(1);
        let block = |((group, thousandths, bytes), id)| Candidate { id, group, rows: rows(group, thousandths), bytes };
        blocks.into_iter().zip(1..).map(block).collect()
    })
}

fn any_candidates() -> impl Strategy<Value = (Limits, Vec<Candidate>)> {
    prop_oneof![Just(LIMITS), Just(LARGE)].prop_flat_map(|limits| (Just(limits), candidates(limits)))
}

proptest! {
    #[test]
    fn jobs_keep_their_promises_and_run_out((limits, mut live) in any_candidates(), hours_later in 0i64..20, same_keys in 0u64..5) {
        let now = UnixNanos(NOW.0 + hours_later * HOUR_NS);
        let mut rows_expected: u64 = live.iter().map(|block| block.rows).sum();
        let mut rewrites: BTreeMap<u64, u32> = BTreeMap::new();
        let blocks_before = live.len() as u64;
        for id in 1000.. {
            let Some(job) = plan(&live, &limits, now) else { break };
            prop_assert!(id < 1000 + blocks_before, "jobs do not run out");
            let (inputs, rest): (Vec<Candidate>, Vec<Candidate>) = live.iter().partition(|block| job.inputs.contains(&block.id));
            prop_assert_eq!(inputs.len(), job.inputs.len());
            prop_assert!((2..=limits.inputs_max).contains(&inputs.len()));
            let rows_max = limits.rows_max(job.group.table);
            prop_assert!(inputs.iter().all(|block| block.group == job.group && block.rows <= rows_max / 2));
            let read: u64 = inputs.iter().map(|block| block.rows).sum();
            prop_assert!(read <= rows_max);
            // Rows of sums with the same key become one.
            let most = inputs.iter().map(|block| block.rows).max().unwrap_or(0);
            let rows = if job.group.table.is_rollup() { read - (read - most) * same_keys / 4 } else { read };
            rows_expected -= read - rows;
            let times = inputs.iter().map(|block| rewrites.get(&block.id).copied().unwrap_or(0)).max().unwrap_or(0) + 1;
            rewrites.insert(id, times);
            live = rest;
            live.push(Candidate { id, group: job.group, rows, bytes: inputs.iter().map(|block| block.bytes).sum() });
        }
        prop_assert_eq!(live.iter().map(|block| block.rows).sum::<u64>(), rows_expected, "no row is left behind");

        let mut unfinished: BTreeMap<Group, Vec<u64>> = BTreeMap::new();
        for block in live.iter().filter(|block| block.rows <= limits.rows_max(block.group.table) / 2) {
            unfinished.entry(block.group).or_default().push(block.rows);
        }
        for (group, blocks) in unfinished {
            let tiers = TIER_BYTES.len() + 1;
            prop_assert!(blocks.len() < tiers * limits.fan_in, "{group:?} keeps {blocks:?}");
        }
        prop_assert!(rewrites.values().all(|times| *times <= 12), "{rewrites:?}");
    }
}

#[test]
fn spans_that_are_in_sums_stay_apart_from_those_that_are_not() {
    let mut candidates = blocks(Hour::Of(99), &[(10, 5); 4]);
    candidates[0].group.rolled_up = 1;
    candidates[2].group.rolled_up = 1;
    let mut jobs = Vec::new();
    while let Some(job) = plan(&candidates, &LIMITS, NOW) {
        candidates.retain(|candidate| !job.inputs.contains(&candidate.id));
        jobs.push((job.group.rolled_up, job.inputs));
    }
    jobs.sort_unstable();
    assert_eq!(jobs, [(1, vec![1, 3]), (2, vec![2, 4])]);
}

#[test]
fn blocks_of_sums_are_full_early() {
    let limits = Limits { rows_max: 1 << 20, ..LIMITS };
    let full = |table: Table, rows: u64| {
        let mut candidates = blocks(Hour::Of(99), &[(rows, 5), (rows, 5)]);
        candidates.iter_mut().for_each(|candidate| candidate.group.table = table);
        plan(&candidates, &limits, NOW).is_none()
    };
    assert!(!full(Table::OperationMinutes, ROLLUP_ROWS_MAX / 2) && full(Table::OperationMinutes, ROLLUP_ROWS_MAX / 2 + 1));
    assert!(!full(Table::Spans, ROLLUP_ROWS_MAX / 2 + 1));
}
