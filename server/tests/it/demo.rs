//! The demo: what it prints can be pasted, and where it keeps its data.

use std::{path::Path, process::Command};

use crate::process::{FREE_PORTS, Server, fusebox, output, stderr, stdout};

fn demo(dir: &Path) -> Command {
    let mut command = fusebox(dir);
    command.arg("demo").args(FREE_PORTS).args(["--seed", "1", "--requests-per-second", "2"]);
    command
}

#[test]
fn the_printed_command_shows_the_printed_trace() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut server = Server::spawn(&mut demo(dir.path()));
    let line = server.wait_for_print(" --api ");
    let id = line.split_once(" trace ").and_then(|(_, rest)| rest.split(' ').next()).expect("an id").to_owned();
    assert!(line.ends_with(&format!(" trace {id} --api {}", server.api)), "{line}");
    // As its reader does: with nothing of ours on the PATH, from anywhere.
    let pasted = output(Command::new("sh").arg("-c").arg(&line).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/"));
    assert_eq!(pasted.status.code(), Some(0), "{line}: {}", stderr(&pasted));
    assert!(stdout(&pasted).starts_with(&format!("{id}  ")), "{}", stdout(&pasted));
    assert!(stdout(&pasted).lines().count() > 5, "a trace worth showing: {}", stdout(&pasted));

    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(dir.path().join("fusebox-demo-data/catalog.sqlite").exists(), "its own directory by default");
    assert!(!dir.path().join("fusebox-data").exists());
}

#[test]
fn a_data_directory_that_is_set_is_used() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("demo.toml"), "data_dir = 'from-file'").expect("written");
    for (variable, value, expected) in [("FUSEBOX_CONFIG", "demo.toml", "from-file"), ("FUSEBOX_DATA_DIR", "elsewhere", "elsewhere")] {
        let mut command = demo(dir.path());
        command.env(variable, value);
        let server = Server::spawn(&mut command);
        // The shop is busy with its past.
        server.signal("TERM");
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(dir.path().join(expected).join("catalog.sqlite").exists(), "{expected}");
        assert!(!dir.path().join("fusebox-demo-data").exists(), "{expected}");
    }
}

/// The goals: explicit sources are told without a mistake, what is concluded from refused calls nearly so, and times to a second.
#[test]
fn the_timeline_knows_what_happened() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut command = fusebox(dir.path());
    command.args(["demo", "--score", "12", "--seed", "7", "--requests-per-second", "10", "--truth", "truth.ndjson"]);
    let compared = output(&mut command);
    assert_eq!(compared.status.code(), Some(0), "{}", stderr(&compared));
    let lines: Vec<serde_json::Value> = stdout(&compared).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [explicit, inferred] = &lines[..] else { panic!("two classes: {lines:?}") };
    for (class, source, least) in [(explicit, "explicit", 1.0), (inferred, "inferred", 0.95)] {
        assert_eq!(class["source"], source);
        assert!(class["right"].as_u64().expect("a number") > 0, "{class}");
        for share in ["precision", "recall"] {
            assert!(class[share].as_f64().expect("a share") >= least, "{share} of {class}\n{}", stderr(&compared));
        }
        assert!(class["median_error_ns"].as_i64().expect("a time") <= 1_000_000_000, "{class}\n{}", stderr(&compared));
    }
    let truth = std::fs::read_to_string(dir.path().join("truth.ndjson")).expect("written");
    let trips = truth.lines().filter(|line| line.contains("\"record\":\"trip\"")).count() as u64;
    assert_eq!(explicit["happened"].as_u64().zip(inferred["happened"].as_u64()).map(|(a, b)| a + b), Some(trips));
}
