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
fn otlp_proto_traces() {
    check_seeds("otlp_proto_traces", checks::otlp_proto_traces);
}

#[test]
fn otlp_proto_logs() {
    check_seeds("otlp_proto_logs", checks::otlp_proto_logs);
}

#[test]
fn otlp_proto_metrics() {
    check_seeds("otlp_proto_metrics", checks::otlp_proto_metrics);
}

#[test]
fn otlp_json() {
    check_seeds("otlp_json", checks::otlp_json);
}

#[test]
fn decompress() {
    check_seeds("decompress", checks::decompression);
}

#[test]
fn pushed() {
    check_seeds("pushed", checks::pushed);
}
