//! How do rows survive? WAL, memtable, blocks, catalog.

pub mod io;
mod request;
mod store;

pub use request::{Ack, AppendError, Derive, RawRequest, Receipt, Refused};
pub use store::{Config, OpenError, ReadError, Readiness, Rows, Snapshot, Store};
