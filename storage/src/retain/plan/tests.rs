use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600 * 1_000_000_000;
const NOW: UnixNanos = UnixNanos(1000 * HOUR);
const MIB: u64 = 1 << 20;

/// Spans of which the last happened and arrived so many hours ago.
fn block(id: u64, hours_ago: i64, bytes: u64) -> Candidate {
    let at = UnixNanos(NOW.0 - hours_ago * HOUR);
    Candidate { id, table: Table::Spans, bytes, last_event: at, last_received: at }
}

/// Spans live 24 hours, logs 48, metrics for ever.
fn age_max(table: Table) -> Option<Duration> {
    match table {
        Table::Spans => Some(Duration::from_secs(24 * 3600)),
        Table::Logs => Some(Duration::from_secs(48 * 3600)),
        _ => None,
    }
}

fn check(blocks: &[Candidate], bytes_max: u64, expected: &[u64]) {
    assert_eq!(plan(blocks, age_max, bytes_max, NOW, false), Ok(expected.to_vec()), "{blocks:?}");
}

#[test]
fn each_table_has_its_age() {
    check(&[block(1, 23, 1), block(2, 24, 1), block(3, 100, 1)], u64::MAX, &[3, 2]);
    let of = |id, table| Candidate { table, ..block(id, 30, 1) };
    check(&[of(1, Table::Spans), of(2, Table::Logs), of(3, Table::Metrics)], u64::MAX, &[1]);
    let of = |id, table| Candidate { table, ..block(id, 50, 1) };
    check(&[of(1, Table::Spans), of(2, Table::Logs), of(3, Table::Metrics)], u64::MAX, &[1, 2]);
}

#[test]
fn the_later_of_event_and_arrival_counts() {
    let imported = Candidate { last_event: UnixNanos(0), ..block(1, 1, 1) };
    check(&[imported], u64::MAX, &[]);
    let fast_clock = Candidate { last_event: UnixNanos(NOW.0 - 24 * HOUR + 1), ..block(1, 24, 1) };
    check(&[fast_clock], u64::MAX, &[]);
    let broken_clock = Candidate { last_event: UnixNanos(i64::MAX), ..block(1, 24, 1) };
    check(&[broken_clock], u64::MAX, &[1]);
}

#[test]
fn the_oldest_go_when_there_is_too_much() {
    let blocks = [block(1, 1, 10), block(2, 3, 10), block(3, 2, 10)];
    check(&blocks, 30, &[]);
    check(&blocks, 29, &[2]);
    check(&blocks, 20, &[2]);
    check(&blocks, 19, &[2, 3]);
    check(&blocks, 0, &[2, 3, 1]);
}

#[test]
fn most_of_the_data_goes_only_when_somebody_insists() {
    let blocks = [block(1, 30, 100 * MIB), block(2, 1, 99 * MIB)];
    let refusal = Refusal { bytes: 100 * MIB, bytes_total: 199 * MIB };
    assert_eq!(plan(&blocks, age_max, u64::MAX, NOW, false), Err(refusal));
    assert_eq!(plan(&blocks, age_max, u64::MAX, NOW, true), Ok(vec![1]));
    check(&[block(1, 30, 100 * MIB), block(2, 1, 100 * MIB)], u64::MAX, &[1]);
    check(&[block(1, 30, 63 * MIB)], u64::MAX, &[1]);
}

proptest! {
    #[test]
    fn what_stays_is_young_and_fits(
        blocks in prop::collection::vec((0i64..100, -200i64..200, 0u64..50), 0..40),
        bytes_max in 0u64..1000,
    ) {
        let blocks: Vec<Candidate> = blocks
            .into_iter()
            .zip(1..)
            .map(|((hours_ago, skew, bytes), id)| {
                let block = block(id, hours_ago, bytes);
                Candidate { last_event: UnixNanos(block.last_received.0 + skew * HOUR / 10), ..block }
            })
            .collect();
        let gone = plan(&blocks, age_max, bytes_max, NOW, true).unwrap();
        let (left, gone): (Vec<Candidate>, Vec<Candidate>) = blocks.iter().partition(|block| !gone.contains(&block.id));
        let young = |block: &Candidate| NOW.0 - block.born().0 < 24 * HOUR;
        prop_assert!(left.iter().all(young));
        prop_assert!(left.iter().map(|block| block.bytes).sum::<u64>() <= bytes_max);
        // Nothing young goes while something older stays, and none without need.
        let youngest_gone = gone.iter().filter(|block| young(block)).map(|block| block.born()).max();
        if let Some(youngest_gone) = youngest_gone {
            prop_assert!(left.iter().all(|block| block.born() >= youngest_gone));
            let last = gone.iter().filter(|block| young(block)).max_by_key(|block| (block.born(), block.id)).unwrap();
            prop_assert!(left.iter().map(|block| block.bytes).sum::<u64>() + last.bytes > bytes_max);
        }
    }
}
