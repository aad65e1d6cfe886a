//! The integration tests of this room, one binary.

mod dedup;
mod wal;
mod wal_crash;
mod wal_damage;
mod wal_faults;
mod wal_log;
