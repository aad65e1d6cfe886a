//! The write-ahead log: what makes an acknowledged request survive.
//!
//! Plain threads, no async. One sync thread owns the file being written; everybody else talks to it through a bounded queue.
//! It knows requests as bytes, never rows. Reading order:
//!
//! ```text
//! config, position, error    the small words
//! format                     what the bytes mean
//! log                        the front: open, append, trim, close
//! queue --> sync             requests wait; the sync thread writes and syncs them in groups
//! segments                   the files: begun, sealed, trimmed, recycled
//! scan --> recover, replay   what the last run left, whatever happened to it
//!      \-> look              the same for people, who change nothing
//! ```
//! Failed groups and retries: when a group's write or sync fails, its senders are told so and send it again, though its bytes may be on
//! disk after all. The next segment's header therefore says where the acknowledged records of the one before it end, and it is durable
//! before any retry is acknowledged: what lies beyond is never replayed. If the process dies before that header is durable, the group may
//! be replayed, but then its retry meets the hashes of [`Replay::take_known`] and is answered as a duplicate. Either way: stored once.

mod config;
mod error;
mod format;
mod log;
pub(crate) mod look;
mod position;
mod queue;
mod recover;
mod replay;
mod scan;
mod segments;
mod sync;

pub use config::{SyncMode, WalConfig};
pub use error::WalError;
pub use log::{DiskWatch, LettingGo, Synced, Wal, WalStats};
pub use position::{Lsn, WalPosition};
pub use replay::{Damage, Known, Replay};
