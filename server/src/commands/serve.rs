//! `fusebox serve`: the server until a signal.

use crate::{
    cli::ServeArguments,
    config::{self, Loaded},
    failure::{Exit, Failure},
    logging,
    node::Node,
};

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let loaded = load(&arguments)?;
    let mut node = Node::start(&loaded.config)?;
    let waited = node.wait();
    node.stop()?;
    waited
}

/// Settings, with the log started as they say.
pub(crate) fn load(arguments: &ServeArguments) -> Result<Loaded, Failure> {
    let loaded = config::load(arguments, std::env::vars()).map_err(|error| Failure::new(Exit::Config, error))?;
    logging::start(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}
