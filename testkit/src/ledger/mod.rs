//! The ledger: who sent what, who was told it is safe, and what is really there.
//!
//! Every record carries `(run, client, sequence, crc32 of its content)`. Acknowledgements are written into the book *after*
//! they were received, by a process that is not the one being killed. The verdict compares three sets and must be all zero:
//!
//! ```text
//! lost        acknowledged, not stored          altered   stored, but its content has another checksum
//! duplicated  stored more than once             phantom   stored, never sent
//! halved      of one request some records are stored and some are not
//! ```
//!
//! A request that was not acknowledged may be stored, once and whole, or not at all.

mod book;
mod client;
mod record;
mod scan;
mod verdict;

pub use book::{Book, Ticket};
pub use client::{Answer, Client, Wire};
pub use record::{Request, RequestId};
pub use scan::{Found, ScanError, scan};
pub use verdict::Verdict;
