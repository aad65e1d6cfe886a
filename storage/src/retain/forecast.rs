//! How much is held of each table, how fast it grows, and when it will be as much as may be held. Pure.
//!
//! 1. A table grows by the bytes of its blocks that arrived within the last day, or since it began. Less than an hour tells nothing.
//! 2. It grows until its oldest rows are as old as they may become; from then on as much goes as comes.
//! 3. The sum of all tables reaches the limit in the stretch between two such moments in which it is passed.

use std::time::Duration;

use schemas::{Table, UnixNanos};

const HOUR_NS: i64 = 3600 * 1_000_000_000;
const DAY_NS: i64 = 24 * HOUR_NS;

/// What is held.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdings {
    pub tables: Vec<TableHoldings>,
    /// What blocks may take together: above it the oldest go.
    pub bytes_max: u64,
    /// `None`: not with what comes now, or nothing tells what comes.
    pub full_in: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableHoldings {
    pub table: Table,
    pub blocks: usize,
    pub rows: u64,
    /// With indexes.
    pub bytes: u64,
    /// Of the oldest and the newest event; `None` without blocks.
    pub time: Option<(UnixNanos, UnixNanos)>,
    /// At which rows go; `None`: never.
    pub age_max: Option<Duration>,
    /// `None`: it began less than an hour ago.
    pub bytes_per_day: Option<f64>,
    /// How much it will be when as much goes as comes; `None`: nothing tells, or nothing goes.
    pub steady_bytes: Option<f64>,
}

/// A live block, as far as this is concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub table: Table,
    pub rows: u64,
    pub bytes: u64,
    pub first_event: UnixNanos,
    pub last_event: UnixNanos,
    pub last_received: UnixNanos,
}

pub(super) fn holdings(blocks: &[Held], age_max: impl Fn(Table) -> Option<Duration>, bytes_max: u64, now: UnixNanos) -> Holdings {
    let of_table = |table| of_table(table, blocks, age_max(table), now);
    let tables: Vec<TableHoldings> = Table::ALL.map(of_table).into();
    let full_in = full_in(&tables, blocks, bytes_max, now);
    Holdings { tables, bytes_max, full_in }
}

fn of_table(table: Table, blocks: &[Held], age_max: Option<Duration>, now: UnixNanos) -> TableHoldings {
    let own = || blocks.iter().filter(move |block| block.table == table);
    let first = own().map(|block| block.first_event).min();
    let bytes_per_day = began(table, blocks).and_then(|began| {
        let window = now.0.saturating_sub(began.0).min(DAY_NS);
        let grown: u64 = own().filter(|block| block.last_received.0 > now.0.saturating_sub(window)).map(|block| block.bytes).sum();
        (window >= HOUR_NS).then(|| grown as f64 * DAY_NS as f64 / window as f64)
    });
    TableHoldings {
        table,
        blocks: own().count(),
        rows: own().map(|block| block.rows).sum(),
        bytes: own().map(|block| block.bytes).sum(),
        time: first.zip(own().map(|block| block.last_event).max()),
        age_max,
        bytes_per_day,
        steady_bytes: bytes_per_day.zip(age_max).map(|(bytes, age)| bytes * age.as_nanos() as f64 / DAY_NS as f64),
    }
}

/// When its first block arrived.
fn began(table: Table, blocks: &[Held]) -> Option<UnixNanos> {
    blocks.iter().filter(|block| block.table == table).map(|block| block.last_received).min()
}

fn full_in(tables: &[TableHoldings], blocks: &[Held], bytes_max: u64, now: UnixNanos) -> Option<Duration> {
    // Of each growing table: bytes in a nanosecond, and for how long it grows.
    let growing = tables.iter().filter_map(|table| {
        let rate = table.bytes_per_day.filter(|bytes| *bytes > 0.0)? / DAY_NS as f64;
        let age = now.0.saturating_sub(began(table.table, blocks)?.0).max(0) as f64;
        let grows = table.age_max.map_or(f64::INFINITY, |age_max| (age_max.as_nanos() as f64 - age).max(0.0));
        Some((rate, grows))
    });
    let mut growing: Vec<(f64, f64)> = growing.collect();
    growing.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut left = bytes_max as f64 - tables.iter().map(|table| table.bytes as f64).sum::<f64>();
    let (mut rate, mut at) = (growing.iter().map(|(rate, _)| rate).sum::<f64>(), 0.0);
    if left <= 0.0 {
        return Some(Duration::ZERO);
    }
    for (of_table, until) in growing {
        let grown = rate * (until - at);
        if grown >= left {
            let seconds = (at + left / rate) / 1e9;
            return Duration::try_from_secs_f64(seconds).ok();
        }
        left -= grown;
        rate -= of_table;
        at = until;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(100 * DAY_NS);
    const DAY: Duration = Duration::from_nanos(DAY_NS as u64);

    /// A block that arrived so many hours ago.
    fn block(table: Table, hours: i64, bytes: u64) -> Held {
        let at = UnixNanos(NOW.0 - hours * HOUR_NS);
        Held { table, rows: 10, bytes, first_event: UnixNanos(at.0 - HOUR_NS), last_event: at, last_received: at }
    }

    fn age_max(table: Table) -> Option<Duration> {
        (table != Table::Metrics).then_some(7 * DAY)
    }

    fn spans(holdings: &Holdings) -> &TableHoldings {
        holdings.tables.iter().find(|table| table.table == Table::Spans).expect("all tables are there")
    }

    #[test]
    fn growth_is_of_the_last_day_or_since_it_began() {
        let check = |hours: &[i64], expected: Option<f64>| {
            let blocks: Vec<Held> = hours.iter().map(|hours| block(Table::Spans, *hours, 100)).collect();
            let holdings = holdings(&blocks, age_max, u64::MAX, NOW);
            let spans = spans(&holdings);
            assert_eq!((spans.bytes_per_day, spans.steady_bytes), (expected, expected.map(|bytes| bytes * 7.0)), "{hours:?}");
            assert_eq!((spans.blocks, spans.rows, spans.bytes), (hours.len(), 10 * hours.len() as u64, 100 * hours.len() as u64));
        };
        check(&[], None);
        check(&[0], None);
        check(&[2, 1, 0], Some(2400.0));
        check(&[50, 23, 12, 1], Some(300.0));
        check(&[50], Some(0.0));
    }

    #[test]
    fn when_it_is_full() {
        let spans = [block(Table::Spans, 24, 100), block(Table::Spans, 1, 100)];
        let both = [spans[0], spans[1], block(Table::Metrics, 24, 100), block(Table::Metrics, 1, 50)];
        let check = |blocks: &[Held], bytes_max: u64, expected: Option<f64>| {
            let days = holdings(blocks, age_max, bytes_max, NOW).full_in.map(|time| time.as_secs_f64() / DAY.as_secs_f64());
            let right = days.zip(expected).map_or(days == expected, |(days, expected)| (days - expected).abs() < 1e-9);
            assert!(right, "{days:?}, not {expected:?}");
        };
        // 200 now, 100 a day, for six days more.
        check(&spans, 100, Some(0.0));
        check(&spans, 500, Some(3.0));
        check(&spans, 790, Some(5.9));
        check(&spans, 810, None);
        // 350 now, 150 a day; after six days 50 a day, without an end.
        check(&both, 650, Some(2.0));
        check(&both, 1350, Some(8.0));
        check(&[], 1, None);
    }
}
