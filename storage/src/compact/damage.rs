//! Blocks that cannot be read: found out once, remembered in the catalog, and left alone.
//!
//! ```text
//! a read fails --> suspect --read whole--> marked: stays where it is, answers read what they can of it
//! start, marked before ----read whole--> whole again (somebody put a copy in its place): the mark goes
//! ```

use std::{collections::HashSet, sync::Arc};

use schemas::UnixNanos;

use super::{CompactError, Compactor, compactor::State};
use crate::{
    block::{Block, Damage},
    flush::chain,
    self_metrics::DAMAGED_BLOCKS,
};

impl Compactor {
    /// Reads blocks that a read failed on, and marks those that cannot be read; reads one of those that an earlier run marked.
    /// Whatever is not written down is tried again by the next call.
    pub(super) fn look_at_damage(&self, state: &mut State, blocks: &[Arc<Block>], now: UnixNanos) -> Result<(), CompactError> {
        self.mark(blocks, now)?;
        let Some(id) = state.marked_before.last().copied() else { return Ok(()) };
        if let Some(block) = blocks.iter().find(|block| block.id == id)
            && self.reader.check(block).is_ok()
        {
            self.catalog.lock().unmark_damaged(self.core.io.as_ref(), id)?;
            self.core.damaged().remove(&id);
            tracing::info!(path = %block.path.display(), "a damaged block is whole again");
        }
        state.marked_before.pop();
        self.count_damage(blocks);
        Ok(())
    }

    fn mark(&self, blocks: &[Arc<Block>], now: UnixNanos) -> Result<(), CompactError> {
        let suspects = self.reader.suspects().take();
        let known: HashSet<u64> = self.core.damaged().keys().copied().collect();
        let suspect = |block: &&Arc<Block>| suspects.contains(&block.id) && !known.contains(&block.id);
        let mut found = Vec::new();
        for block in blocks.iter().filter(suspect) {
            if let Err(error) = self.reader.check(block)
                && error.is_of_the_file()
            {
                let damage = Damage { since: now, reason: chain(&error) };
                tracing::error!(path = %block.path.display(), rows = block.rows, reason = damage.reason, "a damaged block is set aside");
                found.push((block.id, damage));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let marked = self.catalog.lock().mark_damaged(self.core.io.as_ref(), &found);
        if let Err(error) = marked {
            found.iter().for_each(|(id, _)| self.reader.suspects().note(*id));
            return Err(error.into());
        }
        self.core.damaged().extend(found);
        self.count_damage(blocks);
        Ok(())
    }

    fn count_damage(&self, blocks: &[Arc<Block>]) {
        let damaged = self.core.damaged();
        metrics::gauge!(DAMAGED_BLOCKS).set(blocks.iter().filter(|block| damaged.contains_key(&block.id)).count() as f64);
    }
}
