//! The integration tests of this room, one binary.

mod wal;
mod wal_log;
