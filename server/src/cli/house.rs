//! Keeping house: what is in the files, order now, copies, settings.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ApiArguments, ServeArguments};
use crate::config;

/// Reads only, locks nothing: a server may be using the files.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Inspected,
    /// A file of that kind, a directory of them, or a data directory [env: FUSEBOX_DATA_DIR]
    #[arg(value_name = "PATH", env = "FUSEBOX_DATA_DIR", hide_env = true, default_value = config::DATA_DIR)]
    pub(crate) place: PathBuf,
    /// [default: table]
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub(crate) output: HouseFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Inspected {
    /// Segments of the write-ahead log, or the records of one
    Wal,
    /// Parquet files, or the row groups and columns of one
    Block,
    /// Tables and blocks, live and retired
    Catalog,
    /// Indexes and checksums beside blocks
    Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HouseFormat {
    /// Aligned, for people
    Table,
    Json,
}

/// Asks a running server to write small blocks anew as few large ones, without waiting for the background.
#[derive(Debug, Args)]
pub(crate) struct CompactArguments {
    /// Also the blocks of hours that are not over
    #[arg(long)]
    pub(crate) now: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

/// Asks a running server to look at stored rows again, with the rules, layouts and catalogue that count now: error codes, rejections,
/// signals of breakers and sums change with them. An hour of arrivals at a time; what is interrupted goes on where it says.
#[derive(Debug, Args)]
pub(crate) struct ReclassifyArguments {
    /// Rows that arrived from then on: RFC 3339, Unix time, or now-1d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: String,
    /// And before then
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

/// Asks a running server to let go what is too old or too much.
#[derive(Debug, Args)]
pub(crate) struct RetainArguments {
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also when it is more than half of the data
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) insist: bool,
    /// The answer of the API as it is
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

/// Copies a data directory, also one that a server is using, and verifies the copy.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Where to; must be new or empty
    #[arg(value_name = "DIR")]
    pub(crate) target: PathBuf,
    /// Directory to copy
    #[arg(long, value_name = "DIR", env = "FUSEBOX_DATA_DIR", default_value = config::DATA_DIR)]
    pub(crate) data_dir: PathBuf,
    /// Copies blocks also where they could be linked: then the backup survives damage to the original on the same disk
    #[arg(long)]
    pub(crate) copy: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
}

/// Makes a data directory of a backup, and verifies it.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// What `fusebox backup` wrote
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// Where to; must be new or empty
    #[arg(long, value_name = "DIR", env = "FUSEBOX_DATA_DIR", default_value = config::DATA_DIR)]
    pub(crate) data_dir: PathBuf,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShownArguments {
    /// No progress bar; there is none anyway when stderr is no terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// The outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting as it counts here.
    Show(ConfigShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShowArguments {
    /// And where each comes from: default, file, environment or flag
    #[arg(long)]
    pub(crate) origin: bool,
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serve: ServeArguments,
}
