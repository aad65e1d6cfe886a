//! Reads the attributes of a block once while it is written: for the list of its keys, and for the index of their values.

use std::{collections::HashMap, path::Path};

use ahash::RandomState;
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::Int32Type,
    record_batch::RecordBatch,
};
use schemas::{
    Table,
    attribute::for_each_attribute,
    columns::{ATTRIBUTES, RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES},
};

use super::pair;
use crate::{
    block::{BlockKeys, ColumnKeys},
    text::{BloomWriter, IndexKind, Owner, seal_index},
};

/// Columns of JSON objects whose attributes are read.
pub(crate) const COLUMNS: [&str; 3] = [RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES, ATTRIBUTES];
/// A column with more different keys is not listed: then a key carries a value, and the list would be as long as the column.
pub(crate) const KEYS_MAX: usize = 1000;

/// Collects the attributes of a block.
pub(crate) struct AttributesBuilder {
    page_rows: usize,
    columns: Vec<Collected>,
    index: Option<(Owner, BloomWriter)>,
}

struct Collected {
    name: &'static str,
    field_id: i32,
    /// By key, what its values are hashed with.
    seeds: HashMap<String, u64, RandomState>,
    /// Whether the keys can be listed.
    listed: bool,
}

impl AttributesBuilder {
    /// Of the block at `path`, relative to the data directory, with `rows` rows whose data pages have `page_rows` each.
    pub(crate) fn new(table: Table, path: &Path, rows: usize, page_rows: usize) -> Self {
        let column = |name| table.columns().find(|column| column.name == name).map(|column| (name, column.id));
        let collected = |(name, field_id)| Collected { name, field_id, seeds: HashMap::default(), listed: true };
        // Others are asked for by columns, and by attributes that many rows share: reading these is cheap.
        let owner = Owner::new(path, rows as u64).filter(|_| matches!(table, Table::Spans | Table::Logs));
        Self {
            page_rows,
            columns: COLUMNS.into_iter().filter_map(column).map(collected).collect(),
            index: owner.map(|owner| (owner, BloomWriter::default())),
        }
    }

    /// Adds the next row group. Pages of the index end where those of the file do.
    pub(crate) fn add(&mut self, row_group: &RecordBatch) {
        for start in (0..row_group.num_rows()).step_by(self.page_rows) {
            self.add_page(&row_group.slice(start, self.page_rows.min(row_group.num_rows() - start)));
        }
    }

    fn add_page(&mut self, rows: &RecordBatch) {
        let mut filters = self.index.as_mut().map(|(_, filters)| filters);
        let mut whole = true;
        for column in &mut self.columns {
            let values = rows.column_by_name(column.name);
            whole &= values.is_some_and(|values| column.add(values, filters.as_deref_mut()));
        }
        if let Some(filters) = filters {
            if !whole {
                filters.give_up_page();
            }
            filters.end_page(rows.num_rows());
        }
    }

    /// The keys, and the file to write beside the block.
    pub(crate) fn finish(self) -> (BlockKeys, Option<Vec<u8>>) {
        let keys = BlockKeys(self.columns.into_iter().filter_map(Collected::keys).collect());
        let index = self.index.map(|(owner, filters)| seal_index(IndexKind::Attributes, owner, &filters.encode()));
        (keys, index)
    }
}

impl Collected {
    /// False when not all attributes could be read.
    fn add(&mut self, column: &ArrayRef, mut filters: Option<&mut BloomWriter>) -> bool {
        if let Some(texts) = column.as_string_opt::<i32>() {
            let mut whole = true;
            texts.iter().flatten().for_each(|text| whole &= self.add_text(text, filters.as_deref_mut()));
            return whole;
        }
        let grouped = column.as_dictionary_opt::<Int32Type>();
        let Some((keys, texts)) = grouped.and_then(|grouped| Some((grouped.keys(), grouped.values().as_string_opt::<i32>()?))) else {
            self.listed = false;
            return false;
        };
        let mut seen = vec![false; texts.len()];
        let mut whole = true;
        for place in keys.iter().flatten().map(|key| key as usize) {
            if texts.is_valid(place) && !std::mem::replace(&mut seen[place], true) {
                whole &= self.add_text(texts.value(place), filters.as_deref_mut());
            }
        }
        whole
    }

    fn add_text(&mut self, json: &str, mut filters: Option<&mut BloomWriter>) -> bool {
        let Self { field_id, seeds, listed, .. } = self;
        let whole = for_each_attribute(json, |key, value| {
            let seed = seeds.get(key).copied().unwrap_or_else(|| {
                let seed = pair::seed(*field_id, key);
                *listed &= !key.is_empty() && !key.contains('\n') && seeds.len() < KEYS_MAX;
                if *listed {
                    seeds.insert(key.to_owned(), seed);
                }
                seed
            });
            if let Some(filters) = &mut filters
                && let Some(text) = value.text()
            {
                filters.add(pair::hash(seed, &text));
            }
        });
        *listed &= whole;
        whole
    }

    fn keys(self) -> Option<ColumnKeys> {
        let mut keys: Vec<String> = self.seeds.into_keys().collect();
        keys.sort_unstable();
        self.listed.then(|| ColumnKeys { field_id: self.field_id, keys: keys.join("\n").into() })
    }
}
