//! The seeds of the fuzz targets, and every input that ever broke one, run on each build.

use std::{fs, path::Path};

use crate::checks;

#[expect(clippy::print_stderr, reason = "a panic must be seen with the seed that causes it")]
fn check_seeds(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("each target has seeds") {
        let path = entry.expect("a readable folder").path();
        eprintln!("{}", path.display());
        check(&fs::read(path).expect("a readable seed"));
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn rules() {
    check_seeds("rules", checks::rules);
}

#[test]
fn seeds_of_the_rules_reach_them() {
    let said = |record: &str| checks::facts_of(record.as_bytes());
    let facts = said("kratos\n3\n/v2/charges\ncircuit breaker is open\nrpc.system=http");
    let names: Vec<&str> = facts.rejections.iter().map(|rejection| rejection.name.as_str()).collect();
    assert_eq!(names, ["op:/v2/charges", "op:/v2/charges", ""], "two spans, and a log event that names no operation");
    let facts = said("log\n0\ncircuit_breaker.state_change\n12 of 20 failed\ncircuitbreaker.name=pay\nfrom=closed\nto=open");
    assert!(facts.breaker_signals.iter().any(|signal| signal.name == "pay"), "{facts:?}");
    assert!(said("").rejections.is_empty());
}
