//! How do rows survive? WAL, memtable, blocks, catalog.

pub mod dedup;
pub mod io;
pub mod lock;
pub mod quarantine;
mod request;
pub mod self_metrics;
mod store;
pub mod wal;

pub use request::{Ack, AppendError, Derive, RawRequest, Receipt, Refused};
pub use store::{Config, OpenError, ReadError, Readiness, Rows, Snapshot, Store};
