//! What sets a selection of records apart from a baseline: attributes ranked by how differently their values are distributed.
//!
//! 1. [`Deltas`] counts, for each attribute, in how many records of either side each value is (`columns` reads them out of batches).
//! 2. Numbers of many different values become bins that both sides fill alike (`bins`). A record without the attribute counts as a
//!    value of its own, so that both sides always add up.
//! 3. Values that are too few to say anything are one value together. Then an attribute's score is the divergence of the two
//!    distributions, less what chance alone explains (`score`): equal distributions score 0, disjoint ones almost 1.
//! 4. The highest scores first, each with the values that make the difference (`rank`).
//!
//! The order of records makes no difference. Memory is bounded by the records that are counted, and by [`Limits`].

mod bins;
mod columns;
mod profile;
mod rank;
mod score;

pub use columns::{UnreadableBatch, columns};
pub use profile::{Deltas, Limits, Side};
pub use rank::{Attribute, AttributeValue, Ranking, Value};

#[cfg(test)]
mod tests;
