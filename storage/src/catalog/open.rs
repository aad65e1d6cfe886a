//! Opens the catalog of a data directory, or makes it.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    path::Path,
    time::SystemTime,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig, params};
use schemas::{Table, TenantId};

use super::{Catalog, CatalogError, During, FILE_NAME, columns, rollups, values};
use crate::io::Io;

/// Kept in `user_version`. Raised when an older build could misread the catalog.
const FORMAT: i64 = 1;
/// `FBOX`: tells our files from other SQLite databases.
const APPLICATION_ID: i64 = 0x4642_4f58;

impl Catalog {
    /// Opens `catalog.sqlite` in `data_dir`, which exists. Nothing is written to a catalog of a newer format, nor when nothing is missing.
    /// On a disk that cannot be written it is opened for reading; the first commit that is asked for tries again.
    pub(crate) fn open(io: &dyn Io, data_dir: &Path) -> Result<Self, CatalogError> {
        Self::open_writable(io, data_dir).or_else(|error| {
            if !error.is_of_the_disk() {
                return Err(error);
            }
            let Ok(catalog) = Self::open_read_only(data_dir) else { return Err(error) };
            tracing::warn!(error = &error as &dyn std::error::Error, "the catalog cannot be written, what it lists can be read");
            Ok(catalog)
        })
    }

    fn open_writable(io: &dyn Io, data_dir: &Path) -> Result<Self, CatalogError> {
        io.step("catalog.open").map_err(|source| CatalogError::Step { step: "catalog.open", source })?;
        let connection = Connection::open(data_dir.join(FILE_NAME)).during("open the catalog")?;
        let found = check_format(&connection, data_dir)?;
        connection.pragma_update(None, "journal_mode", "wal").during("set the journal mode")?;
        connection.pragma_update(None, "synchronous", "full").during("set synchronous")?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).during("set the busy timeout")?;
        if connection.is_readonly("main").during("ask whether the catalog can be written")? {
            return Err(CatalogError::ReadOnly);
        }
        Self::prepare(connection, data_dir, found, true)
    }

    /// Without a log of SQLite's own the file is read as it is: on such a disk SQLite cannot make the files that it would share with
    /// other readers. A log that a crash left has commits that the file has not, and is read too: shared, if that can be, else alone.
    pub(crate) fn open_read_only(data_dir: &Path) -> Result<Self, CatalogError> {
        let path = data_dir.join(FILE_NAME);
        let has_log = path.with_extension("sqlite-wal").metadata().is_ok_and(|log| log.len() > 0);
        let open = |parameters| {
            let connection = read_only(&path, parameters)?;
            let found = check_format(&connection, data_dir)?;
            Self::prepare(connection, data_dir, found, false)
        };
        if !has_log {
            return open("?immutable=1");
        }
        open("?mode=ro").or_else(|_| open(ALONE))
    }

    /// Writes the catalog of `data_dir`, as of one moment, to the new file `to`, durably. Whoever commits meanwhile is not held up.
    pub(crate) fn copy(data_dir: &Path, to: &Path) -> Result<(), CatalogError> {
        let connection = read_only(&data_dir.join(FILE_NAME), "?mode=ro")?;
        check_format(&connection, data_dir)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).during("set the busy timeout")?;
        connection.execute("VACUUM INTO ?", [to.to_string_lossy()]).during("copy the catalog")?;
        let synced = std::fs::File::open(to).and_then(|file| file.sync_all());
        synced.map_err(|source| CatalogError::Step { step: "sync the copy of the catalog", source })
    }

    /// Adds what is missing; begins as a reader, so that a catalog that has everything is not written.
    fn prepare(mut connection: Connection, data_dir: &Path, found: i64, writable: bool) -> Result<Self, CatalogError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred).during("begin")?;
        if found == 0 {
            create(&transaction)?;
        }
        if writable {
            transaction.execute_batch(include_str!("fusebox_added.sql")).during("add side tables")?;
            rollups::begin(&transaction)?;
        }
        let tables = register(&transaction, TenantId::DEFAULT)?;
        if writable {
            point_at(&transaction, data_dir)?;
        }
        transaction.commit().during("commit the catalog's layout")?;
        Ok(Self { connection, tables, data_dir: data_dir.to_path_buf(), writable })
    }

    /// Before a write: a catalog that was opened for reading is opened again.
    pub(super) fn make_writable(&mut self, io: &dyn Io) -> Result<(), CatalogError> {
        if !self.writable {
            *self = Self::open_writable(io, &self.data_dir)?;
            tracing::info!("the catalog can be written again");
        }
        Ok(())
    }

    /// Makes sure that `tenant` has its tables.
    pub(super) fn add_tenant(&mut self, tenant: TenantId) -> Result<(), CatalogError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        let tables = register(&transaction, tenant)?;
        transaction.commit().during("commit a tenant's tables")?;
        self.tables.extend(tables);
        Ok(())
    }
}

