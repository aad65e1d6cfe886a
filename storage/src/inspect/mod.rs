//! What is in the files, for people: read only, beside a running server or without one. Nothing is locked and nothing is judged; `verify`
//! does that.

mod block;
mod catalog;
mod index;
mod places;
mod report;
mod wal;

pub use block::block;
pub use catalog::catalog;
pub use index::index;
pub use report::{InspectError, List, Report, Value};
pub use wal::wal;
