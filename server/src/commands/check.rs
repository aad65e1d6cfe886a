//! `fusebox check`: would `serve` start with these settings, here, and take data?

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use query::{codes::Codes, rules::RuleBook};
use storage::{
    Refused,
    io::{DiskSpace, Io, RealIo},
    lock::DirLock,
};

use crate::{
    cli::ServeArguments,
    config::{self, Config},
    failure::{Exit, Failure},
    logging,
    terminal::{print, say},
};

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let loaded = config::load(&arguments, std::env::vars_os(), config::DATA_DIR).map_err(|error| Failure::new(Exit::Config, error))?;
    logging::parse(&loaded.config.log)?;
    for warning in &loaded.warnings {
        say(format_args!("warning: {warning}"));
    }
    let source = loaded.file.as_ref().map_or("defaults, environment and flags".to_owned(), |file| file.display().to_string());
    print(format_args!("configuration   ok ({source})")).context("print")?;
    check_codes(&loaded.config)?;
    check_rules(&loaded.config)?;
    check_environment(&loaded.config)
}

/// Files of rules, and what the API added to them.
fn check_rules(config: &Config) -> Result<(), Failure> {
    let rules = RuleBook::open(config.rules(), Arc::new(RealIo)).map_err(|error| Failure::new(Exit::Config, error))?;
    let (count, own) = (rules.get().len(), config.governance.rules.len());
    print(format_args!("rules           ok ({count}, {own} files of your own)")).context("print").map_err(Failure::from)
}

/// Files of error codes, and what the API added to them.
fn check_codes(config: &Config) -> Result<(), Failure> {
    let codes = Codes::open(config.codes(), Arc::new(RealIo)).map_err(|error| Failure::new(Exit::Config, error))?;
    for warning in codes.warnings() {
        say(format_args!("warning: {warning}"));
    }
    let (known, layouts) = codes.counts();
    print(format_args!("error codes     ok ({known} codes, {layouts} layouts)")).context("print").map_err(Failure::from)
}

/// What the settings cannot know: the disk and the ports.
fn check_environment(config: &Config) -> Result<(), Failure> {
    let unavailable = |error: anyhow::Error| Failure::new(Exit::Unavailable, error);
    let storage = config.storage();
    check_unlocked(&storage.data_dir).map_err(unavailable)?;
    let existing = storage.data_dir.ancestors().find(|path| path.exists()).context("no parent directory exists").map_err(unavailable)?;
    check_writable(existing).map_err(unavailable)?;
    let space = RealIo.disk_space(existing).with_context(|| format!("ask for the free space of {}", existing.display()));
    let space = space.map_err(unavailable)?;
    check_space(space, &storage).with_context(|| format!("new data would be refused in {}", existing.display())).map_err(unavailable)?;
    let free_mib = space.free_bytes >> 20;
    print(format_args!("data directory  ok ({}, {free_mib} MiB free)", storage.data_dir.display())).context("print")?;
    for (name, address) in
        [("OTLP/gRPC", config.collector.otlp_grpc), ("OTLP/HTTP", config.collector.otlp_http), ("API", config.api.listen)]
    {
        check_free(address).map_err(unavailable)?;
        print(format_args!("{name:<15} ok ({address})")).context("print")?;
    }
    Ok(())
}

/// Takes the lock of a data directory that was used before, and lets go of it: locking another would create the file.
fn check_unlocked(data_dir: &Path) -> anyhow::Result<()> {
    if data_dir.join("lock").exists() {
        DirLock::acquire(data_dir)?;
    }
    Ok(())
}

/// Writes and removes a file in `dir`: checking creates nothing that stays.
fn check_writable(dir: &Path) -> anyhow::Result<()> {
    let probe = dir.join(format!(".fusebox-check-{}", std::process::id()));
    fs::write(&probe, b"").with_context(|| format!("{} is not writable", dir.display()))?;
    fs::remove_file(&probe).with_context(|| format!("remove {}", probe.display()))
}

/// As the write-ahead log does before it takes a request.
fn check_space(space: DiskSpace, storage: &storage::Config) -> Result<(), Refused> {
    let DiskSpace { free_bytes, .. } = space;
    let needed_bytes = storage.wal.clone().sized_for(space).free_bytes_needed(space);
    if free_bytes < needed_bytes { Err(Refused::DiskFull { free_bytes, needed_bytes }) } else { Ok(()) }
}

fn check_free(address: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(address).map(drop).with_context(|| format!("{address} cannot be bound; is another server running there?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_on_which_requests_would_be_refused() {
        const GIB: u64 = 1 << 30;
        let check = |free_bytes, total_bytes, refused| {
            let outcome = check_space(DiskSpace { free_bytes, total_bytes }, &storage::Config::new("/data"));
            assert_eq!(outcome.is_err(), refused, "{free_bytes} of {total_bytes}: {outcome:?}");
        };
        check(100 * GIB, 1_000 * GIB, false);
        check(100 * GIB - (1 << 20), 1_000 * GIB, true);
        check(GIB, 9 * GIB, false);
        check(GIB - 1, 9 * GIB, true);
        check(GIB / 4, 2 * GIB, false);
        check(GIB / 4 - 1, 2 * GIB, true);
    }
}
