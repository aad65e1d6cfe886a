//! Who sends what, and what is wrong with it: for people who ask why something does not arrive. Since the start, and over the last minute.
//!
//! ```text
//! rows of a request --tally--> records by service --+
//!                                                   +--> book --> report
//! requests and refusals, by door and signal --------+
//!
//! rate    how many lately
//! ```
//! Nothing is decided by it. Limited: so many services, then all others together.

mod book;
mod rate;
mod tally;

pub(crate) use book::Senders;
pub use book::{Door, LastError, RefusedFor, SenderService, SendersReport};
pub(crate) use tally::tally;
