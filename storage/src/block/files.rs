//! What a block is made of.

use std::path::Path;

use super::{Block, Sidecar};

impl Block {
    /// Its Parquet file and everything beside, relative to the data directory.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.file_bytes().map(|(path, _)| path)
    }

    /// The same, and how long each is.
    pub(crate) fn file_bytes(&self) -> impl Iterator<Item = (&Path, u64)> {
        let sidecars = self.sidecars().map(|sidecar| (sidecar.path.as_path(), sidecar.bytes));
        std::iter::once((self.path.as_path(), self.bytes)).chain(sidecars)
    }

    /// Bytes of everything beside its Parquet file.
    pub(crate) fn sidecar_bytes(&self) -> u64 {
        self.sidecars().map(|sidecar| sidecar.bytes).sum()
    }

    fn sidecars(&self) -> impl Iterator<Item = &Sidecar> {
        [&self.trace_index, &self.text.bloom, &self.text.inverted, &self.attribute_index, &self.sums].into_iter().flatten()
    }
}
