//! The seeds of the fuzz target, and every input that ever broke it, run on each build.

use std::{fs, path::Path};

use crate::search_checks;

#[test]
fn search() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/search");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the target has seeds") {
        let path = entry.expect("a readable folder").path();
        eprintln!("{}", path.display());
        search_checks::search(&fs::read(path).expect("a readable seed"));
        count += 1;
    }
    assert!(count > 0);
}