/// Without locks, which a file that is open for reading cannot have for itself. The data directory has one of our own; other readers of
/// the catalog do not write to it, and on this disk they could not.
const ALONE: &str = "?mode=ro&vfs=unix-none";

fn read_only(path: &Path, parameters: &str) -> Result<Connection, CatalogError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str(parameters);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).during("open the catalog for reading")?;
    if parameters == ALONE {
        // Then the index of the log is kept in memory instead of a shared file. <https://sqlite.org/wal.html#noshm>
        connection.pragma_update(None, "locking_mode", "exclusive").during("keep the catalog's log to ourselves")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).during("leave the catalog's log as it is")?;
    }
    Ok(connection)
}

/// The format, 0 when there is nothing yet.
fn check_format(connection: &Connection, data_dir: &Path) -> Result<i64, CatalogError> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0)).during("read the catalog's format")?;
    if found > FORMAT {
        return Err(CatalogError::NewerFormat { path: data_dir.join(FILE_NAME), found, supported: FORMAT });
    }
    Ok(found)
}

fn create(transaction: &Transaction<'_>) -> Result<(), CatalogError> {
    transaction.execute_batch(include_str!("ducklake.sql")).during("create the DuckLake tables")?;
    transaction.execute_batch(include_str!("fusebox.sql")).during("create the side tables")?;
    for (key, value) in
        [("version", "1.0"), ("created_by", concat!("Fusebox ", env!("CARGO_PKG_VERSION"))), ("data_path", ""), ("encrypted", "false")]
    {
        transaction.execute("INSERT INTO ducklake_metadata VALUES (?, ?, NULL, NULL)", [key, value]).during("write metadata")?;
    }
    transaction
        .execute("INSERT INTO ducklake_snapshot VALUES (0, ?, 0, 1, 0)", [values::now_text(SystemTime::now())])
        .during("write the first snapshot")?;
    add_change(transaction, 0, "created_schema:\"main\"")?;
    let main = format!("{}/", TenantId::DEFAULT.0);
    transaction
        .execute("INSERT INTO ducklake_schema VALUES (0, ?, 0, NULL, 'main', ?, 1)", [random_uuid(), main])
        .during("create the schema main")?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).during("mark the file")?;
    transaction.pragma_update(None, "user_version", FORMAT).during("mark the format")
}

/// Every path in the catalog is relative to `data_path`, and only that is absolute: the directory may have been moved.
fn point_at(transaction: &Transaction<'_>, data_dir: &Path) -> Result<(), CatalogError> {
    let absolute = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_path_buf());
    let data_path = format!("{}/", absolute.join("data").display());
    let found: String = transaction
        .query_row("SELECT value FROM ducklake_metadata WHERE key = 'data_path'", [], |row| row.get(0))
        .during("read the data path")?;
    if found == data_path {
        return Ok(());
    }
    transaction
        .execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [data_path])
        .during("write the data path")
        .map(drop)
}

