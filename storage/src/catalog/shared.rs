//! One catalog for the threads that commit.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Catalog;

/// Locked for one transaction at a time, and never while what is shown is locked: a commit waits for the disk.
pub(crate) struct SharedCatalog(Mutex<Catalog>);

impl SharedCatalog {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self(Mutex::new(catalog))
    }

    /// A panic of another holder rolled its transaction back: what is in the catalog is whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Catalog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
