//! The rules that tell refusals and states of breakers, while the server runs.
//!
//! ```text
//! shipped <- overlay in the data directory <- files of the configuration      each laid over those before it
//!              ^ what the API takes: checked with all others, then written whole and durably, then it counts
//! ```
//!
//! What rules mean is [`governance::classify`]; this room reads and writes their files. It must never know HTTP.

mod book;

pub use book::{Change, RuleBook, RulesConfig, RulesError};
pub(crate) use book::{OVERLAY_NAME, SetError};

#[cfg(test)]
mod tests;
