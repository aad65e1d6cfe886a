//! The seeds of the fuzz targets, and every input that ever broke one, run on each build.

use std::{fs, path::Path};

use crate::{search_checks, sql_checks};

fn check(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the target has seeds") {
        let path = entry.expect("a readable folder").path();
        let seed = fs::read(&path).expect("a readable seed");
        let checked = std::panic::catch_unwind(|| check(&seed));
        assert!(checked.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn search() {
    check("search", search_checks::search);
}

#[test]
fn sql() {
    check("sql", sql_checks::sql);
}
