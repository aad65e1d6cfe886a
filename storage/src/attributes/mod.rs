//! Which rows of a block can have an attribute with a certain value? What a question about a key without a column would otherwise read is
//! the JSON of every row.
//!
//! ```text
//! <block>.attr    one Bloom filter of (column, key, value) per data page, 1 to 2 bytes a row
//!
//! JSON --for each attribute--> pair --build--> the file, and the list of keys in the catalog
//! AttributeQuery ------------> pair --index--> Candidates
//! ```
//!
//! INVARIANT: an index only prunes, as in [`crate::text`], whose Bloom filters and header of files these are: rows outside of the
//! candidates do not match, all others are asked. A file that is missing, damaged or of another block costs time until the compactor
//! writes its block anew.

mod build;
mod index;
mod pair;
mod query;

pub use self::query::AttributeQuery;
pub(crate) use build::{AttributesBuilder, COLUMNS, KEYS_MAX};
pub(crate) use index::{AttributeIndex, load};

#[cfg(test)]
mod tests;
