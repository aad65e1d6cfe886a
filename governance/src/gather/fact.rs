//! A fact as far as this room is concerned.

use arrow::array::RecordBatch;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    facts::{BreakerSignal, Emitter, Rejection, Signal},
    tables::{self, RowError},
};

pub(super) trait Fact: Sized {
    /// Those that are no points of a series are single calls, of which many are alike.
    const IS_CALL: bool;

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError>;
    fn emitter(&self) -> &Emitter;
    fn time(&self) -> i64;
    fn gauge(&self) -> Option<Gauge>;
}

/// A gauge of states: whose, and how it tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Gauge {
    /// Hash of process and breaker.
    pub breaker: u64,
    pub one_hot: bool,
}

impl Fact for Rejection {
    const IS_CALL: bool = true;

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        tables::rejections::read(batch)
    }

    fn emitter(&self) -> &Emitter {
        &self.emitter
    }

    fn time(&self) -> i64 {
        self.time.0
    }

    fn gauge(&self) -> Option<Gauge> {
        None
    }
}

impl Fact for BreakerSignal {
    const IS_CALL: bool = false;

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        tables::breaker_signals::read(batch)
    }

    fn emitter(&self) -> &Emitter {
        &self.emitter
    }

    fn time(&self) -> i64 {
        self.time.0
    }

    fn gauge(&self) -> Option<Gauge> {
        let one_hot = match self.signal {
            Signal::OneHot { .. } => true,
            Signal::Enum { .. } => false,
            _ => return None,
        };
        // As a statsd client may write it.
        let name = self.name.trim().replace(['/', ':', '.'], "-");
        Some(Gauge { breaker: process(&self.emitter) ^ xxh3_64(name.as_bytes()), one_hot })
    }
}

/// As the fold tells processes apart.
pub(super) fn process(emitter: &Emitter) -> u64 {
    let parts = [&emitter.service, &emitter.namespace, &emitter.environment, &emitter.instance];
    xxh3_64(parts.map(String::as_str).join("\0").as_bytes())
}
