//! `fusebox serve`: the server until a signal.

use crate::{
    cli::ServeArguments,
    config::{self, Loaded},
    failure::{Exit, Failure},
    logging,
    node::Node,
};

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let loaded = load(&arguments, config::DATA_DIR)?;
    let mut node = Node::start(&loaded)?;
    let waited = node.wait(std::future::pending());
    node.stop(waited)
}

/// Settings, with the log started as they say. `data_dir` counts when nobody says where.
pub(crate) fn load(arguments: &ServeArguments, data_dir: &str) -> Result<Loaded, Failure> {
    let loaded = config::load(arguments, std::env::vars_os(), data_dir).map_err(|error| Failure::new(Exit::Config, error))?;
    logging::start(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}
