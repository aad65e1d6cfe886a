//! Errors of SQLite with the name of what was being done, and what they mean.

use rusqlite::ErrorCode;

use super::CatalogError;

/// Names the operation of a SQLite error.
pub(super) trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, CatalogError>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, operation: &'static str) -> Result<T, CatalogError> {
        self.map_err(|source| CatalogError::Sqlite { operation, source })
    }
}

impl CatalogError {
    /// Whether it is the disk that is full, cannot be written or fails.
    pub(super) fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
            ),
            Self::ReadOnly | Self::Step { .. } => true,
            Self::NewerFormat { .. } | Self::ColumnType { .. } | Self::Inconsistent { .. } => false,
        }
    }
}
