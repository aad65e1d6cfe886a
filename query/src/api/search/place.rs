//! The place of a record in the order of its list. Equal records have equal places, so a place also says how many of them were shown.

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{Int64Type, TimestampNanosecondType},
    error::ArrowError,
};
use schemas::{SpanId, Table, TraceId, columns as c};

use crate::engine::{After, SearchOrder};

/// Where a page of records begins and ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub after: Option<After>,
    /// Records at that very place that were shown.
    pub shown: u32,
}

impl Place {
    /// `None`: not made by [`Self::to_bytes`] for this table.
    pub(super) fn parse(bytes: &[u8], table: Table) -> Option<Self> {
        let (head, ids) = bytes.split_at_checked(20)?;
        let number = |at: usize| head[at..at + 8].try_into().map_or(0, i64::from_be_bytes);
        let ids = match table {
            Table::Spans if ids.len() == 24 => Some((TraceId::from_slice(&ids[..16])?, SpanId::from_slice(&ids[16..])?)),
            _ if table != Table::Spans && ids.is_empty() => None,
            _ => return None,
        };
        let shown = head[16..].try_into().map_or(0, u32::from_be_bytes);
        Some(Self { after: Some(After { key: number(0), received_at: number(8), ids }), shown })
    }

    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let After { key, received_at, ids } = self.after?;
        let mut bytes = [&key.to_be_bytes()[..], &received_at.to_be_bytes(), &self.shown.to_be_bytes()].concat();
        if let Some((trace_id, span_id)) = ids {
            bytes.extend_from_slice(trace_id.as_bytes());
            bytes.extend_from_slice(span_id.as_bytes());
        }
        Some(bytes)
    }

    /// Moves behind the rows of `batch`.
    ///
    /// # Errors
    /// When the batch has not the columns of the order.
    pub(super) fn advance(&mut self, batch: &RecordBatch, table: Table, order: SearchOrder) -> Result<(), ArrowError> {
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("the answer has no column {name}")));
        let times = |name: &str| Ok::<_, ArrowError>(column(name)?.as_primitive::<TimestampNanosecondType>());
        let received = times(c::RECEIVED_AT)?;
        let durations = if order == SearchOrder::Longest { Some(column(c::DURATION_NS)?.as_primitive::<Int64Type>()) } else { None };
        let moments = times(table.time_column())?;
        for row in 0..batch.num_rows() {
            let key = durations.map_or_else(|| moments.value(row), |durations| durations.value(row));
            let ids = if table == Table::Spans {
                let bytes = |name: &str| Ok::<_, ArrowError>(column(name)?.as_fixed_size_binary());
                let (traces, spans) = (bytes(c::TRACE_ID)?, bytes(c::SPAN_ID)?);
                TraceId::from_slice(traces.value(row)).zip(SpanId::from_slice(spans.value(row)))
            } else {
                None
            };
            let after = Some(After { key, received_at: received.value(row), ids });
            self.shown = if self.after == after { self.shown + 1 } else { 1 };
            self.after = after;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let check = |table: Table, ids| {
            let place = Place { after: Some(After { key: -5, received_at: 9, ids }), shown: 3 };
            let bytes = place.to_bytes().expect("a place");
            assert_eq!(Place::parse(&bytes, table), Some(place));
            assert_eq!(Place::parse(&bytes[1..], table), None);
            assert_eq!(Place::parse(&bytes, if table == Table::Spans { Table::Logs } else { Table::Spans }), None);
        };
        check(Table::Logs, None);
        check(Table::Spans, TraceId::from_slice(&[1; 16]).zip(SpanId::from_slice(&[2; 8])));
    }
}
