//! Series as blocks and memory list them, against a count of all points.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow::{
    array::AsArray,
    datatypes::{TimestampNanosecondType, UInt64Type},
};
use proptest::{collection::vec, prelude::*};
use schemas::{
    Table, TenantId, UnixNanos,
    columns::{COUNT, SERIES_ID, TIME},
};
use storage::{Read, SeriesCounts, SeriesLimits, Snapshot, SplitId, TimeRange, io::RealIo};

use crate::rows::{Row, append, config, reopen};

const NOW: i64 = 500_000 * 3_600_000_000_000;

/// Points and time of the last, by series.
type Listed = BTreeMap<u64, (u64, i64)>;

fn points(of: &[(u64, i64)], first_key: u64) -> Vec<Row> {
    (first_key..).zip(of).map(|(key, (series, time))| Row { table: Table::Metrics, key, trace: *series, time: NOW + time }).collect()
}

/// As `rows::values` names it.
fn metric(series: u64) -> String {
    format!("metric_name-{}", series % 3)
}

fn range(first: i64, last: i64) -> TimeRange {
    TimeRange { first: UnixNanos(NOW + first), last: UnixNanos(NOW + last) }
}

fn listed(snapshot: &Snapshot, metric: Option<&str>, time: TimeRange) -> Listed {
    let mut found = Listed::new();
    for place in snapshot.series_places(metric, time) {
        let rows = snapshot.series(place, metric, time).unwrap();
        let column = |name: &str| rows.column_by_name(name).unwrap();
        let (ids, counts) = (column(SERIES_ID).as_primitive::<UInt64Type>(), column(COUNT).as_primitive::<UInt64Type>());
        let times = column(TIME).as_primitive::<TimestampNanosecondType>();
        for row in 0..rows.num_rows() {
            let entry = found.entry(ids.value(row)).or_insert((0, i64::MIN));
            *entry = (entry.0 + counts.value(row), entry.1.max(times.value(row) - NOW));
        }
    }
    found
}

fn expected(points: &[(u64, i64)], of: Option<&str>, first: i64, last: i64) -> Listed {
    let mut found = Listed::new();
    let wanted = points.iter().filter(|(series, time)| (first..=last).contains(time) && of.is_none_or(|of| of == metric(*series)));
    for (series, time) in wanted {
        let entry = found.entry(*series).or_insert((0, i64::MIN));
        *entry = (entry.0 + 1, entry.1.max(*time));
    }
    found
}

