//! The integration tests of this room, one binary.

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
