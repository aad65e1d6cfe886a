//! What people are told of files, beside a running store and without one.

use std::{path::Path, sync::Arc};

use schemas::{Table, UnixNanos};
use storage::{
    inspect::{self, InspectError, List, Report, Value},
    io::RealIo,
};

use crate::rows::{Row, append, config, reopen};

const NOW: i64 = 500_000 * 3_600_000_000_000;

fn fact(report: &Report, name: &str) -> Value {
    report.facts.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name} in {report:?}")).1.clone()
}

fn list<'a>(report: &'a Report, name: &str) -> &'a List {
    let list = report.lists.iter().find(|list| list.name == name).unwrap();
    assert!(list.rows.iter().all(|row| row.len() == list.columns.len()), "{list:?}");
    list
}

fn column(list: &List, name: &str) -> Vec<Value> {
    let at = list.columns.iter().position(|column| *column == name).unwrap();
    list.rows.iter().map(|row| row[at].clone()).collect()
}

fn check(dir: &Path) {
    let wal = inspect::wal(&RealIo, dir).unwrap();
    assert_eq!(fact(&wal, "records"), Value::Number(3));
    assert!(column(list(&wal, "segments"), "damaged").iter().all(|damaged| *damaged == Value::Number(0)), "{wal:?}");
    let Value::Text(newest) = column(list(&wal, "segments"), "file").pop().unwrap() else { panic!("{wal:?}") };
    let files = std::fs::read_dir(dir.join("wal")).unwrap().map(|entry| entry.unwrap().path());
    let records: usize = files
        .filter(|path| path.extension().is_some_and(|end| end == "wal"))
        .filter_map(|path| inspect::wal(&RealIo, &path).ok())
        .map(|report| list(&report, "records").rows.len())
        .sum();
    assert_eq!(records, 3, "{newest}");

    let catalog = inspect::catalog(dir).unwrap();
    assert_eq!((fact(&catalog, "blocks"), fact(&catalog, "wal_position")), (Value::Number(10), Value::Number(2)));
    let rows = column(list(&catalog, "tables"), "rows");
    let made = |rows: &Value| if let Value::Number(rows) = rows { *rows } else { panic!("{catalog:?}") };
    let of_spans: u64 = rows[3..].iter().map(made).sum();
    assert_eq!(rows[..3], [20, 20, 20].map(Value::Number));
    assert_eq!(inspect::catalog(&dir.join("catalog.sqlite")).unwrap(), catalog);

    let blocks = inspect::block(&RealIo, dir).unwrap();
    assert_eq!((fact(&blocks, "files"), fact(&blocks, "rows")), (Value::Number(10), Value::Number(60 + of_spans)));
    let Value::Text(file) = column(list(&blocks, "blocks"), "file").remove(0) else { panic!("{blocks:?}") };
    let one = inspect::block(&RealIo, &dir.join(file)).unwrap();
    assert_eq!((fact(&one, "rows"), list(&one, "row_groups").rows.len()), (Value::Number(10), 1));
    assert!(matches!(fact(&one, "first_time"), Value::Time(UnixNanos(first)) if first >= NOW), "{one:?}");
    assert!(column(list(&one, "columns"), "column").contains(&Value::Text("trace_id".to_owned())));

    let indexes = inspect::index(&RealIo, dir).unwrap();
    assert!(list(&indexes, "indexes").rows.len() >= 10, "{indexes:?}");
    let kinds = column(list(&indexes, "indexes"), "kind");
    for kind in ["traces", "words of pages", "attributes of pages", "checksums"] {
        assert!(kinds.contains(&Value::Text(kind.to_owned())), "{kind} of {kinds:?}");
    }
    assert!(column(list(&indexes, "indexes"), "is_whole").iter().all(|whole| *whole == Value::Flag(true)), "{indexes:?}");
}

#[test]
fn files_tell_the_same_beside_a_store_and_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    // Nothing of the log goes.
    config.wal.segment_bytes = 1 << 20;
    let store = reopen(config, Arc::new(RealIo));
    for part in 0..3u64 {
        let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: NOW + key as i64 };
        append(&store, &(part * 30..part * 30 + 30).map(row).collect::<Vec<_>>(), NOW).unwrap().wait().unwrap();
        if part < 2 {
            store.flush().unwrap();
        }
    }
    check(dir.path());
    drop(store);
    check(dir.path());
}

#[test]
fn what_is_none_of_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let notes = dir.path().join("notes.txt");
    std::fs::write(&notes, "mine, and longer than any header of any of these files, which is 64 bytes").unwrap();
    assert!(matches!(inspect::catalog(dir.path()), Err(InspectError::NoCatalog { .. })));
    for refused in [inspect::wal(&RealIo, &notes), inspect::block(&RealIo, &notes), inspect::index(&RealIo, &notes)] {
        assert!(matches!(refused, Err(InspectError::Other { .. })), "{refused:?}");
    }
    for missing in [inspect::wal(&RealIo, &dir.path().join("x")), inspect::block(&RealIo, &dir.path().join("x"))] {
        assert!(matches!(missing, Err(InspectError::Read { .. })), "{missing:?}");
    }
}
