//! `fusebox check`: would `serve` start with these settings, here?

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use anyhow::Context;

use crate::{
    cli::ServeArguments,
    config::{self, Config},
    failure::{Exit, Failure},
    logging,
    terminal::{print, say},
};

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let loaded = config::load(&arguments, std::env::vars()).map_err(|error| Failure::new(Exit::Config, error))?;
    logging::parse(&loaded.config.log)?;
    for warning in &loaded.warnings {
        say(format_args!("warning: {warning}"));
    }
    let source = loaded.file.as_ref().map_or("defaults, environment and flags".to_owned(), |file| file.display().to_string());
    print(format_args!("configuration   ok ({source})")).context("print")?;
    check_environment(&loaded.config)
}

/// What the settings cannot know: the disk and the ports.
fn check_environment(config: &Config) -> Result<(), Failure> {
    let data_dir = config::absolute(&config.data_dir);
    check_writable(&data_dir).map_err(|error| Failure::new(Exit::Unavailable, error))?;
    print(format_args!("data directory  ok ({})", data_dir.display())).context("print")?;
    for (name, address) in
        [("OTLP/gRPC", config.collector.otlp_grpc), ("OTLP/HTTP", config.collector.otlp_http), ("API", config.api.listen)]
    {
        check_free(address).map_err(|error| Failure::new(Exit::Unavailable, error))?;
        print(format_args!("{name:<15} ok ({address})")).context("print")?;
    }
    Ok(())
}

/// Writes and removes a file in `dir`, or in its nearest parent that exists: checking creates nothing that stays.
fn check_writable(dir: &Path) -> anyhow::Result<()> {
    let existing = dir.ancestors().find(|path| path.exists()).context("no parent directory exists")?;
    let probe = existing.join(format!(".fusebox-check-{}", std::process::id()));
    fs::write(&probe, b"").with_context(|| format!("{} is not writable", existing.display()))?;
    fs::remove_file(&probe).with_context(|| format!("remove {}", probe.display()))
}

fn check_free(address: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(address).map(drop).with_context(|| format!("{address} cannot be bound; is another server running there?"))
}
