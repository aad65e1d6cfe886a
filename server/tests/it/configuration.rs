//! What is refused before anything starts, and how.

use std::{fs, path::Path};

use std::process::Command;

use crate::{
    process::{FREE_PORTS, Server, fusebox, output, stderr, stdout},
    pty,
};

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

    for command in ["check", "serve"] {
        check(dir.path(), &[command, "--config", &typo], 78, "typo.toml:3: unknown key `body_byte_max`; did you mean `body_bytes_max`?");
        check(dir.path(), &[command, "--config", &open], 78, "otlp_grpc = 0.0.0.0:4317 can be reached by other machines");
        check(dir.path(), &[command, "--config", "missing.toml"], 78, "missing.toml");
        check(dir.path(), &[command, "--log", "a=b=c"], 78, "log");
        check(dir.path(), &[command, "--unknown"], 2, "--unknown");
    }
    check(dir.path(), &[&["check"][..], &FREE_PORTS].concat(), 0, "configuration   ok");
    check(dir.path(), &[&["check", "--data-dir", "/proc/fusebox"][..], &FREE_PORTS].concat(), 69, "not writable");
    check(dir.path(), &[&["serve", "--data-dir", "/proc/fusebox"][..], &FREE_PORTS].concat(), 69, "/proc/fusebox");
    assert!(!dir.path().join("fusebox-data").exists(), "check leaves nothing behind");
}

#[test]
fn a_misspelt_variable_is_refused_and_a_foreign_one_is_not() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let said = |name: &str| {
        let ended = output(fusebox(dir.path()).arg("check").args(FREE_PORTS).env(name, "1"));
        (ended.status.code(), stdout(&ended) + &stderr(&ended))
    };
    for (name, meant) in [("FUSEBOX_DATADIR", "FUSEBOX_DATA_DIR"), ("FUSEBOX_API__ALLOWED_HOST", "FUSEBOX_API__ALLOWED_HOSTS")] {
        let (code, text) = said(name);
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains(&format!("environment variable {name}: unknown key; did you mean {meant}?")), "{text}");
    }
    let (code, text) = said("FUSEBOX_PORT");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("warning: environment variable FUSEBOX_PORT is no setting"), "{text}");
}

#[test]
fn check_finds_the_directory_in_use_and_changes_nothing_in_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let check_only = |expected, text| check(dir.path(), &[&["check"][..], &FREE_PORTS].concat(), expected, text);
    let server = Server::start(&dir);
    check_only(69, "fusebox-data is in use by another process");
    server.signal("TERM");
    server.wait();
    let names = || {
        let entries = fs::read_dir(dir.path().join("fusebox-data")).expect("the server made it");
        entries.map(|entry| entry.expect("readable").file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = names();
    check_only(0, "data directory  ok");
    assert_eq!(names(), before);
    fs::remove_file(dir.path().join("fusebox-data/lock")).expect("the server locked it");
    check_only(0, "data directory  ok");
    assert!(!dir.path().join("fusebox-data/lock").exists());
}

#[test]
fn help_version_and_completions() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    check(dir.path(), &["--version"], 0, env!("CARGO_PKG_VERSION"));
    for default in ["./fusebox-data", "127.0.0.1:4317", "127.0.0.1:4318", "127.0.0.1:4319", "FUSEBOX_DATA_DIR"] {
        check(dir.path(), &["serve", "--help"], 0, default);
    }
    check(dir.path(), &["demo", "--help"], 0, "[env: FUSEBOX_DATA_DIR] [default: ./fusebox-demo-data]");
    check(dir.path(), &["demo", "--help"], 0, "data_dir = \"./fusebox-demo-data\"");
    let demo = output(fusebox(dir.path()).args(["demo", "--help"]));
    assert!(!stdout(&demo).contains("./fusebox-data"), "{}", stdout(&demo));
}

#[test]
fn shells_read_their_completions() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for shell in ["bash", "zsh", "fish"] {
        let script = output(fusebox(dir.path()).args(["completions", shell]));
        assert_eq!(script.status.code(), Some(0), "{shell}: {}", stderr(&script));
        assert!(stdout(&script).contains("shift-to-now"), "{shell} knows the flags");
        let file = dir.path().join(shell);
        fs::write(&file, &script.stdout).expect("written");
        // `-n` reads without running, in all three.
        match Command::new(shell).arg("-n").arg(&file).output() {
            Ok(read) => assert!(read.status.success(), "{shell}: {}", stderr(&read)),
            Err(_) => println!("SKIPPED: there is no {shell} to read its completions"),
        }
    }
}

#[test]
fn a_trace_is_as_wide_as_the_terminal() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let file = testkit::captures::path("otlp-examples/trace.json").expect("it is in the repository").display().to_string();
    check(dir.path(), &["send", &file, "--endpoint", &server.otlp_http], 0, "accepted  1 records");
    let widths = |columns: Option<&str>| {
        let mut command = fusebox(dir.path());
        command.args(["trace", "5b8efff798038103d269b633813fc60c", "--api", &server.api]);
        command.envs(columns.map(|columns| ("COLUMNS", columns)));
        let (status, shown) = pty::run(command, &pty::Stream::Stdout, 72);
        assert_eq!(status.code(), Some(0), "{shown}");
        shown.lines().skip(2).map(|line| line.chars().count()).collect::<Vec<_>>()
    };
    assert_eq!(widths(None), [72]);
    assert_eq!(widths(Some("90")), [90], "COLUMNS wins");
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
    check(dir.path(), &["send", "traces.pb", "--endpoint", "ftp://x"], 78, "is not an address of the form http://host:port");
}
