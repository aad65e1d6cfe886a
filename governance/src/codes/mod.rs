//! What an error code is: found in a record, split into its parts, looked up, and followed through a trace.
//!
//! ```text
//! record      one row of spans, logs or metrics, borrowed: all that extraction may look at
//! rows        rows of a batch as records
//! extract     a record -> facts::Error, or nothing
//! layout      5001003 -> service 5, module 001, code 003; which layout holds for whom
//! catalogue   what a code means: title, solution, owner; imports, languages, unknown codes
//! lineage     the errors of one trace -> born here, passed on, translated, masked
//! counted     which of the errors a service reports count as errors: a rule, applied when asked
//! statistics  errors of a window by code: counts, where born, ways through services
//! ```

pub mod catalogue;
pub mod counted;
pub mod extract;
pub mod layout;
pub mod lineage;
pub mod record;
pub mod rows;
pub mod statistics;

pub use extract::{ExtractConfig, Extractor};
pub use record::{Event, Record, SpanStatus};
pub use rows::Rows;
