//! Table `logs` to `LogsData`.

use arrow::{
    array::{FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array},
    datatypes::{Int32Type, UInt32Type},
};

use super::{
    ExportError,
    attributes::{AttributeColumns, Level},
    columns::{Columns, id, number, text, time},
    groups::{Resources, RowGroups, write_resources},
    value::write_value,
};
use crate::{
    Table, columns as c,
    otlp::{attributes_json::read_value, encoder::Encoder},
};

/// `time_source`: the sender gave the time itself.
const TIME_OF_SENDER: i32 = 0;
/// `body_type` of a record without body, and of a text that is kept as it is.
const BODY_NONE: i32 = 0;
const BODY_STRING: i32 = 1;

pub(super) fn to_protobuf(batches: &[RecordBatch]) -> Result<Vec<u8>, ExportError> {
    let mut resources = Resources::<Encoder>::default();
    for batch in batches {
        let mut groups = RowGroups::new(Table::Logs, batch)?;
        let logs = LogColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            logs.write(groups.records(&mut resources, row)?, row)?;
        }
    }
    Ok(write_resources(resources, |out, records| out.append(&records.into_bytes())))
}

struct LogColumns<'a> {
    time: &'a TimestampNanosecondArray,
    time_source: &'a Int32Array,
    observed_time: &'a TimestampNanosecondArray,
    severity_number: &'a Int32Array,
    severity_text: &'a StringArray,
    body: &'a StringArray,
    body_type: &'a Int32Array,
    attributes: AttributeColumns<'a>,
    dropped_attributes_count: &'a UInt32Array,
    flags: &'a UInt32Array,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    event_name: &'a StringArray,
}

impl<'a> LogColumns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        Ok(Self {
            time: columns.times(c::TIME)?,
            time_source: columns.numbers::<Int32Type>(c::TIME_SOURCE)?,
            observed_time: columns.times(c::OBSERVED_TIME)?,
            severity_number: columns.numbers::<Int32Type>(c::SEVERITY_NUMBER)?,
            severity_text: columns.text(c::SEVERITY_TEXT)?,
            body: columns.text(c::BODY)?,
            body_type: columns.numbers::<Int32Type>(c::BODY_TYPE)?,
            attributes: AttributeColumns::new(Table::Logs, batch, Level::Record)?,
            dropped_attributes_count: columns.numbers::<UInt32Type>(c::DROPPED_ATTRIBUTES_COUNT)?,
            flags: columns.numbers::<UInt32Type>(c::FLAGS)?,
            trace_id: columns.ids(c::TRACE_ID)?,
            span_id: columns.ids(c::SPAN_ID)?,
            event_name: columns.text(c::EVENT_NAME)?,
        })
    }

    fn write(&self, out: &mut Encoder, row: usize) -> Result<(), ExportError> {
        let record = out.open(2);
        if self.time_source.value(row) == TIME_OF_SENDER {
            out.fixed64(1, self.time.value(row).cast_unsigned());
        }
        out.non_zero_int32(2, self.severity_number.value(row));
        out.optional_string(3, text(self.severity_text, row));
        self.write_body(out, row)?;
        self.attributes.write(out, 6, row)?;
        out.optional_uint32(7, number(self.dropped_attributes_count, row));
        out.non_zero_fixed32(8, self.flags.value(row));
        out.optional_bytes(9, id(self.trace_id, row));
        out.optional_bytes(10, id(self.span_id, row));
        if let Some(observed_time) = time(self.observed_time, row) {
            out.fixed64(11, observed_time);
        }
        out.optional_string(12, text(self.event_name, row));
        out.close(record);
        Ok(())
    }

    fn write_body(&self, out: &mut Encoder, row: usize) -> Result<(), ExportError> {
        let body = text(self.body, row).unwrap_or_default();
        match self.body_type.value(row) {
            BODY_NONE => {}
            BODY_STRING => {
                let any_value = out.open(5);
                out.string(1, body);
                out.close(any_value);
            }
            _ => {
                let value = read_value(body).map_err(|source| ExportError::Attributes { column: c::BODY, source })?;
                write_value(out, 5, &value);
            }
        }
        Ok(())
    }
}
