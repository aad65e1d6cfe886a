//! Words are looked up in the indexes of blocks; without them the answer is the same, only later.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::StringArray;
use bytes::Bytes;
use schemas::{RequestHash, Table, TableBatch, TenantId, columns::BODY};
use storage::{
    RawRequest, Snapshot, SplitId, Store,
    io::RealIo,
    text::{Candidates, RowTexts, TextFilter, TextQuery},
};

use crate::rows::{self, Row, config};

const NOW: i64 = 500_000 * 3_600_000_000_000;
/// Large enough for an inverted index.
const LARGE: u64 = 100_000;

fn line(key: u64) -> String {
    match key % 10_000 {
        17 => format!("circuit breaker opened: payment-{}", key / 10_000),
        2500 => "订单order-42创建失败: 库存不足".to_owned(),
        _ => format!("request {key} completed in {}ms", key % 900),
    }
}

/// Logs with the lines of these keys, in that order.
fn request(keys: Range<u64>) -> RawRequest {
    let body = Bytes::from(format!("{} {}", keys.start, keys.end));
    let hash = RequestHash(xxhash_rust::xxh3::xxh3_128(&body));
    RawRequest { body, hash, ..rows::request(&[], NOW) }
}

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let text = std::str::from_utf8(&request.body).map_err(|error| error.to_string())?;
    let (start, end) = text.split_once(' ').ok_or("not a range")?;
    let keys = start.parse::<u64>().map_err(|error| error.to_string())?
        ..end.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    let rows: Vec<Row> = keys.clone().map(|key| Row { table: Table::Logs, key, trace: 0, time: NOW + key as i64 }).collect();
    let mut batches = rows::derive(&rows::request(&rows, NOW))?;
    for TableBatch { batch, .. } in &mut batches {
        let place = batch.schema().index_of(BODY).map_err(|error| error.to_string())?;
        let mut columns = batch.columns().to_vec();
        columns[place] = Arc::new(StringArray::from_iter_values(keys.clone().map(line)));
        *batch = arrow::record_batch::RecordBatch::try_new(batch.schema(), columns).map_err(|error| error.to_string())?;
    }
    Ok(batches)
}

fn open(dir: &Path) -> Arc<Store> {
    let store = Store::open(config(dir), Arc::new(RealIo), Arc::new(derive)).unwrap();
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    store
}

/// Writes the lines of `keys` to a block.
fn write(store: &Store, keys: Range<u64>) {
    let request = request(keys);
    let batches = derive(&request).unwrap();
    store.append(request, batches, Box::new(())).unwrap().wait().unwrap();
    store.flush().unwrap();
}

fn filter(phrase: &str) -> TextFilter {
    TextFilter::new(&TextQuery::Phrase(phrase.to_owned()))
}

/// Of the only block or of each of several.
fn candidates(snapshot: &Snapshot, phrase: &str) -> Vec<Candidates> {
    let splits = snapshot.splits(Table::Logs).into_iter().filter_map(|split| match split.id {
        SplitId::Block(id) => Some(snapshot.rows_of_text(Table::Logs, id, &filter(phrase))),
        SplitId::Memory(_) => None,
    });
    splits.collect()
}

fn exact(snapshot: &Snapshot, query: &TextQuery) -> Option<Vec<usize>> {
    let SplitId::Block(id) = snapshot.splits(Table::Logs)[0].id else { panic!("no block") };
    let rows = snapshot.exact_rows_of_text(Table::Logs, id, &TextFilter::new(query))?;
    Some(rows.into_iter().flatten().collect())
}

