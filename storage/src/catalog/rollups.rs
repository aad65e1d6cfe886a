//! Since when spans are added up by minute: a catalog of an earlier version has blocks of spans that are in no sum. And which operations,
//! peers and error codes have rows of their own in sums, so that all flushes agree.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, params};
use schemas::{Table, TenantId};

use super::{Catalog, CatalogError, During};
use crate::{
    rollup::{Change, Known, KnownValue, Limited, Value},
    wal::Lsn,
};

const KNOWN: &str = "fusebox_known";
const TABLE: &str = "fusebox_rollup";

/// Says of each table of sums that it begins here, unless it began before.
pub(super) fn begin(transaction: &Transaction<'_>) -> Result<(), CatalogError> {
    for table in Table::ROLLUPS {
        let known: Option<i64> = transaction
            .query_row("SELECT since FROM fusebox_rollup WHERE \"table\" = ?", [table.name()], |row| row.get(0))
            .optional()
            .during("look for the begin of sums")?;
        if known.is_none() {
            transaction
                .execute("INSERT INTO fusebox_rollup SELECT ?, lsn FROM fusebox_wal_position", params![table.name()])
                .during("write the begin of sums")?;
        }
    }
    Ok(())
}

/// Remembers what the sums of a cut made known.
pub(super) fn remember(transaction: &Transaction<'_>, tenant: TenantId, changes: &[Change]) -> Result<(), CatalogError> {
    let mut insert =
        transaction.prepare("INSERT OR REPLACE INTO fusebox_known VALUES (?, ?, ?, ?, ?, ?)").during("remember a key of sums")?;
    let mut delete = transaction
        .prepare("DELETE FROM fusebox_known WHERE tenant = ? AND service = ? AND namespace = ? AND what = ? AND value = ?")
        .during("forget a key of sums")?;
    for change in changes {
        let (Change::Seen(of, _) | Change::Forgotten(of)) = change;
        let (service, namespace, what, value) = (&*of.service, &*of.namespace, of.what.name(), of.value.to_text());
        match change {
            Change::Seen(_, day) => {
                insert.execute(params![tenant.0, service, namespace, what, value, day]).during("remember a key of sums")?
            }
            Change::Forgotten(_) => delete.execute(params![tenant.0, service, namespace, what, value]).during("forget a key of sums")?,
        };
    }
    Ok(())
}

impl Catalog {
    /// What has rows of its own in sums, by tenant.
    pub(crate) fn known(&self) -> Result<HashMap<TenantId, Known>, CatalogError> {
        let mut known: HashMap<TenantId, Known> = HashMap::new();
        if !self.connection.table_exists(None, KNOWN).during("look for keys of sums")? {
            return Ok(known);
        }
        let mut query = self
            .connection
            .prepare("SELECT tenant, service, namespace, what, value, last_day FROM fusebox_known")
            .during("read keys of sums")?;
        let mut rows = query.query([]).during("read keys of sums")?;
        while let Some(row) = rows.next().during("read keys of sums")? {
            let (tenant, service, namespace, what, value, day): (u32, String, String, String, String, i64) =
                row.try_into().during("read keys of sums")?;
            // Written by a later version, which limits more than this one.
            let Some(what) = Limited::ALL.into_iter().find(|one| one.name() == what) else { continue };
            let Some(value) = Value::of_text(what, &value) else { continue };
            let of = KnownValue { service: service.into(), namespace: namespace.into(), what, value };
            known.entry(TenantId(tenant)).or_default().apply(&[Change::Seen(of, day)]);
        }
        Ok(known)
    }

    /// Spans of records behind this place are in the sums of `table`. A catalog that never had sums has none.
    pub(crate) fn rolled_up_since(&self, table: Table) -> Result<Lsn, CatalogError> {
        if !self.connection.table_exists(None, TABLE).during("look for sums")? {
            return self.wal_position();
        }
        let since: Option<i64> = self
            .connection
            .query_row("SELECT since FROM fusebox_rollup WHERE \"table\" = ?", [table.name()], |row| row.get(0))
            .optional()
            .during("read the begin of sums")?;
        since.map_or_else(|| self.wal_position(), |since| Ok(Lsn(since.unsigned_abs())))
    }
}
