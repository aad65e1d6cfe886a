//! Reads what a fold needs of the tables of facts, hour by hour.
//!
//! ```text
//! hours   the last one first: nothing there --> next
//!         known from an earlier question  --> next
//!         else read, with as many of the hours before it as are small
//!         one that is not over, or asked for in part, goes by its quarters
//! ```
//!
//! So memory is that of the busiest hour and of what is left of the others; blocks hold an hour each, and no row is read twice.

mod hours;
mod read;

use schemas::Table;

pub(crate) use hours::{Hours, stretches_of_facts};
pub(crate) use read::{FACTS_MAX, FactRows, Push, REFUSALS_MAX, SAMPLES_MAX, fold_facts, what};

pub(crate) const HOUR_NS: i64 = 3_600_000_000_000;

/// Of `errors` the refused spans.
const TABLES: [Table; 3] = [Table::Rejections, Table::BreakerSignals, Table::Errors];
