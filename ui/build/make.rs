//! Runs npm.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::Command,
    time::SystemTime,
};

/// Makes `dist` anew and stamps it last. `Err` says why it cannot be.
pub(crate) fn dashboard(room: &Path, stamp: &str) -> Result<(), String> {
    node_is_new_enough()?;
    let begun = SystemTime::now();
    let lock = fs::read_to_string(room.join("package-lock.json")).map_err(|error| format!("package-lock.json: {error}"))?;
    let installed = room.join("node_modules/.fusebox-lock");
    if fs::read_to_string(&installed).ok().as_deref() != Some(lock.as_str()) {
        npm(room, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        fs::write(&installed, &lock).map_err(|error| format!("{}: {error}", installed.display()))?;
    }
    npm(room, &["run", "build"])?;
    // As old as this run: a newer file would let cargo run all of this a second time.
    let write = || fs::write(room.join("dist/.stamp"), stamp).and_then(|()| File::open(room.join("dist/.stamp"))?.set_modified(begun));
    write().map_err(|error| format!("dist/.stamp: {error}"))
}

fn node_is_new_enough() -> Result<(), String> {
    let output = Command::new("node").arg("--version").output().map_err(|error| format!("node: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found >= (20, 19) { Ok(()) } else { Err(format!("node is {version}, 20.19 or newer is needed")) }
}

fn npm(room: &Path, arguments: &[&str]) -> Result<(), String> {
    let run = || -> io::Result<_> { Command::new("npm").args(arguments).current_dir(room).output() };
    let command = format!("npm {}", arguments.join(" "));
    let output = run().map_err(|error| format!("{command}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{command} failed:\n{}", String::from_utf8_lossy(&said)))
}
