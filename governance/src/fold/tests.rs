//! Facts as rules make them from what real libraries write, and what the fold says of them.

mod build;
mod cases;
mod counters;
mod gauges;
mod instances;
mod order;
mod quiet;
mod refusals;
mod show;
