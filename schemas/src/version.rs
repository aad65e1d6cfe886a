//! The version of the tables, written into every file.

/// Goes up with every change of a table that an older build cannot read as it is. Added columns do not count:
/// a file without the column reads as nulls.
pub const SCHEMA_VERSION: u32 = 1;
