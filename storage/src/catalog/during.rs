//! Errors of SQLite with the name of what was being done.

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
