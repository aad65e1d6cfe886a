//! Keeps the blocks few and large, in the background.
//!
//! ```text
//!  live blocks --plan--> job --merge--> new blocks --catalog.replace--> live instead of the inputs
//!                                                                        inputs retired --last reader gone, delay--> deleted
//! ```
//!
//! `plan` decides, `merge` writes the new blocks in bounded memory, `halves` joins halves of calls, `damage` remembers what cannot be read, `unreadable` leaves out for a while what a read failed on, `remove` deletes what nobody reads any
//! more, `compactor` carries jobs out, `rederive` makes derived rows again, `thread` runs it while the store is open. Rows are never
//! dropped: identical ones may be different requests.

mod above;
mod compactor;
mod config;
mod damage;
mod halves;
mod merge;
mod plan;
mod rederive;
mod remove;
mod thread;
mod unreadable;

pub(crate) use compactor::CompactError;
pub(crate) use compactor::Compactor;
pub use config::CompactConfig;
pub(crate) use plan::Debt;
pub(crate) use rederive::first_arrival;
pub use rederive::{Rederive, Rederived};
pub(crate) use remove::{Retired, remove_leftovers};
