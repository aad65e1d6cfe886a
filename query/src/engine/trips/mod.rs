//! `breaker_trips(start, end)`: trips of circuit breakers as a table.
//!
//! ```text
//! function   two times --> provider: which trips
//! provider   facts of the window and a day before, from the snapshot of the question --> fold --> rows
//! columns    what a row has
//! ```
//!
//! Facts are read while the question is planned: a table function is asked for its rows, not for a scan. What costs more (admitted
//! calls, codes) is read only when the question has these columns.

mod columns;
mod function;
mod provider;

pub(super) use function::{BREAKER_TRIPS, BreakerTrips};