/// Of all blocks together, each row checked for its series.
fn points_in_rows_of(snapshot: &Snapshot, series: &HashSet<u64>) -> usize {
    let mut found = 0;
    let columns = vec![Table::Metrics.schema().index_of(SERIES_ID).unwrap()];
    for split in snapshot.splits(Table::Metrics) {
        let SplitId::Block(id) = split.id else { continue };
        let rows = snapshot.rows_of_series(Table::Metrics, id, series).unwrap();
        assert!(rows.windows(2).all(|pair| pair[0].end <= pair[1].start), "{rows:?}");
        let block = snapshot.open(Table::Metrics, id).unwrap();
        let mut first = 0;
        for (row_group, length) in block.row_groups().enumerate() {
            let within =
                rows.iter().map(|rows| rows.start.clamp(first, first + length) - first..rows.end.clamp(first, first + length) - first);
            let rows = Some(within.filter(|rows| !rows.is_empty()).collect());
            let read = Read { row_group, rows, columns: columns.clone(), predicates: Vec::new(), batch_rows: 1000 };
            for batch in snapshot.read(&block, read).unwrap() {
                let batch = batch.unwrap();
                found += batch.num_rows();
                assert!(batch.column(0).as_primitive::<UInt64Type>().values().iter().all(|id| series.contains(id)));
            }
            first += length;
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_point_is_listed_once(
        flushes in vec(vec((0_u64..9, 0_i64..200), 1..40), 1..4),
        in_memory in vec((0_u64..9, 0_i64..200), 0..20),
        windows in vec((-10_i64..210, 0_i64..150), 1..6),
        compacts in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = reopen(config(dir.path()), Arc::new(RealIo));
        let mut all = Vec::new();
        for flush in &flushes {
            append(&store, &points(flush, all.len() as u64), NOW).unwrap().wait().unwrap();
            store.flush().unwrap();
            all.extend_from_slice(flush);
        }
        if compacts {
            store.compact(UnixNanos(i64::MAX)).unwrap();
        }
        let flushed = all.len();
        if !in_memory.is_empty() {
            append(&store, &points(&in_memory, all.len() as u64), NOW).unwrap().wait().unwrap();
            all.extend_from_slice(&in_memory);
        }
        let snapshot = store.snapshot(TenantId::DEFAULT);
        for (first, length) in windows {
            let last = first + length;
            // Asked twice: what is kept answers the second time.
            for of in [None, Some("metric_name-1"), Some("metric_name-1"), Some("nobody's"), None] {
                prop_assert_eq!(listed(&snapshot, of, range(first, last)), expected(&all, of, first, last), "{:?} in {}..={}", of, first, last);
            }
        }
        // Without windows that cut a block, whose first and last points say no more.
        let counted = |points: &[(u64, i64)], series_max: usize| {
            let found: BTreeMap<u64, String> = points.iter().map(|(series, _)| (*series, metric(*series))).collect();
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            found.into_values().take(series_max).for_each(|metric| *counts.entry(metric).or_default() += 1);
            counts
        };
        let time = range(-10, 400);
        let told = snapshot.count_series(time, SeriesLimits { parts_max: 100, series_max: 100 }).unwrap();
        let sums = told.counts.iter().map(|count| (count.metric.clone(), count.series)).collect::<BTreeMap<_, _>>();
        prop_assert_eq!((sums, told.partial.len()), (counted(&all, 100), 0));
        let is_more = counted(&all, 100).values().sum::<usize>() > 2;
        let told = snapshot.count_series(time, SeriesLimits { parts_max: 100, series_max: 2 }).unwrap();
        prop_assert!(told.counts.iter().map(|count| count.series).sum::<usize>() <= 2 && told.partial.is_empty() != is_more);
        let blocks = snapshot.splits(Table::Metrics).iter().filter(|split| matches!(split.id, SplitId::Block(_))).count();
        let told = snapshot.count_series(time, SeriesLimits { parts_max: 1, series_max: 100 }).unwrap();
        prop_assert_eq!(told.partial.is_empty(), blocks == 1, "only the newest block is looked at");
        prop_assert_eq!(snapshot.count_series(range(300, 400), SeriesLimits { parts_max: 9, series_max: 9 }).unwrap(), SeriesCounts::default());
        for series in [HashSet::from([3]), HashSet::from([0, 1, 4, 8]), HashSet::from([77]), (0..9).collect()] {
            let expected = all[..flushed].iter().filter(|(id, _)| series.contains(id)).count();
            prop_assert_eq!(points_in_rows_of(&snapshot, &series), expected);
        }
    }
}

#[test]
fn a_block_of_many_parts() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    // Two series fill a part each and more, others have one point: parts of few runs are kept, those of many are not.
    let long = (0..150_000_i64).map(|time| (1 + (time % 2) as u64 * 3, time));
    let short = (0..40_000_i64).map(|time| (1000 + time as u64 * 3, time));
    let all: Vec<(u64, i64)> = long.chain(short).collect();
    append(&store, &points(&all, 0), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    for (first, last) in [(0, 200_000), (20_000, 100_000), (149_999, 149_999)] {
        for _ in 0..2 {
            assert_eq!(listed(&snapshot, None, range(first, last)), expected(&all, None, first, last), "{first}..={last}");
        }
    }
    assert_eq!(points_in_rows_of(&snapshot, &HashSet::from([4])), 75_000);
    assert_eq!(points_in_rows_of(&snapshot, &HashSet::from([1, 1000, 1003])), 75_002);
}
