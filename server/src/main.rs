//! One process that wires the rest: command line, config, start and stop order.
//!
//! ```text
//! cli        what can be typed
//! api        a client of the HTTP API, for commands that ask a running server
//! config     defaults < file < environment < flags
//! commands   one file per command
//! node       the running server: store, receivers, API, and the order in which they start and stop
//! send       the OTLP sender behind `send`, `import` and `demo`
//! terminal, progress, text, duration   what is printed, and how
//! ```

mod api;
mod cli;
mod commands;
mod config;
mod duration;
mod failure;
mod forward;
mod logging;
mod node;
mod progress;
mod send;
mod terminal;
mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, ConfigCommand};

/// Ingest allocates many arrays of odd sizes and frees them on another thread. The C library's allocator takes a tenth of all CPU
/// for that; jemalloc keeps freed pages for the next memtable, where the kernel would have to clear them again.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Demo(arguments) => commands::demo::run(arguments),
        Command::Send(arguments) => commands::send::run(arguments),
        Command::Import(arguments) => commands::import::run(arguments),
        Command::Export(arguments) => commands::export::run(arguments),
        Command::Query(arguments) => commands::query::run(arguments),
        Command::Errors(arguments) => commands::errors::run(arguments),
        Command::Breakers(arguments) => commands::breakers::run(arguments),
        Command::Tail(arguments) => commands::tail::run(arguments),
        Command::Trace(arguments) => commands::trace::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Verify(arguments) => commands::verify::run(arguments),
        Command::Inspect(arguments) => commands::inspect::run(arguments),
        Command::Compact(arguments) => commands::compact::run(arguments),
        Command::Reclassify(arguments) => commands::reclassify::run(arguments),
        Command::Retain(arguments) => commands::retain::run(arguments),
        Command::Backup(arguments) => commands::backup::run(arguments),
        Command::Restore(arguments) => commands::backup::restore(arguments),
        Command::Config(ConfigCommand::Show(arguments)) => commands::config_show::run(arguments),
        Command::Completions { shell } => commands::completions::run(shell),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // `fusebox … | head` has all that it wanted.
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::say(format_args!("fusebox: {failure}"));
            failure.exit_code()
        }
    }
}