/// What a scan finds.
fn scanned(snapshot: &Snapshot, phrase: &str) -> usize {
    let rows = snapshot.scan(Table::Logs).unwrap();
    assert_eq!(rows.partial, [] as [String; 0]);
    let found = rows.batches.iter().map(|batch| filter(phrase).matches_rows(&RowTexts::new(Table::Logs, batch).unwrap()).true_count());
    found.sum()
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("data/1/logs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

fn only(rows: Range<usize>) -> Vec<Candidates> {
    vec![Candidates::Rows(vec![rows; 1])]
}

#[test]
fn a_block_says_which_pages_have_a_word_before_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write(&store, 0..9000);
    let check = |snapshot: &Snapshot| {
        assert_eq!(candidates(snapshot, "Circuit Breaker"), only(0..1024));
        assert_eq!(candidates(snapshot, "库存不足"), only(2048..3072));
        assert_eq!(candidates(snapshot, "order-42"), only(2048..3072));
        assert_eq!(candidates(snapshot, "request 4000"), only(3072..4096));
        assert_eq!(candidates(snapshot, "断路器"), [Candidates::Rows(vec![])]);
        assert_eq!(candidates(snapshot, "completed"), [Candidates::All]);
        assert_eq!(candidates(snapshot, "库"), [Candidates::All], "one character is in no index");
        assert_eq!(scanned(snapshot, "库"), 1);
    };
    check(&store.snapshot(TenantId::DEFAULT));
    drop(store);
    assert_eq!((files(dir.path(), "bloom").len(), files(dir.path(), "text").len()), (1, 0));
    check(&open(dir.path()).snapshot(TenantId::DEFAULT));
}

#[test]
fn spans_have_text_and_metrics_have_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = rows::open(config(dir.path()), Arc::new(RealIo));
    let of_table = |table| (0..10).map(move |key| Row { table, key, trace: 1, time: NOW });
    let rows: Vec<Row> = of_table(Table::Spans).chain(of_table(Table::Metrics)).collect();
    rows::append(&store, &rows, NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let check = |table: Table, phrase: &str, expected: Candidates| {
        let SplitId::Block(id) = snapshot.splits(table)[0].id else { panic!("no block") };
        assert_eq!(snapshot.rows_of_text(table, id, &filter(phrase)), expected, "{phrase} in {table}");
    };
    check(Table::Spans, "text 3", Candidates::All);
    check(Table::Spans, "absent", Candidates::Rows(vec![]));
    check(Table::Metrics, "absent", Candidates::All);
}

#[test]
fn a_large_block_says_which_rows_have_a_word_and_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write(&store, 0..LARGE);
    assert_eq!(files(dir.path(), "text").len(), 1);
    let word = |word: &str| TextQuery::Word(word.to_owned());
    let check = |snapshot: &Snapshot| {
        let breakers: Vec<usize> = (17..LARGE as usize).step_by(10_000).collect();
        let rows: Vec<Range<usize>> = breakers.iter().map(|row| *row..row + 1).collect();
        assert_eq!(candidates(snapshot, "circuit breaker"), [Candidates::Rows(rows)]);
        assert_eq!(candidates(snapshot, "payment-3"), only(30_017..30_018));
        assert_eq!(exact(snapshot, &word("BREAKER")).as_ref(), Some(&breakers));
        assert_eq!(exact(snapshot, &TextQuery::And(vec![word("payment"), word("3")])), Some(vec![30_017]));
        assert_eq!(exact(snapshot, &word("失败")).map(|rows| rows.len()), Some(10));
        assert_eq!(exact(snapshot, &word("completed")).map(|rows| rows.len()), Some(LARGE as usize - 20), "common words too");
        assert_eq!(exact(snapshot, &word("circuit breaker")), None, "their order is not known");
        assert_eq!(exact(snapshot, &word("30017")), None, "numbers are not in it");
        assert_eq!(scanned(snapshot, "breaker"), breakers.len());
    };
    check(&store.snapshot(TenantId::DEFAULT));
    drop(store);
    check(&open(dir.path()).snapshot(TenantId::DEFAULT));

    let index = &files(dir.path(), "text")[0];
    let mut bytes = fs::read(index).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(index, bytes).unwrap();
    let snapshot = open(dir.path()).snapshot(TenantId::DEFAULT);
    assert_eq!(exact(&snapshot, &word("breaker")), None);
    let Some(Candidates::Rows(rows)) = candidates(&snapshot, "payment-3").pop() else { panic!("the Bloom filters still prune") };
    assert!(rows.iter().any(|range| range.contains(&30_017)) && rows.iter().map(|range| range.len()).sum::<usize>() <= 20_000, "{rows:?}");
}

#[test]
fn an_index_that_is_damaged_missing_or_of_another_block_costs_time_but_no_answer() {
    let check = |what: &str, harm: &dyn Fn(&[PathBuf])| {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        write(&store, 0..9000);
        write(&store, 10_000..19_000);
        assert_eq!(candidates(&store.snapshot(TenantId::DEFAULT), "circuit breaker"), [only(0..1024), only(0..1024)].concat());
        drop(store);
        let blooms = files(dir.path(), "bloom");
        assert_eq!(blooms.len(), 2);
        harm(&blooms);
        let snapshot = open(dir.path()).snapshot(TenantId::DEFAULT);
        let found = candidates(&snapshot, "circuit breaker");
        assert_eq!(found, [vec![Candidates::All], only(0..1024)].concat(), "{what}");
        assert_eq!(candidates(&snapshot, "circuit breaker"), found, "{what}, asked again");
        assert_eq!(scanned(&snapshot, "breaker"), 2, "{what}");
    };
    check("one bit", &|blooms| {
        let mut bytes = fs::read(&blooms[0]).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&blooms[0], bytes).unwrap();
    });
    check("cut off", &|blooms| {
        let bytes = fs::read(&blooms[0]).unwrap();
        fs::write(&blooms[0], &bytes[..bytes.len() - 32]).unwrap();
    });
    check("missing", &|blooms| fs::remove_file(&blooms[0]).unwrap());
    check("of another block", &|blooms| {
        // The header of another block of as many rows, with a checksum of its own.
        let own = fs::read(&blooms[0]).unwrap();
        let other = fs::read(&blooms[1]).unwrap();
        let mut bytes = other[..24].to_vec();
        bytes.extend(&own[24..]);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&bytes[..8]);
        crc.update(&bytes[12..]);
        bytes[8..12].copy_from_slice(&crc.finalize().to_le_bytes());
        fs::write(&blooms[0], bytes).unwrap();
    });
}

#[test]
fn blocks_of_builds_without_text_indexes_are_scanned() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write(&store, 0..3000);
    drop(store);
    let catalog = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    assert_eq!(catalog.execute("DELETE FROM fusebox_block_index WHERE kind IN ('bloom', 'text')", []).unwrap(), 1);
    drop(catalog);
    let snapshot = open(dir.path()).snapshot(TenantId::DEFAULT);
    assert_eq!(files(dir.path(), "bloom"), [] as [PathBuf; 0], "the file is an orphan now");
    assert_eq!(candidates(&snapshot, "absent"), [Candidates::All]);
    assert_eq!(scanned(&snapshot, "breaker"), 1);
}
