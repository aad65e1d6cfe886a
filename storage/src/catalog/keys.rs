//! The attribute keys of blocks, in a table of their own: an earlier build does not look at it, and an earlier catalog has none.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use rusqlite::{Transaction, params};

use super::{Catalog, CatalogError, During};
use crate::block::{BlockKeys, ColumnKeys};

const TABLE: &str = "fusebox_block_keys";

pub(super) fn insert(transaction: &Transaction<'_>, file_id: i64, keys: &BlockKeys) -> Result<(), CatalogError> {
    let mut insert = transaction.prepare("INSERT INTO fusebox_block_keys VALUES (?, ?, ?)").during("insert attribute keys")?;
    for ColumnKeys { field_id, keys } in &keys.0 {
        insert.execute(params![file_id, field_id, &**keys]).during("insert attribute keys")?;
    }
    Ok(())
}

impl Catalog {
    /// The listed keys, by block. Equal lists share their memory.
    pub(super) fn keys(&self) -> Result<HashMap<u64, BlockKeys>, CatalogError> {
        let mut keys: HashMap<u64, BlockKeys> = HashMap::new();
        if !self.connection.table_exists(None, TABLE).during("look for attribute keys")? {
            return Ok(keys);
        }
        let mut query =
            self.connection.prepare("SELECT data_file_id, column_id, keys FROM fusebox_block_keys").during("read attribute keys")?;
        let mut rows = query.query([]).during("read attribute keys")?;
        let mut shared: HashSet<Arc<str>> = HashSet::new();
        while let Some(row) = rows.next().during("read attribute keys")? {
            let (block, field_id, list): (i64, i32, String) = row.try_into().during("read attribute keys")?;
            let list = shared.get(list.as_str()).cloned().unwrap_or_else(|| list.into());
            shared.insert(Arc::clone(&list));
            keys.entry(block.unsigned_abs()).or_default().0.push(ColumnKeys { field_id, keys: list });
        }
        Ok(keys)
    }
}
