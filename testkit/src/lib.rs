//! Test tools: the ledger client and its verdict, the real captures. Tests only; nothing that ships imports this room.

pub mod captures;
pub mod ledger;
