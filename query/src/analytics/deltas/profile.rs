//! Counts values of attributes on both sides.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Selection,
    Baseline,
}

/// What is kept, whatever the records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Attributes that are counted: of more, the first by name.
    pub attributes_max: usize,
    /// Longer texts are told apart by their beginning.
    pub text_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attributes_max: 2000, text_bytes_max: 256 }
    }
}

/// How many records have it: of the selection, of the baseline.
pub(super) type Counts = [u64; 2];

/// Records of both sides so far.
#[derive(Debug, Default)]
pub struct Deltas {
    limits: Limits,
    pub(super) records: Counts,
    pub(super) attributes: BTreeMap<Box<str>, Profile>,
    pub(super) has_more_attributes: bool,
}

/// Values of one attribute.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) texts: HashMap<Box<str>, Counts>,
    pub(super) numbers: BTreeMap<Number, Counts>,
}

/// A finite number, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub(super) f64);

impl Deltas {
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// So many records more. Their values are counted besides, each once for a record.
    pub fn add_records(&mut self, side: Side, records: u64) {
        self.records[side as usize] += records;
    }

    /// So many records have this text as their value of `attribute`.
    pub fn add_text(&mut self, side: Side, attribute: &str, text: &str, records: u64) {
        let text = &text[..text.floor_char_boundary(self.limits.text_bytes_max)];
        if let Some(profile) = self.profile(attribute) {
            match profile.texts.get_mut(text) {
                Some(counts) => counts[side as usize] += records,
                None => profile.texts.entry(text.into()).or_default()[side as usize] += records,
            }
        }
    }

    /// As [`Self::add_text`], of a number.
    pub fn add_number(&mut self, side: Side, attribute: &str, number: f64, records: u64) {
        if !number.is_finite() {
            return self.add_text(side, attribute, &number.to_string(), records);
        }
        if let Some(profile) = self.profile(attribute) {
            // There is one zero.
            profile.numbers.entry(Number(number + 0.0)).or_default()[side as usize] += records;
        }
    }

    fn profile(&mut self, attribute: &str) -> Option<&mut Profile> {
        if !self.attributes.contains_key(attribute) {
            self.attributes.insert(attribute.into(), Profile::default());
            if self.attributes.len() > self.limits.attributes_max {
                // What is let go once is never among the first again.
                self.attributes.pop_last();
                self.has_more_attributes = true;
            }
        }
        self.attributes.get_mut(attribute)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
