//! Which attribute keys a block has: a question about any other key need not read its columns of JSON.
//!
//! A promoted key is rarely in the JSON too, but it may be, as a value of another type or under an older name. Without this list every
//! question about it would read the JSON of every row that its column is null in.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, StringArray},
    datatypes::Int32Type,
    record_batch::RecordBatch,
};
use schemas::{
    Table,
    attribute::for_each_key,
    columns::{ATTRIBUTES, RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES},
};

use super::Block;

/// Columns of JSON objects whose keys are listed.
const COLUMNS: [&str; 3] = [RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES, ATTRIBUTES];
/// A column with more different keys is not listed: then a key carries a value, and the list would be as long as the column.
const KEYS_MAX: usize = 1000;

/// The keys of the JSON columns of a block. Columns that are not listed may have any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BlockKeys(pub(crate) Vec<ColumnKeys>);

/// The keys of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnKeys {
    pub field_id: i32,
    /// One a line, ascending. Text, because most blocks have the same and share it, and looking through it costs nothing beside a block.
    pub keys: Arc<str>,
}

impl Block {
    /// Whether any row may have the attribute `key` in a column of JSON.
    pub(crate) fn may_have_key(&self, column: &str, key: &str) -> bool {
        let id = self.table.columns().find(|known| known.name == column).map(|column| column.id);
        id.is_none_or(|id| self.keys.may_have(id, key))
    }
}

impl BlockKeys {
    /// Whether any row may have `key` in the column with this field id.
    pub(crate) fn may_have(&self, field_id: i32, key: &str) -> bool {
        let listed = self.0.iter().find(|column| column.field_id == field_id);
        listed.is_none_or(|column| column.keys.split_terminator('\n').any(|known| known == key))
    }
}

/// Collects the keys of a block while it is written.
pub(super) struct KeysBuilder {
    columns: Vec<Collected>,
}

struct Collected {
    name: &'static str,
    field_id: i32,
    /// `None` once they cannot be listed.
    keys: Option<HashSet<String>>,
}

impl KeysBuilder {
    pub(super) fn new(table: Table) -> Self {
        let column = |name| table.columns().find(|column| column.name == name).map(|column| (name, column.id));
        let collected = |(name, field_id)| Collected { name, field_id, keys: Some(HashSet::new()) };
        Self { columns: COLUMNS.into_iter().filter_map(column).map(collected).collect() }
    }

    /// Adds rows of the table.
    pub(super) fn add(&mut self, rows: &RecordBatch) {
        for Collected { name, keys, .. } in &mut self.columns {
            let listed = keys.as_mut().is_some_and(|keys| rows.column_by_name(name).is_some_and(|column| add_column(keys, column)));
            if !listed {
                *keys = None;
            }
        }
    }

    pub(super) fn finish(self) -> BlockKeys {
        let sorted = |Collected { field_id, keys, .. }: Collected| {
            let mut keys: Vec<String> = keys?.into_iter().collect();
            keys.sort_unstable();
            Some(ColumnKeys { field_id, keys: keys.join("\n").into() })
        };
        BlockKeys(self.columns.into_iter().filter_map(sorted).collect())
    }
}

/// False when not all keys are known.
fn add_column(keys: &mut HashSet<String>, column: &ArrayRef) -> bool {
    if let Some(texts) = column.as_string_opt::<i32>() {
        return add_texts(keys, texts);
    }
    // Values that no row of this batch has may add keys, which costs little and misleads nobody.
    let texts = column.as_dictionary_opt::<Int32Type>().and_then(|grouped| grouped.values().as_string_opt::<i32>());
    texts.is_some_and(|texts| add_texts(keys, texts))
}

fn add_texts(keys: &mut HashSet<String>, texts: &StringArray) -> bool {
    for text in texts.iter().flatten() {
        let mut listable = true;
        let whole = for_each_key(text, |key| {
            listable &= !key.is_empty() && !key.contains('\n');
            if !keys.contains(key) {
                keys.insert(key.to_owned());
            }
        });
        if !whole || !listable || keys.len() > KEYS_MAX {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use arrow::array::DictionaryArray;

    use super::*;

    const FIELDS: [i32; 3] = [10, 17, 127];

    fn keys(batches: &[[ArrayRef; 3]]) -> BlockKeys {
        let mut builder = KeysBuilder::new(Table::Spans);
        for columns in batches {
            let columns = COLUMNS.into_iter().zip(columns.iter().cloned()).map(|(name, column)| (name, column, true));
            builder.add(&RecordBatch::try_from_iter_with_nullable(columns).unwrap());
        }
        builder.finish()
    }

    fn grouped(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(values.iter().copied().collect::<DictionaryArray<Int32Type>>())
    }

    fn texts(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    #[test]
    fn keys_of_every_level() {
        let first = [grouped(&[Some(r#"{"os":"linux"}"#); 2]), grouped(&[None; 2]), texts(&[Some(r#"{"b":1,"a":{"x":2}}"#), None])];
        let second = [grouped(&[Some(r#"{"os":1,"库":[]}"#)]), grouped(&[None]), texts(&[Some(r#"{"q\"uote":"}"}"#)])];
        let found = keys(&[first, second]);
        let listed: Vec<(i32, &str)> = found.0.iter().map(|column| (column.field_id, &*column.keys)).collect();
        assert_eq!(listed, FIELDS.into_iter().zip(["os\n库", "", "a\nb\nq\"uote"]).collect::<Vec<_>>());
        assert!(found.may_have(FIELDS[2], "a") && !found.may_have(FIELDS[2], "x") && !found.may_have(FIELDS[1], "a"));
    }

    #[test]
    fn what_cannot_be_listed_may_have_any_key() {
        let many: Vec<String> = (0..=KEYS_MAX).map(|key| format!(r#"{{"k{key}":1}}"#)).collect();
        let many: Vec<Option<&str>> = many.iter().map(|json| Some(json.as_str())).collect();
        let one = |json| texts(&[Some(json)]);
        for column in [texts(&many), one("{\"a\":"), one("{\"\":1}"), one("{\"a\\nb\":1}")] {
            let nothing = grouped(&vec![None; column.len()]);
            let found = keys(&[[Arc::clone(&nothing), nothing, column]]);
            assert_eq!(found.0.len(), 2);
            assert!(found.may_have(FIELDS[2], "anything") && !found.may_have(FIELDS[0], "anything"));
        }
    }
}
