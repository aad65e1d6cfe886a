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
