//! cargo-deny: bans, licences, sources; advisories when a database is at hand, because the check must not need the network.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{finding::Finding, tree::Tree};

const INSTALL: &str = "cargo-deny is missing: run scripts/setup, or `cargo install cargo-deny --locked`, or leave it out with --skip-deny";

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let program = program(env::var_os("FUSEBOX_CARGO_DENY"), env::var_os("HOME"));
    if !runs(&program) {
        return Ok(vec![Finding::whole("deny.toml", "deny", INSTALL)]);
    }
    let mut checks = vec!["bans", "licenses", "sources"];
    if advisory_database(env::var_os("CARGO_HOME"), env::var_os("HOME")).is_some() {
        checks.push("advisories");
    }
    let status = Command::new(&program)
        .args(["--locked", "--all-features", "--log-level", "error", "check", "--hide-inclusion-graph"])
        .args(checks.iter().filter(|check| **check == "advisories").map(|_| "--disable-fetch"))
        .args(&checks)
        .current_dir(&tree.root)
        .status()
        .with_context(|| format!("run {}", program.display()))?;
    if status.success() {
        return Ok(vec![]);
    }
    Ok(vec![Finding::whole("deny.toml", "deny", format!("cargo-deny refused {}: {status}", checks.join(", ")))])
}

/// The one named from outside, else the one `scripts/setup` installs, else the one on the path.
fn program(named: Option<OsString>, home: Option<OsString>) -> PathBuf {
    let installed = home.map(|home| Path::new(&home).join(".cache/fusebox/tools/bin/cargo-deny")).filter(|path| path.is_file());
    named.map(PathBuf::from).or(installed).unwrap_or_else(|| PathBuf::from("cargo-deny"))
}

fn runs(program: &Path) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Where cargo-deny keeps its copy of the advisory database.
fn advisory_database(cargo_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let cargo_home = cargo_home.map(PathBuf::from).or_else(|| home.map(|home| Path::new(&home).join(".cargo")))?;
    let databases = cargo_home.join("advisory-dbs");
    let mut entries = databases.read_dir().ok()?;
    entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_dir())).then_some(databases)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_missing_program_does_not_run() {
        assert!(!runs(Path::new("cargo-deny-that-nobody-has")));
        assert!(runs(&program(Some("true".into()), None)), "a program that answers --version runs");
        assert_eq!(program(None, None), Path::new("cargo-deny"));
    }

    #[test]
    fn advisories_are_checked_only_with_a_database() {
        let home = env::temp_dir().join(format!("xtask-deny-{}", std::process::id()));
        fs::create_dir_all(home.join("advisory-dbs")).expect("a folder in the temporary directory");
        let empty = advisory_database(Some(home.clone().into()), None);
        fs::create_dir_all(home.join("advisory-dbs/rustsec")).expect("a folder in the temporary directory");
        let filled = advisory_database(Some(home.clone().into()), None);
        fs::remove_dir_all(&home).expect("our own folder");
        assert_eq!(empty, None);
        assert_eq!(filled, Some(home.join("advisory-dbs")));
        assert_eq!(advisory_database(None, None), None);
    }
}
