//! A pull door: lines of log files, followed across rotation, truncation and compression, each read once.
//!
//! ```text
//! every poll:  discover (globs -> files) -> round (batches of whole records) -> positions say what is being sent
//!              -> ingest (as OTLP, like everybody's) -> positions say what is stored
//!
//! config       what to follow
//! identity     which file is it, whatever it is called: device, inode, its first bytes
//! positions    how far each file is stored, on disk
//! discover     which files there are, and which of them were followed before under another name
//! input        bytes of a plain or gzipped file from a position on
//! cut          bytes -> records
//! follower     one open file
//! round        what all of them have to send next
//! run          rounds and sends until the end
//! report       what people are told
//! ```
//! INVARIANT: a position moves only after the write-ahead log has what is before it. A crash between the two sends the same bytes again,
//! because what is being sent was written down first, and the store recognises the retry: each line is stored once.
//! What refuses (ingest, a full disk) stops the reading; the files keep the lines.

mod config;
mod cut;
mod discover;
mod follower;
mod identity;
mod input;
mod positions;
mod report;
mod round;
mod run;

pub use config::{FilesConfig, FilesError};
pub use positions::PositionsError;
pub(crate) use report::FilesBook;
pub use report::{FileReport, FilesReport};
pub(crate) use round::Files;
pub(crate) use run::run;

#[cfg(test)]
mod tests;
