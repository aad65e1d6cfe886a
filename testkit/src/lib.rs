//! Test tools: arbitrary OTLP, what other systems push, the ledger client and its verdict, the real captures, disks that fail and disks that remember.
//! Tests only; nothing that ships imports this room.

pub mod arbitrary;
pub mod captures;
pub mod fault_io;
pub mod ledger;
pub mod pushed;
pub mod recording_io;
pub mod thrift;

pub use fault_io::FaultIo;
pub use recording_io::RecordingIo;
