//! How a command ends badly: one exit code per family, and what to tell the user.

use std::{fmt, io, process::ExitCode};

/// The numbers are those of sysexits.h, as other servers use them. 2 (usage) is clap's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    /// What the command line alone cannot see: flags that say nothing to this question.
    Usage = 2,
    /// A server, a port or the data directory is not to be had.
    Unavailable = 69,
    Config = 78,
}

#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }

    pub(crate) fn message(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{message}") }
    }

    /// Whether all that failed is that nobody reads what is printed any more.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        let causes = self.error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
        causes.into_iter().any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }
}

impl fmt::Display for Failure {
    /// The error and its causes on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Failed, error }
    }
}

/// An error and its causes on one line.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
