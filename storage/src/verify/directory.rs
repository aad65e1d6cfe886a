//! All blocks of a data directory, and the files that belong to none.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::Table;

use super::block::check_block;
use crate::{
    block::{self, BlockCache, BlockReader},
    catalog::{self, Catalog, CatalogError},
    io::Io,
};

/// Footers and indexes of one block at a time.
const CACHE_BYTES: usize = 16 << 20;

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub blocks: usize,
    pub rows: u64,
    /// Of blocks and their indexes.
    pub bytes: u64,
    /// Blocks and indexes that are damaged or missing; empty when all is well.
    pub findings: Vec<Finding>,
    /// Blocks that the server set aside, with what it found; what is wrong with them now is among the findings too.
    pub set_aside: Vec<Finding>,
    /// Files that no catalog entry names: somebody else's, or in the making. The next start clears away what is ours.
    pub unlisted: Vec<PathBuf>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Relative to the data directory.
    pub path: PathBuf,
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub bytes_done: u64,
    pub bytes_total: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{path} is missing: not a data directory")]
    NoCatalog { path: PathBuf },
    #[error("open the catalog")]
    Catalog(#[from] CatalogError),
    #[error("list {path}")]
    List { path: PathBuf, source: io::Error },
}

/// Checks every block of `data_dir`, and tells `progress` after each. Blocking, reads everything.
///
/// # Errors
/// When there is no catalog that can be read, or no directory listed. Damage is not an error but a [`Finding`].
pub fn verify(io: Arc<dyn Io>, data_dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verified, VerifyError> {
    let path = data_dir.join(catalog::FILE_NAME);
    if !path.exists() {
        return Err(VerifyError::NoCatalog { path });
    }
    // Listed first: what is written from now on is no concern of ours.
    let tenants = Catalog::open_read_only(data_dir)?.tenants();
    let mut files: Vec<PathBuf> = Vec::new();
    for (tenant, table) in tenants.iter().flat_map(|tenant| Table::ALL.map(|table| (*tenant, table))) {
        let dir = data_dir.join(block::dir(tenant, table));
        match io.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(VerifyError::List { path: dir, source }),
            Ok(listed) => files.extend(listed.into_iter().filter_map(|path| path.strip_prefix(data_dir).map(Path::to_owned).ok())),
        }
    }
    let blocks: Vec<_> = Catalog::open_read_only(data_dir)?.blocks()?.into_iter().map(Arc::new).collect();
    let bytes_total = blocks.iter().map(|block| block.bytes + block.sidecar_bytes()).sum();
    let cache = || Arc::new(BlockCache::new(CACHE_BYTES));
    let reader = BlockReader::new(Arc::clone(&io), data_dir.to_owned(), cache(), cache());
    let mut verified = Verified::default();
    let mut findings: Vec<(u64, Finding)> = Vec::new();
    for block in blocks {
        verified.blocks += 1;
        verified.rows += block.rows;
        verified.bytes += block.bytes + block.sidecar_bytes();
        let of_block = check_block(io.as_ref(), data_dir, &reader, &block);
        findings.extend(of_block.into_iter().map(|finding| (block.id, finding)));
        progress(Progress { bytes_done: verified.bytes, bytes_total });
    }
    let catalog = Catalog::open_read_only(data_dir)?;
    let live: HashMap<u64, PathBuf> = catalog.blocks()?.into_iter().map(|block| (block.id, block.path)).collect();
    let damaged = catalog.damaged()?.into_iter();
    verified.set_aside = damaged.filter_map(|(id, damage)| Some(Finding { path: live.get(&id)?.clone(), what: damage.reason })).collect();
    verified.findings = findings.into_iter().filter(|(id, _)| live.contains_key(id)).map(|(_, finding)| finding).collect();
    let known = catalog.known_files()?;
    let exists = |path: &PathBuf| data_dir.join(path).exists();
    verified.unlisted = files.into_iter().filter(|path| !known.contains(path) && exists(path)).collect();
    verified.unlisted.sort_unstable();
    Ok(verified)
}
