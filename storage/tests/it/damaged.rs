//! A block that cannot be read is found out once: it is remembered across restarts, left alone, and told of, until it is whole again.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use schemas::{Table, TenantId, UnixNanos};
use storage::{
    Config, Store,
    inspect::{self, Value},
    io::{Io, RealIo},
    verify,
};

use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::rows::{Row, append, config, reopen, rows_of};

const HOUR_NS: i64 = 3_600_000_000_000;
const START: i64 = 490_000 * HOUR_NS;
const LATER: UnixNanos = UnixNanos(i64::MAX);

/// 300 spans in three blocks of one hour.
fn fill(dir: &Path) -> Arc<Store> {
    fill_with(config(dir), Arc::new(RealIo))
}

fn fill_with(config: Config, io: Arc<dyn Io>) -> Arc<Store> {
    let store = reopen(config, io);
    for flush in 0..3 {
        let rows: Vec<Row> = (flush * 100..flush * 100 + 100).map(|key| Row::span(key, key % 20, START + key as i64)).collect();
        append(&store, &rows, START).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    store
}

fn blocks(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("data/1/spans")).unwrap().map(|entry| entry.unwrap().path());
    let mut blocks: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    blocks.sort_unstable();
    blocks
}

/// Whether answers say that rows are missing, and how many they have.
fn answer(store: &Store) -> (bool, usize) {
    let rows = store.snapshot(TenantId::DEFAULT).scan(Table::Spans).unwrap();
    (!rows.partial.is_empty(), rows_of(Table::Spans, &rows.batches).len())
}

fn told(store: &Store) -> Vec<(PathBuf, u64)> {
    store.stats().damaged.into_iter().map(|damaged| (damaged.path, damaged.rows)).collect()
}

fn marked(dir: &Path) -> usize {
    let report = inspect::catalog(dir).unwrap();
    let list = report.lists.iter().find(|list| list.name == "damaged").unwrap();
    assert!(report.facts.contains(&("damaged_blocks", Value::from(list.rows.len()))), "{report:?}");
    list.rows.len()
}

#[test]
fn what_cannot_be_read_is_remembered_until_it_is_whole_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    let damaged = blocks(dir.path()).swap_remove(1);
    let whole = std::fs::read(&damaged).unwrap();
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 0xff;
    std::fs::write(&damaged, &bytes).unwrap();
    assert_eq!((told(&store), marked(dir.path())), (vec![], 0), "nobody read it yet");

    let (is_partial, found) = answer(&store);
    assert!(is_partial && found < 300, "{found}");
    store.compact(LATER).unwrap();
    let relative = damaged.strip_prefix(dir.path()).unwrap().to_owned();
    assert_eq!((told(&store), marked(dir.path())), (vec![(relative.clone(), 100)], 1));
    assert_eq!(blocks(dir.path()).len(), 2, "the others became one");
    drop(store);

    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(told(&store), [(relative.clone(), 100)], "also before anybody reads it");
    assert_eq!(store.compact(LATER), Ok(0), "it is left alone");
    let (is_partial, found) = answer(&store);
    assert!(is_partial && found >= 200, "{found}");
    assert_eq!((told(&store).len(), marked(dir.path())), (1, 1));
    let verified = verify(Arc::new(RealIo), dir.path(), &mut |_| {}).unwrap();
    let of = |findings: &[storage::Finding]| findings.iter().map(|finding| finding.path.clone()).collect::<Vec<_>>();
    assert_eq!((of(&verified.set_aside), of(&verified.findings)), (vec![relative.clone()], vec![relative]));
    assert_eq!(std::fs::read(&damaged).unwrap(), bytes, "the file is as it was");
    drop(store);

    // Somebody puts a copy in its place.
    std::fs::write(&damaged, &whole).unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    store.compact(LATER).unwrap();
    assert_eq!((told(&store), marked(dir.path()), answer(&store)), (vec![], 0, (false, 300)));
}

#[test]
fn a_file_that_is_gone_is_damage_and_goes_with_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    std::fs::remove_file(&blocks(dir.path())[0]).unwrap();
    assert_eq!(answer(&store), (true, 200));
    store.compact(LATER).unwrap();
    assert_eq!((told(&store).len(), marked(dir.path())), (1, 1));
    store.retain(LATER, storage::Retain::Insist).unwrap();
    store.compact(LATER).unwrap();
    assert_eq!((told(&store), marked(dir.path()), answer(&store)), (vec![], 0, (false, 0)));
}

/// The disk did not answer once: that is no damage, and the block is compacted when it has been left out for a while.
#[test]
fn a_read_that_failed_is_tried_again_after_a_while() {
    let blocks_left = |retry_after: Duration| {
        let dir = tempfile::tempdir().unwrap();
        let io = Arc::new(FaultIo::new(Arc::new(RealIo)));
        let mut config = config(dir.path());
        config.compact.retry_after = retry_after;
        let store = fill_with(config, Arc::clone(&io) as Arc<dyn Io>);
        io.fail(Op::Read, 1, Fault::Io, Lasting::Once);
        let error = store.compact(LATER).unwrap_err();
        assert!(error.contains("parquet") && io.fired() == 1, "a block is named: {error}");
        store.compact(LATER).unwrap();
        assert_eq!((told(&store), marked(dir.path()), answer(&store)), (vec![], 0, (false, 300)), "nothing is damaged");
        store.stats().tables.iter().map(|table| table.blocks).sum::<usize>()
    };
    assert_eq!(blocks_left(Duration::from_secs(3600)), blocks_left(Duration::ZERO) + 1, "only one that failed is still left out");
}
