//! The integration tests of this room, one binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what helps a test fails loudly and may tell what it saw"
)]

mod arrivals;
mod backup;
mod block_damage;
mod captures;
mod compact;
mod compact_crash;
mod crash;
mod damaged;
mod day;
mod dead_threads;
mod dedup;
mod disk;
mod duckdb;
mod edges;
mod fixtures;
mod guard;
mod inspect;
mod minutes;
mod model;
mod poison;
mod rederive;
mod restart;
mod retain;
mod retain_crash;
mod round_trip;
mod rows;
mod series;
mod set_aside;
mod store;
mod text;
mod trace_index;
mod verify;
mod wal;
mod wal_crash;
mod wal_damage;
mod wal_faults;
mod wal_log;
