//! `fusebox completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{cli::Cli, failure::Failure};

#[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Cli::command(), "fusebox", &mut std::io::stdout());
    Ok(())
}
