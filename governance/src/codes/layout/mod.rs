//! Layouts: how a code splits into service, module and code, and which layout holds for whom.
//!
//! ```text
//! 5001003 = 5|001|003 or 50|01|003 or 500|1|003:
//!   an explicit binding to the service or environment decides;
//!   else the catalogue, when it knows 80 % of the service's codes in one reading and twice as many as in any other;
//!   else the code is shown whole, and ambiguous
//! ```
//!
//! `entry` is one layout as files have it, `layouts` the checked set, `normalise` the spellings of one code.

mod entry;
mod layouts;
mod normalise;

pub use entry::{LayoutEntry, LayoutError, default_layouts};
pub(crate) use layouts::matches;
pub use layouts::{Decision, Layouts, Parts, Reading, Who};
pub use normalise::spellings;

#[cfg(test)]
mod tests;
