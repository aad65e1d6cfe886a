//! Asks the index of a block.

use std::{path::Path, sync::Arc};

use schemas::Table;

use super::AttributeQuery;
use crate::{
    block::{Block, BlockCache, CacheKey, Cached},
    io::Io,
    self_metrics::ATTRIBUTE_INDEX_UNUSABLE_TOTAL,
    text::{Bloom, Candidates, IndexKind, Owner, load_index},
};

/// The index of a block; without filters when its file cannot be used.
pub(crate) struct AttributeIndex {
    table: Table,
    rows: usize,
    filters: Option<Bloom>,
}

impl AttributeIndex {
    pub(super) fn new(table: Table, rows: u32, filters: Option<Bloom>) -> Self {
        Self { table, rows: rows as usize, filters }
    }

    /// Whether its file is missing, damaged or of another block.
    pub(crate) fn is_ill(&self) -> bool {
        self.filters.is_none()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.filters.as_ref().map_or(0, Bloom::memory_bytes)
    }

    /// Which rows can match: whole pages. Well below a millisecond.
    pub(crate) fn candidates(&self, query: &AttributeQuery) -> Candidates {
        let (Some(filters), Some(needs)) = (&self.filters, query.needs(self.table)) else { return Candidates::All };
        let rows = filters.rows_of(&needs);
        let left: usize = rows.iter().map(ExactSizeIterator::len).sum();
        if left == self.rows { Candidates::All } else { Candidates::Rows(rows) }
    }
}

/// The index of `block`, from the cache or its file; `None` when it has none. A file that cannot be used is reported when it is loaded.
/// Blocking.
pub(crate) fn load(io: &dyn Io, data_dir: &Path, cache: &BlockCache, block: &Block) -> Option<Arc<AttributeIndex>> {
    let sidecar = block.attribute_index.as_ref()?;
    if let Some(Cached::AttributeIndex(index)) = cache.get(CacheKey::AttributeIndex(block.id)) {
        return Some(index);
    }
    let owner = Owner::new(&block.path, block.rows)?;
    let decoded = load_index(io, data_dir, IndexKind::Attributes, owner, sidecar)
        .and_then(|(_, bytes)| Bloom::decode(&bytes, owner.rows).map_err(|error| error.to_string()));
    let filters = decoded
        .inspect_err(|error| {
            metrics::counter!(ATTRIBUTE_INDEX_UNUSABLE_TOTAL).increment(1);
            tracing::error!(path = %sidecar.path.display(), error, "index of attributes ignored");
        })
        .ok();
    let index = Arc::new(AttributeIndex::new(block.table, owner.rows, filters));
    cache.put(CacheKey::AttributeIndex(block.id), Cached::AttributeIndex(Arc::clone(&index)));
    Some(index)
}
