//! Errors of a window by code: how many, since when, where born, how far they reach.
//!
//! Of one trace an error counts once, where it is born; or every hop, when that is asked for. Metrics are left out: their errors are
//! the same calls, seen once more.
//!
//! ```text
//! reported   an error as statistics see it, borrowed: a day of rows needs no copies
//! traced     errors that count, each with what it is in its trace
//! count      counts by code
//! ways       ways of a code through services
//! standing   how a code does against its own past
//! ```

mod count;
mod reported;
mod standing;
mod traced;
mod ways;

pub use count::{CODES_MAX, CodeCount, Count, Counts};
pub use reported::Reported;
pub use standing::{Past, Standing, standing};
pub use traced::{Swallowed, Traced};
pub use ways::Way;

#[cfg(test)]
mod tests;
