//! Reads what a fold needs of the two tables of facts, hour by hour.
//!
//! ```text
//! hours   the last one first: nothing there --> next
//!         known from an earlier question  --> next
//!         else read, with as many of the hours before it as are small
//! ```
//!
//! So memory is that of the busiest hour and of what is left of the others; blocks hold an hour each, and no row is read twice.

mod hours;
mod read;

use schemas::Table;

pub(crate) use hours::Hours;
pub(crate) use read::{FACTS_MAX, FactRows, Push, SAMPLES_MAX, fold_facts};

pub(crate) const HOUR_NS: i64 = 3_600_000_000_000;

/// Both tables.
const TABLES: [Table; 2] = [Table::Rejections, Table::BreakerSignals];
