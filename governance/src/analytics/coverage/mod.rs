//! What no breaker guards, and what hides from sight.
//!
//! ```text
//! find    what was seen of a window --> findings, those that concern most first
//! texts   what a finding says and what to change, in English and Chinese
//! ```

mod find;
mod texts;

pub use find::{Codes, Edge, Errors, Finding, FindingKind, Guard, Seen, findings};
