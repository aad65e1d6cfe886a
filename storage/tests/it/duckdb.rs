//! Other engines read what we write: DuckDB attaches the catalog, pyarrow opens the files.

use std::{path::Path, process::Command, sync::Arc};

use schemas::Table;
use storage::io::RealIo;

use crate::rows::{Row, append, config, open};

const HOUR_NS: i64 = 3_600_000_000_000;

/// The interpreter that the Makefile prepared, or whatever `python3` is; `None` when it lacks what the script needs.
fn python() -> Option<String> {
    let python = std::env::var("FUSEBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let needs = "import duckdb, pyarrow, duckdb_extension_ducklake, duckdb_extension_sqlite_scanner";
    let found = Command::new(&python).args(["-c", needs]).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: {python} has no duckdb with its extensions ducklake and sqlite_scanner, or no pyarrow; set FUSEBOX_PYTHON");
    }
    found.then_some(python)
}

/// Compares every table as DuckDB sees it through the catalog with the bare files.
pub fn compare(data_dir: &Path) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb/attach.py");
    let output = Command::new(python).arg(script).arg(data_dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    println!("{}", text(&output.stdout));
}

#[test]
fn duckdb_sees_through_the_catalog_what_is_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let rows: Vec<Row> = (0..3000)
        .map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: key % 50, time: 490_000 * HOUR_NS + key as i64 * 7_777_777_777 })
        .collect();
    for part in rows.chunks(1000) {
        append(&store, part, 0).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    compare(dir.path());
}
