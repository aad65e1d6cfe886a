//! One half of a call, and rows of [`Table::EdgeHalves`].
//!
//! [`Table::EdgeHalves`]: schemas::Table::EdgeHalves

use std::sync::Arc;

use arrow::{
    array::{Int32Array, Int64Array, RecordBatch},
    datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{Table, columns as c};

use crate::rollup::{
    columns::{RollupError, dictionary, ids, numbers},
    rows::id,
    spans::{CLIENT, CONSUMER, PRODUCER, SERVER, Words},
    texts::{NULL, Numbered, Texts},
    write::{self, Columns, floats, times, words},
};

const OPERATION: usize = 3;
const PEER: usize = 4;
const PEER_KIND: usize = 5;
const PROTOCOL: usize = 6;

/// Texts are numbers of [`Texts`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Half {
    pub trace: [u8; 16],
    /// Of a span that calls.
    pub span: Option<[u8; 8]>,
    /// The nearest span above that was not there, if it can be a call.
    pub up: Option<[u8; 8]>,
    pub kind: i32,
    pub start: i64,
    pub received_at: i64,
    pub duration_ns: i64,
    pub failed: bool,
    pub weight: f64,
    /// A span below it was found.
    pub answered: bool,
    /// In the order of [`TEXTS`].
    pub texts: [u32; TEXTS.len()],
}

pub(super) const TEXTS: [&str; 7] =
    [c::SERVICE_NAME, c::SERVICE_NAMESPACE, c::DEPLOYMENT_ENVIRONMENT, c::OPERATION, c::PEER, c::PEER_KIND, c::PROTOCOL];

impl Half {
    pub(super) fn calls(&self) -> bool {
        self.span.is_some()
    }

    /// Whether its span is one that calls, also where the half is not told as such.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.kind, CLIENT | PRODUCER)
    }

    /// Whether it is of a call that came in.
    pub(super) fn is_entry(&self) -> bool {
        !self.calls() && matches!(self.kind, SERVER | CONSUMER)
    }

    pub(super) fn service(&self) -> u32 {
        self.texts[0]
    }

    pub(super) fn operation(&self) -> u32 {
        self.texts[OPERATION]
    }

    pub(super) fn protocol(&self) -> u32 {
        self.texts[PROTOCOL]
    }

    /// Name and kind.
    pub(super) fn called(&self) -> (u32, u32) {
        (self.texts[PEER], self.texts[PEER_KIND])
    }

    pub(super) fn set_protocol(&mut self, protocol: u32) {
        self.texts[PROTOCOL] = protocol;
    }

    pub(super) fn set_called(&mut self, (peer, kind): (u32, u32)) {
        (self.texts[PEER], self.texts[PEER_KIND]) = (peer, kind);
    }
}

/// Adds the rows of a batch. O(rows).
pub(super) fn read(batch: &RecordBatch, halves: &mut Vec<Half>, texts: &mut Texts, of: Words) -> Result<(), RollupError> {
    let time = |name| numbers::<TimestampNanosecondType>(batch, name);
    let [start, received_at] = [time(c::TIME)?, time(c::RECEIVED_AT)?];
    let [trace, span, up] = [ids(batch, c::TRACE_ID, 16)?, ids(batch, c::SPAN_ID, 8)?, ids(batch, c::PARENT_SPAN_ID, 8)?];
    let [kind, answered] = [numbers::<Int32Type>(batch, c::SPAN_KIND)?, numbers::<Int32Type>(batch, c::ANSWERED)?];
    let duration_ns = numbers::<Int64Type>(batch, c::DURATION_NS)?;
    let weight = numbers::<Float64Type>(batch, c::COUNT)?;
    let status = Numbered::new(dictionary(batch, c::STATUS_CLASS)?, texts);
    let mut columns = Vec::with_capacity(TEXTS.len());
    for name in TEXTS {
        columns.push(Numbered::new(dictionary(batch, name)?, texts));
    }
    halves.extend((0..batch.num_rows()).map(|row| Half {
        trace: id(trace, row).unwrap_or_default(),
        span: id(span, row),
        up: id(up, row),
        kind: kind.value(row),
        start: start.value(row),
        received_at: received_at.value(row),
        duration_ns: duration_ns.value(row),
        failed: status.get(row) == of.error,
        weight: weight.value(row),
        answered: answered.value(row) != 0,
        texts: std::array::from_fn(|column| columns[column].get(row)),
    }));
    Ok(())
}

/// Rows with the schema of the table, in the order of the halves.
pub(super) fn rows(halves: &[Half], texts: &Texts, of: Words) -> Result<RecordBatch, RollupError> {
    i32::try_from(texts.len()).map_err(|_| RollupError::TooManyTexts)?;
    let rows = || halves.iter();
    let mut columns = Columns::default();
    columns.put(c::TIME, times(rows().map(|half| half.start)));
    columns.put(c::RECEIVED_AT, times(rows().map(|half| half.received_at)));
    columns.put(c::TRACE_ID, write::ids(rows().map(|half| Some(&half.trace)))?);
    columns.put(c::SPAN_ID, write::ids(rows().map(|half| half.span.as_ref()))?);
    columns.put(c::PARENT_SPAN_ID, write::ids(rows().map(|half| half.up.as_ref()))?);
    columns.put(c::SPAN_KIND, Arc::new(rows().map(|half| Some(half.kind)).collect::<Int32Array>()));
    columns.put(c::STATUS_CLASS, words(rows().map(|half| if half.failed { of.error } else { of.ok }), texts)?);
    columns.put(c::DURATION_NS, Arc::new(rows().map(|half| Some(half.duration_ns)).collect::<Int64Array>()));
    columns.put(c::COUNT, floats(rows().map(|half| half.weight)));
    columns.put(c::ANSWERED, Arc::new(rows().map(|half| Some(i32::from(half.answered))).collect::<Int32Array>()));
    for (place, name) in TEXTS.into_iter().enumerate() {
        columns.put(name, words(rows().map(|half| half.texts[place]), texts)?);
    }
    columns.batch(Table::EdgeHalves.schema())
}

/// A half that tells nothing but that there is something below `up`, in the same service.
pub(super) fn note(mut half: Half, up: [u8; 8]) -> Half {
    const INTERNAL: i32 = 1;
    half.texts[OPERATION..].fill(NULL);
    Half { span: None, up: Some(up), kind: INTERNAL, ..half }
}
