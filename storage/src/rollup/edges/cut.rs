//! Spans that are looked at together: calls with both halves, and halves of others.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::Range,
};

use arrow::array::RecordBatch;

use super::{
    columns::EdgeSpans,
    half::{self, Half},
};
use crate::rollup::{
    columns::RollupError,
    spans::{CLIENT, CONSUMER, PRODUCER, SERVER, Words},
    texts::Texts,
};

/// Spans between a call and the span that wraps it.
const ABOVE_MAX: usize = 16;

/// A span, as far as it has relatives.
#[derive(Clone, Copy)]
struct Node {
    /// Hash of trace and parent; 0 of a root.
    parent: u64,
    batch: u32,
    row: u32,
    service: u32,
    kind: i32,
    answered: bool,
    counts: bool,
}

impl Node {
    fn calls(&self) -> bool {
        matches!(self.kind, CLIENT | PRODUCER)
    }

    fn is_entry(&self) -> bool {
        matches!(self.kind, SERVER | CONSUMER)
    }
}

/// Who calls above a span, within its service and the same request.
enum Above {
    Caller(usize),
    /// Perhaps the parent of this one, which is not here.
    Open(usize),
    Nobody,
}

pub(super) struct Cut<'a> {
    batches: Vec<EdgeSpans<'a>>,
    nodes: Vec<Node>,
    places: HashMap<u64, u32, BuildHasherDefault<Prehashed>>,
}

impl<'a> Cut<'a> {
    /// Of spans that are there twice one is taken. Those that begin outside of `counts` are only relatives of others.
    pub(super) fn of(
        batches: impl IntoIterator<Item = &'a RecordBatch>,
        counts: &Range<i64>,
        texts: &mut Texts,
        words: Words,
    ) -> Result<Self, RollupError> {
        let batches: Result<Vec<_>, _> = batches.into_iter().map(|batch| EdgeSpans::of(batch, texts, words)).collect();
        let batches = batches?;
        let rows = batches.iter().map(EdgeSpans::len).sum();
        let mut cut = Self {
            batches,
            nodes: Vec::with_capacity(rows),
            places: HashMap::with_capacity_and_hasher(rows, BuildHasherDefault::default()),
        };
        for (spans, batch) in cut.batches.iter().zip(0..) {
            for row in 0..spans.len() {
                let next = cut.nodes.len() as u32;
                if *cut.places.entry(spans.key(row)).or_insert(next) == next {
                    cut.nodes.push(Node {
                        parent: spans.parent_key(row),
                        batch,
                        row: row as u32,
                        service: spans.service(row),
                        kind: spans.kind(row),
                        answered: false,
                        counts: counts.contains(&spans.start(row)),
                    });
                }
            }
        }
        Ok(cut)
    }

    /// Tells `call` of each call of which both halves are here, the caller's first, and returns the other halves.
    pub(super) fn calls(mut self, texts: &mut Texts, mut call: impl FnMut(&Half, &Half)) -> Vec<Half> {
        let mut halves: Vec<Half> = Vec::new();
        // What a call may wrap that is not here, by place.
        let mut open: HashMap<usize, [u8; 8]> = HashMap::new();
        for place in 0..self.nodes.len() {
            let node = self.nodes[place];
            let Some(parent) = self.parent(&node) else {
                let Some(up) = self.batch(&node).parent(node.row as usize) else { continue };
                if node.is_entry() && node.counts {
                    halves.push(Half { up: Some(up), ..self.half(place, texts) });
                } else if node.calls() {
                    open.insert(place, up);
                }
                continue;
            };
            let other_service = self.nodes[parent].service != node.service;
            if !other_service && !node.calls() {
                continue;
            }
            match self.above(parent) {
                Above::Caller(caller) => self.nodes[caller].answered = true,
                Above::Open(last) => {
                    if let Some(up) = self.batch(&self.nodes[last]).parent(self.nodes[last].row as usize) {
                        match other_service {
                            true if node.counts => halves.push(half::note(self.half(last, texts), up)),
                            true => {}
                            false => drop(open.insert(place, up)),
                        }
                    }
                }
                Above::Nobody => {}
            }
            if other_service && node.counts {
                call(&self.half(parent, texts), &self.half(place, texts));
            }
        }
        for (place, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.calls() && node.counts) {
            let up = open.get(&place).copied();
            if !node.answered || node.kind == PRODUCER {
                let caller = self.batch(node).caller(node.row as usize, texts);
                halves.push(Half { up, answered: node.answered, ..caller });
            } else if let Some(up) = up {
                halves.push(half::note(self.half(place, texts), up));
            }
        }
        halves
    }

    fn parent(&self, node: &Node) -> Option<usize> {
        self.places.get(&node.parent).map(|place| *place as usize)
    }

    fn batch(&self, node: &Node) -> &EdgeSpans<'a> {
        &self.batches[node.batch as usize]
    }

    fn half(&self, place: usize, texts: &mut Texts) -> Half {
        let node = &self.nodes[place];
        self.batch(node).half(node.row as usize, texts)
    }

    /// From `place` upwards.
    fn above(&self, place: usize) -> Above {
        let service = self.nodes[place].service;
        let mut here = place;
        for _ in 0..ABOVE_MAX {
            let node = &self.nodes[here];
            if node.service != service || node.is_entry() || (node.parent == 0 && !node.calls()) {
                return Above::Nobody;
            }
            if node.calls() {
                return Above::Caller(here);
            }
            match self.parent(node) {
                Some(parent) => here = parent,
                None => return Above::Open(here),
            }
        }
        Above::Nobody
    }
}

/// For keys that are hashes already.
#[derive(Default)]
struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
