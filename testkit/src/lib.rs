//! Test tools: arbitrary OTLP, the ledger client and its verdict, the real captures. Tests only; nothing that ships imports this room.

pub mod arbitrary;
pub mod captures;
pub mod ledger;
