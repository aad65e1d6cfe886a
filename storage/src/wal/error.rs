//! Why the log cannot be opened. Damage is not among them: it is set aside and counted.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum WalError {
    #[error("list write-ahead log directory {path}")]
    List { path: PathBuf, source: io::Error },
    #[error("{path} has format {found}, this build reads up to {supported}: start the version that wrote it")]
    NewerFormat { path: PathBuf, found: u32, supported: u32 },
    #[error("start the write-ahead log thread")]
    Thread { source: io::Error },
}
