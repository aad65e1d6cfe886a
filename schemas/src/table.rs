//! The tables: their names and Arrow schemas.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use arrow::{
    datatypes::{Schema, SchemaRef},
    record_batch::RecordBatch,
};

use crate::{
    Signal,
    column::Column,
    every_table, logs, metrics,
    promoted::{self, Promoted},
    spans,
};

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

    /// The table that holds the records of `signal`.
    pub fn of(signal: Signal) -> Self {
        match signal {
            Signal::Traces => Self::Spans,
            Signal::Logs => Self::Logs,
            Signal::Metrics => Self::Metrics,
        }
    }

    /// Every column in the order of [`Table::schema`]: the table's own, then those that all tables have.
    pub fn columns(self) -> impl Iterator<Item = &'static Column> {
        let own = match self {
            Self::Spans => spans::COLUMNS,
            Self::Logs => logs::COLUMNS,
            Self::Metrics => metrics::COLUMNS,
        };
        own.iter().chain(every_table::COLUMNS)
    }

    /// The record attributes with a column of their own. Those of resources are [`promoted::RESOURCE`] in every table.
    pub fn promoted(self) -> &'static [Promoted] {
        match self {
            Self::Spans => promoted::SPAN,
            Self::Logs => promoted::LOG,
            Self::Metrics => &[],
        }
    }

    /// The Arrow schema of every in-memory batch of this table. Each field carries its `PARQUET:field_id`. Cheap.
    pub fn schema(self) -> SchemaRef {
        static SCHEMAS: LazyLock<[SchemaRef; 3]> =
            LazyLock::new(|| Table::ALL.map(|table| Arc::new(Schema::new(table.columns().map(Column::field).collect::<Vec<_>>()))));
        let [spans, logs, metrics] = &*SCHEMAS;
        Arc::clone(match self {
            Self::Spans => spans,
            Self::Logs => logs,
            Self::Metrics => metrics,
        })
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

#[cfg(test)]
mod tests;
