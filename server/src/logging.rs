//! The log goes to stderr.

use tracing_subscriber::EnvFilter;

use crate::{
    failure::{Exit, Failure},
    terminal,
};

/// `filter` is a level (`info`) or directives (`info,storage=debug`).
pub(crate) fn start(filter: &str) -> Result<(), Failure> {
    let filter = parse(filter)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal::stderr_takes_colour()).init();
    Ok(())
}

pub(crate) fn parse(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(filter).map_err(|error| Failure::message(Exit::Config, format_args!("log = {filter:?}: {error}")))
}
