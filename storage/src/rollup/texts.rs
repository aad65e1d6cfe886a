//! Texts as numbers, so that keys are compared and hashed as numbers. A dictionary value is looked up once, not once a row.

use std::{collections::HashMap, sync::Arc};

use ahash::RandomState;
use arrow::{
    array::{Array, PrimitiveArray, StringArray},
    datatypes::Int32Type,
};

/// No text.
pub(super) const NULL: u32 = 0;

/// Every text that was seen; its number is its place.
#[derive(Debug)]
pub(super) struct Texts {
    known: HashMap<Arc<str>, u32, RandomState>,
    /// [`NULL`] has none.
    texts: Vec<Arc<str>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { known: HashMap::default(), texts: vec![Arc::from("")] }
    }
}

impl Texts {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, number);
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&str> {
        if number == NULL { None } else { self.texts.get(number as usize).map(AsRef::as_ref) }
    }

    /// Empty where there is none.
    pub(super) fn shared(&self, number: u32) -> Arc<str> {
        self.texts.get(number as usize).cloned().unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// For each number its place among all texts in their order; [`NULL`] comes first.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (1..self.texts.len()).collect();
        order.sort_unstable_by(|a, b| self.texts[*a].cmp(&self.texts[*b]));
        let mut ranks = vec![0; self.texts.len()];
        for (rank, number) in (1..).zip(order) {
            ranks[number] = rank;
        }
        ranks
    }
}

/// A dictionary column of which the numbers of the values are known.
pub(super) struct Numbered<'a> {
    keys: &'a PrimitiveArray<Int32Type>,
    numbers: Vec<u32>,
}

impl<'a> Numbered<'a> {
    pub(super) fn new((keys, values): (&'a PrimitiveArray<Int32Type>, &StringArray), texts: &mut Texts) -> Self {
        // Batches of one cut share dictionaries that are larger than what each of them uses.
        let numbers = match values.len() <= keys.len() {
            true => values.iter().map(|text| text.map_or(NULL, |text| texts.number(text))).collect(),
            false => {
                let mut numbers = vec![NULL; values.len()];
                for value in keys.iter().flatten().filter_map(|key| usize::try_from(key).ok()) {
                    if value < values.len() && numbers[value] == NULL && values.is_valid(value) {
                        numbers[value] = texts.number(values.value(value));
                    }
                }
                numbers
            }
        };
        Self { keys, numbers }
    }

    pub(super) fn get(&self, row: usize) -> u32 {
        let key = self.keys.is_valid(row).then(|| self.keys.value(row));
        key.and_then(|key| self.numbers.get(usize::try_from(key).ok()?)).copied().unwrap_or(NULL)
    }
}