/// Adds the schema, tables and columns of `tenant` that are missing, as one snapshot.
fn register(transaction: &Transaction<'_>, tenant: TenantId) -> Result<HashMap<(TenantId, Table), i64>, CatalogError> {
    let head = Head::read(transaction)?;
    let snapshot = head.snapshot + 1;
    let mut next_id = head.next_catalog_id;
    let mut changes = Vec::new();

    let schema = if tenant == TenantId::DEFAULT { "main".to_owned() } else { format!("tenant_{}", tenant.0) };
    let known =
        transaction
            .query_row("SELECT schema_id FROM ducklake_schema WHERE schema_name = ? AND end_snapshot IS NULL", [&schema], |row| row.get(0));
    let schema_id = match rusqlite::OptionalExtension::optional(known).during("find the schema")? {
        Some(id) => id,
        None => {
            let id = take(&mut next_id);
            transaction
                .execute(
                    "INSERT INTO ducklake_schema VALUES (?, ?, ?, NULL, ?, ?, 1)",
                    params![id, random_uuid(), snapshot, schema, format!("{}/", tenant.0)],
                )
                .during("create the schema")?;
            changes.push(format!("created_schema:\"{schema}\""));
            id
        }
    };

    let mut tables = HashMap::new();
    let mut changed = Vec::new();
    for table in Table::ALL {
        let known = transaction.query_row(
            "SELECT table_id FROM ducklake_table WHERE schema_id = ? AND table_name = ? AND end_snapshot IS NULL",
            params![schema_id, table.name()],
            |row| row.get(0),
        );
        let (table_id, created) = match rusqlite::OptionalExtension::optional(known).during("find the table")? {
            Some(id) => (id, false),
            None => {
                let id = take(&mut next_id);
                transaction
                    .execute(
                        "INSERT INTO ducklake_table VALUES (?, ?, ?, NULL, ?, ?, ?, 1)",
                        params![id, random_uuid(), snapshot, schema_id, table.name(), format!("{}/", table.name())],
                    )
                    .during("create the table")?;
                (id, true)
            }
        };
        if columns::sync(transaction, table, table_id, snapshot)? {
            changes.push(if created { format!("created_table:\"{schema}\".\"{table}\"") } else { format!("altered_table:{table_id}") });
            changed.push(table_id);
        }
        tables.insert((tenant, table), table_id);
    }
    if !changes.is_empty() {
        let schema_version = head.schema_version + 1;
        Head { snapshot, schema_version, next_catalog_id: next_id, ..head }.write(transaction, &changes.join(","))?;
        for table_id in changed {
            transaction
                .execute("INSERT INTO ducklake_schema_versions VALUES (?, ?, ?)", params![snapshot, schema_version, table_id])
                .during("write the schema version")?;
        }
    }
    Ok(tables)
}

/// The newest row of `ducklake_snapshot`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub snapshot: i64,
    pub schema_version: i64,
    pub next_catalog_id: i64,
    pub next_file_id: i64,
}

impl Head {
    pub(super) fn read(transaction: &Transaction<'_>) -> Result<Self, CatalogError> {
        transaction
            .query_row(
                "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1",
                [],
                |row| Ok(Self { snapshot: row.get(0)?, schema_version: row.get(1)?, next_catalog_id: row.get(2)?, next_file_id: row.get(3)? }),
            )
            .during("read the newest snapshot")
    }

    pub(super) fn write(self, transaction: &Transaction<'_>, changes: &str) -> Result<(), CatalogError> {
        transaction
            .execute(
                "INSERT INTO ducklake_snapshot VALUES (?, ?, ?, ?, ?)",
                params![self.snapshot, values::now_text(SystemTime::now()), self.schema_version, self.next_catalog_id, self.next_file_id],
            )
            .during("write the snapshot")?;
        add_change(transaction, self.snapshot, changes)
    }
}

fn add_change(transaction: &Transaction<'_>, snapshot: i64, changes: &str) -> Result<(), CatalogError> {
    transaction
        .execute("INSERT INTO ducklake_snapshot_changes VALUES (?, ?, NULL, NULL, NULL)", params![snapshot, changes])
        .during("write the snapshot's changes")
        .map(drop)
}

fn take(next: &mut i64) -> i64 {
    let id = *next;
    *next += 1;
    id
}

/// A version 4 UUID from the standard library's source of randomness; only has to differ from other catalogs'.
fn random_uuid() -> String {
    let half = || RandomState::new().hash_one(0);
    let high = half() & !0xf000 | 0x4000;
    let low = half() >> 2 | 1 << 63;
    format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff_ffff_ffff)
}
