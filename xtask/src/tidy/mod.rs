//! The house rules a compiler cannot see. Every rule is a pure function from a file (or the whole tree) to findings.
//!
//! ```text
//! text        whitespace, paths of build machines: every text file
//! shape       names, lengths, module docs, where tests live: Rust files
//! words       what code must not say: Rust files
//! documents   what must exist, and whether what the documents point at is there
//! ```

mod documents;
mod shape;
mod text;
mod words;

mod check;
pub(crate) use check::check;
