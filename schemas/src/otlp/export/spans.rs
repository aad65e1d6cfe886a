//! Table `spans` to `TracesData`.

use arrow::{
    array::{FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array},
    datatypes::{Int32Type, Int64Type, UInt32Type},
};

use super::{
    ExportError,
    attributes::{AttributeColumns, Level, write_json},
    columns::{Columns, Lists, id, number, text},
    groups::{Resources, RowGroups, write_resources},
};
use crate::{Table, columns as c, otlp::encoder::Encoder};

pub(super) fn to_protobuf(batches: &[RecordBatch]) -> Result<Vec<u8>, ExportError> {
    let mut resources = Resources::<Encoder>::default();
    for batch in batches {
        let mut groups = RowGroups::new(Table::Spans, batch)?;
        let spans = SpanColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            spans.write(groups.records(&mut resources, row)?, row)?;
        }
    }
    Ok(write_resources(resources, |out, spans| out.append(&spans.into_bytes())))
}

struct SpanColumns<'a> {
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    trace_state: &'a StringArray,
    parent_span_id: &'a FixedSizeBinaryArray,
    flags: &'a UInt32Array,
    name: &'a StringArray,
    kind: &'a Int32Array,
    start_time: &'a TimestampNanosecondArray,
    duration_ns: &'a Int64Array,
    attributes: AttributeColumns<'a>,
    dropped_attributes_count: &'a UInt32Array,
    events: EventColumns<'a>,
    dropped_events_count: &'a UInt32Array,
    links: LinkColumns<'a>,
    dropped_links_count: &'a UInt32Array,
    status_message: &'a StringArray,
    status_code: &'a Int32Array,
}

impl<'a> SpanColumns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        Ok(Self {
            trace_id: columns.ids(c::TRACE_ID)?,
            span_id: columns.ids(c::SPAN_ID)?,
            trace_state: columns.text(c::TRACE_STATE)?,
            parent_span_id: columns.ids(c::PARENT_SPAN_ID)?,
            flags: columns.numbers::<UInt32Type>(c::FLAGS)?,
            name: columns.text(c::NAME)?,
            kind: columns.numbers::<Int32Type>(c::KIND)?,
            start_time: columns.times(c::START_TIME)?,
            duration_ns: columns.numbers::<Int64Type>(c::DURATION_NS)?,
            attributes: AttributeColumns::new(Table::Spans, batch, Level::Record)?,
            dropped_attributes_count: columns.numbers::<UInt32Type>(c::DROPPED_ATTRIBUTES_COUNT)?,
            events: EventColumns::new(columns)?,
            dropped_events_count: columns.numbers::<UInt32Type>(c::DROPPED_EVENTS_COUNT)?,
            links: LinkColumns::new(columns)?,
            dropped_links_count: columns.numbers::<UInt32Type>(c::DROPPED_LINKS_COUNT)?,
            status_message: columns.text(c::STATUS_MESSAGE)?,
            status_code: columns.numbers::<Int32Type>(c::STATUS_CODE)?,
        })
    }

    fn write(&self, out: &mut Encoder, row: usize) -> Result<(), ExportError> {
        let start_time = self.start_time.value(row);
        let span = out.open(2);
        out.bytes(1, self.trace_id.value(row));
        out.bytes(2, self.span_id.value(row));
        out.optional_string(3, text(self.trace_state, row));
        out.optional_bytes(4, id(self.parent_span_id, row));
        out.string(5, self.name.value(row));
        out.int64(6, self.kind.value(row).into());
        out.fixed64(7, start_time.cast_unsigned());
        out.fixed64(8, start_time.wrapping_add(self.duration_ns.value(row)).cast_unsigned());
        self.attributes.write(out, 9, row)?;
        out.optional_uint32(10, number(self.dropped_attributes_count, row));
        self.events.write(out, 11, row)?;
        out.optional_uint32(12, number(self.dropped_events_count, row));
        self.links.write(out, 13, row)?;
        out.optional_uint32(14, number(self.dropped_links_count, row));
        let status = out.open(15);
        out.optional_string(2, text(self.status_message, row));
        out.non_zero_int32(3, self.status_code.value(row));
        out.close_unless_empty(15, status);
        out.non_zero_fixed32(16, self.flags.value(row));
        out.close(span);
        Ok(())
    }
}

struct EventColumns<'a> {
    lists: Lists<'a>,
    time: &'a TimestampNanosecondArray,
    name: &'a StringArray,
    attributes: &'a StringArray,
    dropped_attributes_count: &'a UInt32Array,
}

impl<'a> EventColumns<'a> {
    fn new(columns: Columns<'a>) -> Result<Self, ExportError> {
        let lists = columns.struct_lists(c::EVENTS)?;
        let columns = Columns::Structs(lists.items);
        Ok(Self {
            lists,
            time: columns.times(c::TIME)?,
            name: columns.text(c::NAME)?,
            attributes: columns.text(c::ATTRIBUTES)?,
            dropped_attributes_count: columns.numbers::<UInt32Type>(c::DROPPED_ATTRIBUTES_COUNT)?,
        })
    }

    fn write(&self, out: &mut Encoder, field: u32, row: usize) -> Result<(), ExportError> {
        for item in self.lists.range(row) {
            let event = out.open(field);
            out.fixed64(1, self.time.value(item).cast_unsigned());
            out.string(2, self.name.value(item));
            write_json(out, 3, c::EVENTS, text(self.attributes, item))?;
            out.optional_uint32(4, number(self.dropped_attributes_count, item));
            out.close(event);
        }
        Ok(())
    }
}

struct LinkColumns<'a> {
    lists: Lists<'a>,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    trace_state: &'a StringArray,
    flags: &'a UInt32Array,
    attributes: &'a StringArray,
    dropped_attributes_count: &'a UInt32Array,
}

impl<'a> LinkColumns<'a> {
    fn new(columns: Columns<'a>) -> Result<Self, ExportError> {
        let lists = columns.struct_lists(c::LINKS)?;
        let columns = Columns::Structs(lists.items);
        Ok(Self {
            lists,
            trace_id: columns.ids(c::TRACE_ID)?,
            span_id: columns.ids(c::SPAN_ID)?,
            trace_state: columns.text(c::TRACE_STATE)?,
            flags: columns.numbers::<UInt32Type>(c::FLAGS)?,
            attributes: columns.text(c::ATTRIBUTES)?,
            dropped_attributes_count: columns.numbers::<UInt32Type>(c::DROPPED_ATTRIBUTES_COUNT)?,
        })
    }

    fn write(&self, out: &mut Encoder, field: u32, row: usize) -> Result<(), ExportError> {
        for item in self.lists.range(row) {
            let link = out.open(field);
            out.optional_bytes(1, id(self.trace_id, item));
            out.optional_bytes(2, id(self.span_id, item));
            out.optional_string(3, text(self.trace_state, item));
            write_json(out, 4, c::LINKS, text(self.attributes, item))?;
            out.optional_uint32(5, number(self.dropped_attributes_count, item));
            out.non_zero_fixed32(6, self.flags.value(item));
            out.close(link);
        }
        Ok(())
    }
}
