//! Deletes files: of blocks that were replaced, once nobody reads them, and what a crash left of a rewrite.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use schemas::Table;

use super::{Compactor, compactor::CompactError};
use crate::{
    Config,
    block::{self, Block},
    catalog::{Catalog, CatalogError},
    io::Io,
    self_metrics::{BLOCKS_DELETED_TOTAL, ORPHANS_REMOVED_TOTAL},
};

/// A block that is not live any more. Snapshots taken before may still read it.
pub(crate) struct Retired {
    block: Arc<Block>,
    since: Instant,
    delay: Duration,
}

impl Retired {
    /// Its files stay for `delay` from now.
    pub(crate) fn new(block: Arc<Block>, delay: Duration) -> Self {
        Self { block, since: Instant::now(), delay }
    }

    /// What an earlier run retired and did not delete. The delay begins anew: no clock is asked.
    pub(crate) fn of_earlier_run(catalog: &Catalog, config: &Config) -> Result<Vec<Self>, CatalogError> {
        let retired = catalog.retired_blocks()?;
        let let_go = if retired.is_empty() { HashSet::new() } else { catalog.let_go_ids()? };
        let delay = |id: u64| if let_go.contains(&id) { config.retain.delete_delay } else { config.compact.delete_delay };
        let retired = retired.into_iter().map(|block| {
            let delay = delay(block.id);
            Self::new(Arc::new(block), delay)
        });
        Ok(retired.collect())
    }

    /// No snapshot has it.
    fn is_unread(&self) -> bool {
        Arc::strong_count(&self.block) == 1
    }

    fn is_due(&self) -> bool {
        self.since.elapsed() >= self.delay
    }

    pub(super) fn bytes(&self) -> u64 {
        self.block.bytes + self.block.sidecar_bytes()
    }
}

impl Compactor {
    /// Deletes the blocks that were retired long enough ago and that no snapshot has. When new data is refused for lack of room, as many
    /// of the others go as it takes, those first whose rows are in other blocks.
    pub(crate) fn remove_retired(&self) -> Result<usize, CompactError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = removable(&state.retired, self.bytes_missing());
        if unread.is_empty() {
            return Ok(0);
        }
        let io = self.core.io.as_ref();
        let data_dir = &self.core.config.data_dir;
        let mut dirs: Vec<PathBuf> = Vec::new();
        for path in unread.iter().flat_map(|block| block.files()) {
            remove(io, &data_dir.join(path))?;
            dirs.extend(path.parent().map(|dir| data_dir.join(dir)));
        }
        dirs.sort_unstable();
        dirs.dedup();
        dirs.into_iter().try_for_each(|dir| sync(io, dir))?;
        let ids: Vec<u64> = unread.iter().map(|block| block.id).collect();
        self.with_reserve(|| Ok(self.catalog.lock().forget(io, &ids)?))?;
        state.retired.retain(|one| !ids.contains(&one.block.id));
        metrics::counter!(BLOCKS_DELETED_TOTAL).increment(ids.len() as u64);
        Ok(ids.len())
    }
}

impl Compactor {
    /// Looks after the reserve, and says how much must be deleted before new data is taken again.
    fn bytes_missing(&self) -> u64 {
        let config = &self.core.config;
        let Ok(disk) = self.core.io.disk_space(&config.data_dir) else { return 0 };
        let needed = config.wal.free_bytes_needed(disk);
        self.core.reserve.keep(disk, needed);
        needed.saturating_sub(disk.free_bytes)
    }
}

fn removable(retired: &[Retired], bytes_missing: u64) -> Vec<Arc<Block>> {
    let (due, mut others): (Vec<&Retired>, Vec<&Retired>) = retired.iter().filter(|one| one.is_unread()).partition(|one| one.is_due());
    others.sort_by_key(|one| (one.delay, one.since));
    let mut freed: u64 = due.iter().map(|one| one.bytes()).sum();
    let hurried = others.into_iter().take_while(|one| {
        let wanted = freed < bytes_missing;
        freed += one.bytes();
        wanted
    });
    let hurried: Vec<&Retired> = hurried.collect();
    due.into_iter().chain(hurried).map(|one| Arc::clone(&one.block)).collect()
}

/// Removes what is left of rewrites that were not committed. Call before anything is written.
pub(crate) fn remove_leftovers(io: &dyn Io, data_dir: &Path, catalog: &mut Catalog) -> Result<(), CompactError> {
    let numbers = catalog.rewrites()?;
    remove_rewrites(io, data_dir, catalog, &numbers)
}

pub(super) fn remove_rewrites(io: &dyn Io, data_dir: &Path, catalog: &mut Catalog, numbers: &[u64]) -> Result<(), CompactError> {
    if numbers.is_empty() {
        return Ok(());
    }
    for (tenant, table) in catalog.tenants().iter().flat_map(|tenant| Table::ALL.map(|table| (*tenant, table))) {
        let dir = data_dir.join(block::dir(tenant, table));
        let listed = match io.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(|source| CompactError::Remove { path: dir.clone(), source })?,
        };
        let leftovers: Vec<&PathBuf> =
            listed.iter().filter(|path| block::rewrite_of(path).is_some_and(|number| numbers.contains(&number))).collect();
        for path in &leftovers {
            remove(io, path)?;
            metrics::counter!(ORPHANS_REMOVED_TOTAL).increment(1);
        }
        if !leftovers.is_empty() {
            sync(io, dir)?;
        }
    }
    Ok(catalog.abandon(io, numbers)?)
}

/// Before the catalog forgets what was removed: a file that comes back after a crash would be nobody's.
fn sync(io: &dyn Io, dir: PathBuf) -> Result<(), CompactError> {
    match io.sync_dir(&dir) {
        // Of a table without live blocks a backup has no directory: nothing was removed there.
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(CompactError::Remove { path: dir, source }),
        _ => Ok(()),
    }
}

fn remove(io: &dyn Io, path: &Path) -> Result<(), CompactError> {
    match io.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CompactError::Remove { path: path.to_owned(), source: error }),
        _ => Ok(()),
    }
}
