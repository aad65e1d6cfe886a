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
    columns, derived, every_table, logs, metrics,
    promoted::{self, Promoted},
    spans,
};

/// A table of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Spans,
    Logs,
    Metrics,
    /// What rows of the others say about governance; see [`derived`].
    Rejections,
    BreakerSignals,
    ResilienceActions,
    Errors,
    /// What spans add up to, by minute; see [`derived::operation_minutes`].
    OperationMinutes,
    /// What calls between services add up to, by minute; see [`derived::edge_minutes`].
    EdgeMinutes,
    /// Halves of calls whose other half is awaited; see [`derived::edge_halves`].
    EdgeHalves,
}

impl Table {
    pub const ALL: [Self; 10] = [
        Self::Spans,
        Self::Logs,
        Self::Metrics,
        Self::Rejections,
        Self::BreakerSignals,
        Self::ResilienceActions,
        Self::Errors,
        Self::OperationMinutes,
        Self::EdgeMinutes,
        Self::EdgeHalves,
    ];

    /// Those whose rows are records that somebody sent.
    pub const SENT: [Self; 3] = [Self::Spans, Self::Logs, Self::Metrics];

    /// Those whose rows are what spans add up to: rows of one key may be added up again, and mean the same.
    pub const ROLLUPS: [Self; 2] = [Self::OperationMinutes, Self::EdgeMinutes];

    /// The name in SQL, in paths and in the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Rejections => "rejections",
            Self::BreakerSignals => "breaker_signals",
            Self::ResilienceActions => "resilience_actions",
            Self::Errors => "errors",
            Self::OperationMinutes => "operation_minutes",
            Self::EdgeMinutes => "edge_minutes",
            Self::EdgeHalves => "edge_halves",
        }
    }

    /// Whether its rows are records that somebody sent, which can be written as OTLP again.
    pub fn is_sent(self) -> bool {
        Self::SENT.contains(&self)
    }

    /// Whether its rows are what spans add up to.
    pub fn is_rollup(self) -> bool {
        Self::ROLLUPS.contains(&self)
    }

    /// The column that time means.
    pub fn time_column(self) -> &'static str {
        if self == Self::Spans { columns::START_TIME } else { columns::TIME }
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
            Self::Rejections => derived::rejections::COLUMNS,
            Self::BreakerSignals => derived::breaker_signals::COLUMNS,
            Self::ResilienceActions => derived::resilience_actions::COLUMNS,
            Self::Errors => derived::errors::COLUMNS,
            Self::OperationMinutes => derived::operation_minutes::COLUMNS,
            Self::EdgeMinutes => derived::edge_minutes::COLUMNS,
            Self::EdgeHalves => derived::edge_halves::COLUMNS,
        };
        let of_every_table = match self {
            Self::Spans | Self::Logs | Self::Metrics => every_table::COLUMNS,
            Self::Rejections | Self::BreakerSignals | Self::ResilienceActions | Self::Errors => every_table::OF_DERIVED,
            Self::OperationMinutes => every_table::OF_OPERATION_MINUTES,
            Self::EdgeMinutes | Self::EdgeHalves => every_table::OF_EDGES,
        };
        own.iter().chain(of_every_table)
    }

    /// The record attributes with a column of their own. Those of resources are [`promoted::RESOURCE`] in every table.
    pub fn promoted(self) -> &'static [Promoted] {
        match self {
            Self::Spans => promoted::SPAN,
            Self::Logs => promoted::LOG,
            _ => &[],
        }
    }

    /// The Arrow schema of every in-memory batch of this table. Each field carries its `PARQUET:field_id`. Cheap.
    pub fn schema(self) -> SchemaRef {
        static SCHEMAS: LazyLock<[SchemaRef; Table::ALL.len()]> =
            LazyLock::new(|| Table::ALL.map(|table| Arc::new(Schema::new(table.columns().map(Column::field).collect::<Vec<_>>()))));
        Arc::clone(&SCHEMAS[self as usize])
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
