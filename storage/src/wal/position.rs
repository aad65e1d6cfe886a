//! Places in the log.

use std::fmt;

/// Log sequence number: one per record, rising by the order of writing, never reused by a record that was acknowledged.
/// `Lsn(0)` lies before the first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    pub const ZERO: Self = Self(0);

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a record ends: for people who read catalogs and logs. The order of records is the order of their [`Lsn`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WalPosition {
    pub segment: u64,
    pub offset_bytes: u64,
}
