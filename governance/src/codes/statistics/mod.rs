//! Errors of a window by code: how many, since when, where born, how far they reach.
//!
//! Of one trace an error counts once, where it is born; or every hop, when that is asked for. Metrics are left out: their errors are
//! the same calls, seen once more.
//!
//! ```text
//! reported   an error as statistics see it, borrowed: a day of rows needs no copies
//! traced     errors that count, each with what it is in its trace
//! unlinked   traces of which spans have to tell more
//! tally      errors of one code at one place, added up
//! sums       those of a stretch of time, which are kept
//! totals     sums of several stretches, put together
//! count      counts by code
//! ways       ways of a code through services
//! standing   how a code does against its own past
//! ```

mod appearances;
mod count;
mod reported;
mod standing;
mod sums;
mod tally;
mod texts;
mod totals;
mod traced;
mod unlinked;
mod ways;

pub use count::{CODES_MAX, CodeCount, Count, Counts};
pub use reported::Reported;
pub use standing::{Past, Standing, standing};
pub use sums::{Stretch, Sums};
pub use totals::Totals;
pub use traced::{Swallowed, Traced};
pub use unlinked::unlinked;
pub use ways::Way;

#[cfg(test)]
mod tests;
