//! Which attribute keys a block has: a question about any other key need not read its columns of JSON.
//!
//! A promoted key is rarely in the JSON too, but it may be, as a value of another type or under an older name. Without this list every
//! question about it would read the JSON of every row that its column is null in.

use std::sync::Arc;

use super::Block;

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
