//! The write-ahead log: what makes an acknowledged request survive.
//!
//! Plain threads, no async. One sync thread owns the file being written; everybody else talks to it through a bounded queue.
//! It knows requests as bytes, never rows.
mod config;
mod error;
mod log;
mod position;
mod replay;

pub use config::{SyncMode, WalConfig};
pub use error::WalError;
pub use log::{Synced, Wal, WalStats};
pub use position::{Lsn, WalPosition};
pub use replay::{Damage, Known, Replay};
