//! Files that tests compare with, and write when they are told to.

use std::{env, fs, path::PathBuf};

/// `FUSEBOX_UPDATE=1 cargo test -p query --test it -- contract` writes the files anew.
const UPDATE: &str = "FUSEBOX_UPDATE";

/// Compares `text` with the file at `path` in this room.
pub(super) fn check(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os(UPDATE).is_some() {
        fs::write(&file, text).expect("the file can be written");
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let line = kept.lines().zip(text.lines()).position(|(kept, new)| kept != new).unwrap_or(kept.lines().count().min(text.lines().count()));
    let at = |text: &str| text.lines().skip(line.saturating_sub(2)).take(8).collect::<Vec<_>>().join("\n");
    assert!(
        kept == text,
        "query/{path} is not what the API is now. If that is meant, run\n  {UPDATE}=1 cargo test -p query --test it -- contract\nand \
         commit the file. They differ from line {}:\n--- kept\n{}\n--- now\n{}",
        line + 1,
        at(&kept),
        at(text)
    );
}
