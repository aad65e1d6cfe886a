//! Texts that are in memory once, however many sums name them.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

#[derive(Default)]
pub(super) struct Texts<'a> {
    known: HashMap<&'a str, Arc<str>>,
    /// Of all of them, with what each takes beside its letters.
    pub bytes: usize,
}

const BESIDE: usize = 16;

impl<'a> Texts<'a> {
    pub(super) fn get(&mut self, text: &'a str) -> Arc<str> {
        match self.known.entry(text) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(new) => {
                self.bytes += text.len() + BESIDE;
                Arc::clone(new.insert(Arc::from(text)))
            }
        }
    }
}
