//! Whatever is damaged is found, and what is whole is not blamed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::{Table, UnixNanos};
use storage::{Progress, Store, Verified, VerifyError, io::RealIo, verify};

use crate::rows::{Row, append, config, reopen};

const START: i64 = 490_000 * 3_600_000_000_000;

fn verified(dir: &Path) -> Verified {
    verify(Arc::new(RealIo), dir, &mut |_| {}).unwrap()
}

fn fill(store: &Store, flushes: u64) {
    for flush in 0..flushes {
        let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 20, time: START + key as i64 };
        append(store, &(flush * 300..flush * 300 + 300).map(row).collect::<Vec<_>>(), START).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
}

fn file(dir: &Path, table: &str, extension: &str) -> PathBuf {
    let names = std::fs::read_dir(dir.join("data/1").join(table)).unwrap().map(|entry| entry.unwrap().path());
    names.into_iter().find(|path| path.extension().is_some_and(|found| found == extension)).unwrap()
}

#[test]
fn a_whole_directory_is_whole_also_beside_its_server() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    fill(&store, 3);
    let minutes = || store.stats().tables.iter().filter(|table| !table.table.is_sent()).map(|table| table.block_rows).sum::<u64>();
    let mut reports: Vec<Progress> = Vec::new();
    let beside = verify(Arc::new(RealIo), dir.path(), &mut |progress| reports.push(progress)).unwrap();
    assert_eq!((beside.blocks, beside.rows), (15, 900 + minutes()));
    assert_eq!((beside.findings.as_slice(), beside.unlisted.as_slice()), (&[][..], &[][..]));
    assert_eq!(reports.len(), 15);
    assert!(reports.windows(2).all(|pair| pair[0].bytes_done < pair[1].bytes_done));
    assert_eq!(reports[14].bytes_done, reports[14].bytes_total);
    store.compact(UnixNanos(i64::MAX)).unwrap();
    let rows = 900 + minutes();
    drop(store);
    let compacted = verified(dir.path());
    assert_eq!((compacted.blocks, compacted.rows, compacted.findings.as_slice()), (5, rows, &[][..]));
}

#[test]
fn damage_is_found_in_every_kind_of_file() {
    for (table, extension) in [
        ("spans", "parquet"),
        ("logs", "parquet"),
        ("metrics", "parquet"),
        ("spans", "tix"),
        ("spans", "bloom"),
        ("logs", "bloom"),
        ("spans", "attr"),
        ("logs", "attr"),
        ("spans", "sum"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = reopen(config(dir.path()), Arc::new(RealIo));
        fill(&store, 1);
        drop(store);
        let path = file(dir.path(), table, extension);
        let whole = std::fs::read(&path).unwrap();
        let relative = path.strip_prefix(dir.path()).unwrap();
        let check = |bytes: Option<&[u8]>, what: &str| {
            match bytes {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let findings = verified(dir.path()).findings;
            assert!(findings.iter().any(|finding| finding.path == relative), "{what} {}: {findings:?}", relative.display());
            assert!(findings.iter().all(|finding| finding.path.file_stem() == relative.file_stem()), "{findings:?}");
        };
        let mut flipped = whole.clone();
        let middle = whole.len() / 2;
        flipped[middle] ^= 4;
        check(Some(&flipped), "a flipped bit in");
        check(Some(&whole[..whole.len() - 1]), "a missing byte of");
        check(None, "the missing");
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(verified(dir.path()).findings, []);
    }
}

#[test]
fn strangers_are_named_and_a_directory_without_a_catalog_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    fill(&store, 1);
    drop(store);
    std::fs::write(dir.path().join("data/1/logs/notes.txt"), "mine").unwrap();
    assert_eq!(verified(dir.path()).unlisted, [PathBuf::from("data/1/logs/notes.txt")]);
    let other = tempfile::tempdir().unwrap();
    assert!(matches!(verify(Arc::new(RealIo), other.path(), &mut |_| {}), Err(VerifyError::NoCatalog { .. })));
}
