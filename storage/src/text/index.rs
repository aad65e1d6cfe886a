//! Asks the text indexes of a block.

use std::{io, ops::Range, path::Path, sync::Arc};

use super::{
    TextFilter,
    bloom::Bloom,
    inverted::Inverted,
    ranges::{self, Ranges},
    sidecar::{self, BLOOM_WITH_NEIGHBOURS, Kind, Owner},
};
use crate::{
    block::{Block, BlockCache, CacheKey, Cached, Sidecar, TextSidecars},
    io::Io,
    self_metrics::TEXT_INDEX_UNUSABLE_TOTAL,
};

/// More candidates than one row in so many are all over the block: then reading it from end to end is sooner done.
const CANDIDATES_ONE_IN: usize = 5;
/// Words of more than one row in so many are not looked up; fewer than above, because several words have fewer rows in common.
const COMMON_WORD_ONE_IN: usize = 2;

/// Which rows of a block can match; the filter is applied to them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidates {
    /// Any: the index cannot tell, or rules out too little to be worth it.
    All,
    /// Only these rows of the block (not of a row group): ascending, disjoint, maybe none.
    Rows(Vec<Range<usize>>),
}

/// The usable indexes of a block.
pub(crate) struct TextIndex {
    rows: usize,
    bloom: Option<Bloom>,
    inverted: Option<Inverted>,
    /// The block has a file that could not be used.
    ill: bool,
}

impl TextIndex {
    pub(super) fn new(rows: u32, bloom: Option<Bloom>, inverted: Option<Inverted>) -> Self {
        Self { rows: rows as usize, bloom, inverted, ill: false }
    }

    /// Whether a file of the block is missing, damaged or of another block.
    pub(crate) fn is_ill(&self) -> bool {
        self.ill
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.bloom.as_ref().map_or(0, Bloom::memory_bytes) + self.inverted.as_ref().map_or(0, Inverted::memory_bytes)
    }

    /// A file of the block that could not be used: it is missing, damaged, or of another block.
    pub(crate) fn unusable<'a>(&self, listed: &'a TextSidecars) -> Option<&'a Sidecar> {
        let bloom = listed.bloom.as_ref().filter(|_| self.bloom.is_none());
        bloom.or(listed.inverted.as_ref().filter(|_| self.inverted.is_none()))
    }

    /// Which rows can match. Well below a millisecond unless words are common.
    pub(crate) fn candidates(&self, filter: &TextFilter) -> Candidates {
        match self.possible_rows(filter) {
            Some(rows) if ranges::count(&rows) <= self.rows / CANDIDATES_ONE_IN => Candidates::Rows(rows),
            _ => Candidates::All,
        }
    }

    /// Exactly the rows that match, without reading any: for words and lists of words that the inverted index knows. `None`
    /// when only a scan can tell.
    pub(crate) fn exact_rows(&self, filter: &TextFilter) -> Option<Vec<Range<usize>>> {
        let rows = readable(self.inverted.as_ref()?.exact_rows_of(filter.needs()))?;
        Some(ranges::of_rows(&rows, None))
    }

    /// `None` when that is every row.
    pub(super) fn possible_rows(&self, filter: &TextFilter) -> Option<Ranges> {
        let needs = filter.needs();
        if needs.is_nothing() {
            return None;
        }
        let pages = self.bloom.as_ref().map(|bloom| bloom.rows_of(needs));
        if pages.as_ref().is_some_and(Vec::is_empty) {
            return pages;
        }
        // A list that is longer than what the pages leave is not worth reading.
        let left = pages.as_ref().map_or(self.rows, ranges::count);
        let common = u32::try_from(left.min(self.rows / COMMON_WORD_ONE_IN)).unwrap_or(u32::MAX);
        let rows = self.inverted.as_ref().and_then(|inverted| readable(inverted.rows_of(needs, common)));
        match rows {
            Some(rows) => Some(ranges::of_rows(&rows, pages.as_ref())),
            None => pages,
        }
    }
}

/// What an index in memory says; its checksum was right, so that it cannot be read is a bug worth a line in the log.
fn readable<T>(found: io::Result<Option<T>>) -> Option<T> {
    found
        .inspect_err(|error| {
            metrics::counter!(TEXT_INDEX_UNUSABLE_TOTAL).increment(1);
            tracing::error!(%error, "a text index cannot be read, its block is scanned");
        })
        .ok()
        .flatten()
}

/// The indexes of `block`, from the cache or its files. `None` when it has none. Files that cannot be used are reported when they
/// are loaded, and the index answers without them. Blocking.
pub(crate) fn load(io: &dyn Io, data_dir: &Path, cache: &BlockCache, block: &Block) -> Option<Arc<TextIndex>> {
    let (bloom, inverted) = (block.text.bloom.as_ref(), block.text.inverted.as_ref());
    bloom.or(inverted)?;
    if let Some(Cached::TextIndex(index)) = cache.get(CacheKey::TextIndex(block.id)) {
        return Some(index);
    }
    let owner = Owner::new(&block.path, block.rows)?;
    let read = |kind, sidecar: &Sidecar| sidecar::load(io, data_dir, kind, owner, sidecar);
    let bloom = bloom.and_then(|sidecar| {
        let decoded = read(Kind::Bloom, sidecar).and_then(|(version, bytes)| {
            let bloom = Bloom::decode(&bytes, owner.rows).map_err(|error| error.to_string())?;
            Ok(if version < BLOOM_WITH_NEIGHBOURS { bloom.without_neighbours() } else { bloom })
        });
        usable(sidecar, decoded)
    });
    let inverted = inverted.and_then(|sidecar| {
        let opened = read(Kind::Inverted, sidecar).and_then(|(_, bytes)| Inverted::open(bytes, owner.rows));
        usable(sidecar, opened)
    });
    let ill = block.text.bloom.is_some() && bloom.is_none() || block.text.inverted.is_some() && inverted.is_none();
    let index = Arc::new(TextIndex { ill, ..TextIndex::new(owner.rows, bloom, inverted) });
    cache.put(CacheKey::TextIndex(block.id), Cached::TextIndex(Arc::clone(&index)));
    Some(index)
}

fn usable<T>(sidecar: &Sidecar, loaded: Result<T, String>) -> Option<T> {
    loaded
        .inspect_err(|error| {
            metrics::counter!(TEXT_INDEX_UNUSABLE_TOTAL).increment(1);
            tracing::error!(path = %sidecar.path.display(), error, "text index ignored");
        })
        .ok()
}
