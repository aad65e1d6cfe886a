//! Log records into the miner of templates, batch by batch, and when each template was first and last seen. Pure.

use std::collections::HashMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int32Type, TimestampNanosecondType},
    error::ArrowError,
};
use schemas::columns as c;

use super::selection::column;
use crate::analytics::patterns::{Limits, Line, Miner, Patterns};

/// What has to be read of a record.
pub(super) const COLUMNS: [&str; 4] = [c::TIME, c::BODY, c::SEVERITY_NUMBER, c::SERVICE_NAME];

pub(super) struct Mine {
    miner: Miner,
    /// Of the lines of a template: first, last.
    seen: HashMap<usize, (i64, i64)>,
    rows: u64,
}

impl Mine {
    pub(super) fn new(limits: Limits) -> Self {
        Self { miner: Miner::new(limits), seen: HashMap::new(), rows: 0 }
    }

    /// Records that were read, those without a body too.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the records of a batch that has [`COLUMNS`]. Those without a body say nothing.
    ///
    /// # Errors
    /// When it has other columns.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let times = column(batch, c::TIME)?.as_primitive::<TimestampNanosecondType>();
        let severities = column(batch, c::SEVERITY_NUMBER)?.as_primitive::<Int32Type>();
        let texts = |name| cast(column(batch, name)?, &DataType::Utf8);
        let (bodies, services) = (texts(c::BODY)?, texts(c::SERVICE_NAME)?);
        let (bodies, services) = (bodies.as_string::<i32>(), services.as_string::<i32>());
        self.rows += batch.num_rows() as u64;
        for row in (0..batch.num_rows()).filter(|row| bodies.is_valid(*row)) {
            let service_name = services.is_valid(row).then(|| services.value(row));
            let id = self.miner.add(&Line { body: bodies.value(row), severity_number: severities.value(row), service_name });
            let time = times.value(row);
            let seen = self.seen.entry(id).or_insert((time, time));
            *seen = (seen.0.min(time), seen.1.max(time));
        }
        Ok(())
    }

    /// The templates, and when each was seen, by its id.
    pub(super) fn finish(self) -> (Patterns, HashMap<usize, (i64, i64)>) {
        (self.miner.finish(), self.seen)
    }
}
