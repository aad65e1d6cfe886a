//! The inverted index of a block: token -> rows. One tantivy segment whose documents are the rows, so that a document's number is
//! the number of its row. Positions, frequencies, field norms and stored documents are left out: they would cost more than the
//! rows they save.
//!
//! Tokens that hardly ever repeat (long hexadecimal ids, numbers) would be most of its bytes; they are in the Bloom filters only.

mod reader;
mod writer;

pub(super) use reader::Inverted;
pub(super) use writer::{InvertedError, InvertedWriter};

/// The one field of the index.
const FIELD: &str = "text";
/// Hexadecimal runs of at least this many digits are taken for ids.
const ID_DIGITS_MIN: usize = 16;
/// Numbers of at least this many digits are left out; shorter ones are status codes, and few.
const NUMBER_DIGITS_MIN: usize = 4;
