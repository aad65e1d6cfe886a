//! The rules that count now, for whoever applies them on many threads.

use std::sync::{Arc, PoisonError, RwLock};

use super::Rules;

/// Rules that can be exchanged while they are applied. Cheap to clone: all clones are one.
#[derive(Debug, Clone)]
pub struct SharedRules(Arc<RwLock<Arc<Rules>>>);

impl SharedRules {
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(rules))))
    }

    /// The rules as they are now. Whoever applies them to a batch keeps these for all of it.
    pub fn get(&self) -> Arc<Rules> {
        // Nothing is ever half written here.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on `rules` count.
    pub fn set(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}

impl Default for SharedRules {
    /// The shipped ones.
    fn default() -> Self {
        Self::new(Rules::shipped().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clones_see_the_new_rules_and_nobody_loses_the_old_ones() {
        let shared = SharedRules::default();
        let (clone, before) = (shared.clone(), shared.get());
        let off = "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n";
        shared.set(Rules::with_overlay("mine.toml", off).expect("valid"));
        assert_eq!(before.version(), Rules::shipped().version());
        assert_ne!(clone.get().version(), before.version());
        assert_eq!(clone.get().len(), before.len() - 1);
    }
}
