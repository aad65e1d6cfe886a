//! The integration tests of this room, one binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what helps a test fails loudly and may tell what it saw"
)]

mod captures;
mod crash;
mod dedup;
mod duckdb;
mod model;
mod rows;
mod store;
mod wal;
mod wal_crash;
mod wal_damage;
mod wal_faults;
mod wal_log;
