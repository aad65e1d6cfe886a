//! Which rows of a block can have a word? Indexes of text, and the exact question that scans ask.
//!
//! ```text
//! <block>.bloom   one Bloom filter of tokens per data page: every token and every two words that follow each other, says which pages to read
//! <block>.text    inverted index, token -> rows (large blocks of logs): exact for the tokens it has, says which rows to read
//!
//! text --tokens--> tokens of a row --build--> both files                          TextQuery --+--> Needs --index--> Candidates
//!                                                                                             `--> TextFilter, applied to rows
//! ```
//!
//! INVARIANT: an index only prunes. Rows outside of [`Candidates`] do not match; rows inside may or may not, so the filter is
//! applied again. Only where the inverted index knows every word asked for are its rows the answer. A file that is missing, damaged
//! or of another block is reported and costs time, never an answer, until the compactor writes its block anew.
//!
//! What is text (see [`indexed_columns`]): of logs `body` and `exception_message`; of spans `name`, `status_message`,
//! `exception_message` and of `events` the names and the attribute `exception.message`. Stack traces and attributes are not:
//! they are asked for by key. Metrics have no text.
//!
//! Reading order: `tokens` what a word is, `query` what people ask, `needs` what an index can answer of it, `rows` the texts of
//! a batch, `bloom`, `inverted` (with `packed`, its files in one) and `sidecar` (their header), `build` and `index`.

mod bloom;
mod build;
mod index;
mod inverted;
mod needs;
mod packed;
mod query;
mod ranges;
mod rows;
mod sidecar;
pub mod tokens;

pub use self::query::{TextFilter, TextQuery};
pub(crate) use bloom::{Bloom, BloomWriter};
pub(crate) use build::{TextBuilder, TextFiles};
pub use index::Candidates;
pub(crate) use index::{TextIndex, load};
pub(crate) use needs::{Needs, Token};
pub use rows::{RowTexts, indexed_columns};
pub(crate) use sidecar::{Described, Kind as IndexKind, Owner, describe, load as load_index, seal as seal_index};

#[cfg(test)]
mod tests;
