//! What is refused before anything starts, and how.

use std::{fs, path::Path};

use crate::process::{fusebox, output, stderr, stdout};

fn check(dir: &Path, arguments: &[&str], code: i32, expected: &str) {
    let ended = output(fusebox(dir).args(arguments));
    let said = stdout(&ended) + &stderr(&ended);
    assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said:?} does not contain {expected:?}");
}

#[test]
fn exit_codes_tell_the_family_of_the_mistake() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let typo = file("typo.toml", "log = 'info'\n[collector]\nbody_byte_max = 1\n");
    let open = file("open.toml", "[collector]\notlp_grpc = '0.0.0.0:4317'\n");
    let free = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--api", "127.0.0.1:0"];

    for command in ["check", "serve"] {
        check(dir.path(), &[command, "--config", &typo], 78, "typo.toml:3: unknown key `body_byte_max`; did you mean `body_bytes_max`?");
        check(dir.path(), &[command, "--config", &open], 78, "otlp_grpc = 0.0.0.0:4317 can be reached by other machines");
        check(dir.path(), &[command, "--config", "missing.toml"], 78, "missing.toml");
        check(dir.path(), &[command, "--log", "a=b=c"], 78, "log");
        check(dir.path(), &[command, "--unknown"], 2, "--unknown");
    }
    check(dir.path(), &[&["check"][..], &free].concat(), 0, "configuration   ok");
    check(dir.path(), &[&["check", "--data-dir", "/proc/fusebox"][..], &free].concat(), 69, "not writable");
    assert!(!dir.path().join("fusebox-data").exists(), "check leaves nothing behind");
}

#[test]
fn help_version_and_completions() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    check(dir.path(), &["--version"], 0, env!("CARGO_PKG_VERSION"));
    for default in ["./fusebox-data", "127.0.0.1:4317", "127.0.0.1:4318", "127.0.0.1:4319", "FUSEBOX_DATA_DIR"] {
        check(dir.path(), &["serve", "--help"], 0, default);
    }
    for shell in ["bash", "zsh", "fish"] {
        check(dir.path(), &["completions", shell], 0, "fusebox");
    }
}

#[test]
fn nobody_there_is_unavailable() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let unused = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let url = format!("http://{unused}");
    check(dir.path(), &["trace", "4bf92f3577b34da6a3ce929d0e0e4736", "--api", &url], 69, "is the server running?");
    check(dir.path(), &["trace", "4bf9"], 2, "32 hex digits");
    fs::write(dir.path().join("traces.pb"), b"").expect("written");
    check(dir.path(), &["send", "traces.pb", "--endpoint", &url, "--retry-for", "0"], 69, "cannot be reached");
    check(dir.path(), &["send", "missing.pb", "--signal", "logs"], 1, "missing.pb");
    check(dir.path(), &["send", "traces.pb", "--endpoint", "https://x"], 78, "https is not supported");
}
