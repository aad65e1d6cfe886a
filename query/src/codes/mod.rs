//! What is known of error codes while the server runs: layouts, catalogue, and which codes count.
//!
//! ```text
//! files of the configuration --source--\
//!                                       known   (what answers are made from; the files win)
//! overlay in the data directory --------/
//!   ^ imports and layouts that the API takes: checked, then written whole and durably, then known
//! ```
//! What a code means is [`governance::codes`]; this room reads and writes the files. It must never know HTTP.

mod book;
mod known;
mod overlay;
mod source;

pub use book::{Codes, CodesConfig, CodesError};
pub(crate) use book::{ImportError, Imported};
pub(crate) use known::Known;
pub(crate) use source::Format;

#[cfg(test)]
mod tests;
