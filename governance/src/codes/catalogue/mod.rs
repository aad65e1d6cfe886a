//! The catalogue: what a code means, in English and Chinese, and where its rows are from.
//!
//! ```text
//! entry       one code, one named part of a layout; texts by language
//! language    which of them a reader gets: Accept-Language
//! file        the TOML form, of the configuration and of the overlay that imports go to
//! csv, proto, java    other sources -> entries, with the line of each
//! store       entries by code; merges report conflicts by line
//! unknown     codes that nobody wrote down, with samples and a rule to begin with
//! ```

mod csv;
mod entry;
mod file;
mod java;
mod language;
mod proto;
mod store;
mod tokens;
mod unknown;

pub use csv::read_csv;
pub use entry::{Class, Entry, ImportError, Located, Part, Severity, Text};
pub use file::{CodesFile, read_toml, write_toml};
pub use java::read_java;
pub use language::{Language, choose};
pub use proto::read_proto;
pub use store::{Catalogue, Conflict, Merged};
pub use unknown::{Seen, Unknown, unknown_codes};

#[cfg(test)]
mod tests;
