//! The catalog: which blocks are live, and up to where they cover the write-ahead log. The only commit point.
//!
//! SQLite in the table layout of DuckLake 1.0, so that DuckDB can attach it and read our tables, with tables of our own
//! beside (`fusebox.sql`). One transaction per cut: blocks of all tables, their statistics, the log position.
//!
//! ```text
//! catalog.sqlite   schema `main` = tenant `default`, `tenant_<n>` = the others; a table's column ids = its Parquet field ids
//! data/<tenant>/<table>/<file>    = data_path / schema path / table path / file path
//! ```
//!
//! This room moves no files and reads none.

mod columns;
mod commit;
mod damaged;
mod during;
mod keys;
mod narrow;
mod open;
mod read;
mod rewrite;
mod rollups;
mod shared;
mod values;

use std::{collections::HashMap, path::PathBuf};

use rusqlite::Connection;
use schemas::{Table, TenantId};

pub(crate) use commit::Cut;
use during::During;
pub(crate) use shared::SharedCatalog;

/// The open catalog of a data directory; there is one writer, this.
pub(crate) struct Catalog {
    connection: Connection,
    tables: HashMap<(TenantId, Table), i64>,
    data_dir: PathBuf,
    writable: bool,
}

/// Name of the catalog in the data directory.
pub(crate) const FILE_NAME: &str = "catalog.sqlite";

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("{operation}")]
    Sqlite { operation: &'static str, source: rusqlite::Error },
    #[error("{path} has format {found}, this build reads up to {supported}: start the version that wrote it")]
    NewerFormat { path: PathBuf, found: i64, supported: i64 },
    #[error("the catalog says column {column} of {table} is {found}, this build has {expected}")]
    ColumnType { table: &'static str, column: String, found: String, expected: String },
    #[error("the catalog does not know: {what}")]
    Inconsistent { what: String },
    #[error("the catalog can only be read")]
    ReadOnly,
    #[error("{step}")]
    Step { step: &'static str, source: std::io::Error },
}

#[cfg(test)]
mod tests;
