//! One row of the spans table to one [`Span`].

use std::collections::HashMap;

use arrow::{
    array::Array,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType, UInt32Type},
    record_batch::RecordBatch,
};
use schemas::{SpanId, columns as c, promoted};

use super::{
    columns::{BytesColumn, NumberColumn, StructsColumn, TextColumn, UnexpectedType},
    json::{self, JsonObject, ObjectText},
    promoted_keys::PromotedColumns,
    view::{EnumText, Event, Link, Scope, Span, Time},
};

/// Objects that repeat from span to span, kept once.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    objects: HashMap<String, JsonObject>,
}

impl Shared {
    fn object(&mut self, object: ObjectText) -> JsonObject {
        if let Some(known) = self.objects.get(object.members()) {
            return known.clone();
        }
        let members = object.members().to_owned();
        let finished = object.finish();
        self.objects.insert(members, finished.clone());
        finished
    }
}

/// The columns of one batch, bound once.
pub(crate) struct SpanColumns<'a> {
    span_id: BytesColumn<'a>,
    parent_span_id: BytesColumn<'a>,
    name: TextColumn<'a>,
    kind: NumberColumn<'a, Int32Type>,
    start_time: NumberColumn<'a, TimestampNanosecondType>,
    duration_ns: NumberColumn<'a, Int64Type>,
    status_code: NumberColumn<'a, Int32Type>,
    status_message: TextColumn<'a>,
    trace_state: TextColumn<'a>,
    flags: NumberColumn<'a, UInt32Type>,
    attributes: TextColumn<'a>,
    promoted: PromotedColumns<'a>,
    dropped_attributes: NumberColumn<'a, UInt32Type>,
    events: StructsColumn<'a>,
    dropped_events: NumberColumn<'a, UInt32Type>,
    links: StructsColumn<'a>,
    dropped_links: NumberColumn<'a, UInt32Type>,
    service_name: TextColumn<'a>,
    resource_attributes: TextColumn<'a>,
    resource_promoted: PromotedColumns<'a>,
    scope_name: TextColumn<'a>,
    scope_version: TextColumn<'a>,
    scope_attributes: TextColumn<'a>,
}

impl<'a> SpanColumns<'a> {
    /// # Errors
    /// When a column has another type than the spans table says.
    pub(crate) fn bind(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        Ok(Self {
            span_id: BytesColumn::of(batch, c::SPAN_ID)?,
            parent_span_id: BytesColumn::of(batch, c::PARENT_SPAN_ID)?,
            name: TextColumn::of(batch, c::NAME)?,
            kind: NumberColumn::of(batch, c::KIND)?,
            start_time: NumberColumn::of(batch, c::START_TIME)?,
            duration_ns: NumberColumn::of(batch, c::DURATION_NS)?,
            status_code: NumberColumn::of(batch, c::STATUS_CODE)?,
            status_message: TextColumn::of(batch, c::STATUS_MESSAGE)?,
            trace_state: TextColumn::of(batch, c::TRACE_STATE)?,
            flags: NumberColumn::of(batch, c::FLAGS)?,
            attributes: TextColumn::of(batch, c::ATTRIBUTES)?,
            promoted: PromotedColumns::of(batch, promoted::SPAN, c::RENAMED_KEYS)?,
            dropped_attributes: NumberColumn::of(batch, c::DROPPED_ATTRIBUTES_COUNT)?,
            events: StructsColumn::of(batch, c::EVENTS)?,
            dropped_events: NumberColumn::of(batch, c::DROPPED_EVENTS_COUNT)?,
            links: StructsColumn::of(batch, c::LINKS)?,
            dropped_links: NumberColumn::of(batch, c::DROPPED_LINKS_COUNT)?,
            service_name: TextColumn::of(batch, c::SERVICE_NAME)?,
            resource_attributes: TextColumn::of(batch, c::RESOURCE_ATTRIBUTES)?,
            resource_promoted: PromotedColumns::of(batch, promoted::RESOURCE, c::RESOURCE_RENAMED_KEYS)?,
            scope_name: TextColumn::of(batch, c::SCOPE_NAME)?,
            scope_version: TextColumn::of(batch, c::SCOPE_VERSION)?,
            scope_attributes: TextColumn::of(batch, c::SCOPE_ATTRIBUTES)?,
        })
    }

    /// The span in `row`, not placed yet; `None` when it has no id, which the table forbids.
    pub(crate) fn span(&self, row: usize, shared: &mut Shared) -> Result<Option<Span>, UnexpectedType> {
        let Some(span_id) = self.span_id.get(row).and_then(SpanId::from_slice) else { return Ok(None) };
        let start_ns = self.start_time.get(row).unwrap_or_default();
        let duration_ns = self.duration_ns.get(row).unwrap_or_default();
        Ok(Some(Span {
            span_id,
            parent_span_id: self.parent_span_id.get(row).and_then(SpanId::from_slice),
            depth: 0,
            parent_missing: false,
            name: self.name.get_owned(row).unwrap_or_default(),
            kind: EnumText::kind(self.kind.get(row).unwrap_or_default()),
            service_name: self.service_name.get_owned(row),
            start_time: Time(start_ns),
            end_time: Time(start_ns.saturating_add(duration_ns)),
            duration_ns,
            status_code: EnumText::status(self.status_code.get(row).unwrap_or_default()),
            status_message: self.status_message.get_owned(row),
            attributes: all_attributes(self.attributes.get(row), &self.promoted, row).finish(),
            dropped_attributes_count: self.dropped_attributes.get(row).unwrap_or_default(),
            events: events(&self.events, row)?,
            dropped_events_count: self.dropped_events.get(row).unwrap_or_default(),
            links: links(&self.links, row)?,
            dropped_links_count: self.dropped_links.get(row).unwrap_or_default(),
            trace_state: self.trace_state.get_owned(row),
            flags: self.flags.get(row).unwrap_or_default(),
            resource: shared.object(all_attributes(self.resource_attributes.get(row), &self.resource_promoted, row)),
            scope: Scope {
                name: self.scope_name.get_owned(row),
                version: self.scope_version.get_owned(row),
                attributes: json::object(self.scope_attributes.get(row)),
            },
        }))
    }
}

/// Promoted attributes under the keys they came with, then the remainder.
fn all_attributes(remainder: Option<&str>, promoted: &PromotedColumns<'_>, row: usize) -> ObjectText {
    let mut object = ObjectText::default();
    promoted.push_into(&mut object, row);
    object.push_members_of(remainder.unwrap_or_default());
    object
}

fn events(column: &StructsColumn<'_>, row: usize) -> Result<Vec<Event>, UnexpectedType> {
    let Some(fields) = column.get(row) else { return Ok(Vec::new()) };
    let time = NumberColumn::<TimestampNanosecondType>::of(&fields, c::TIME)?;
    let name = TextColumn::of(&fields, c::NAME)?;
    let attributes = TextColumn::of(&fields, c::ATTRIBUTES)?;
    let dropped_attributes = NumberColumn::<UInt32Type>::of(&fields, c::DROPPED_ATTRIBUTES_COUNT)?;
    let event = |index| Event {
        time: Time(time.get(index).unwrap_or_default()),
        name: name.get_owned(index).unwrap_or_default(),
        attributes: json::object(attributes.get(index)),
        dropped_attributes_count: dropped_attributes.get(index).unwrap_or_default(),
    };
    Ok((0..fields.len()).map(event).collect())
}

fn links(column: &StructsColumn<'_>, row: usize) -> Result<Vec<Link>, UnexpectedType> {
    let Some(fields) = column.get(row) else { return Ok(Vec::new()) };
    let trace_id = BytesColumn::of(&fields, c::TRACE_ID)?;
    let span_id = BytesColumn::of(&fields, c::SPAN_ID)?;
    let trace_state = TextColumn::of(&fields, c::TRACE_STATE)?;
    let flags = NumberColumn::<UInt32Type>::of(&fields, c::FLAGS)?;
    let attributes = TextColumn::of(&fields, c::ATTRIBUTES)?;
    let dropped_attributes = NumberColumn::<UInt32Type>::of(&fields, c::DROPPED_ATTRIBUTES_COUNT)?;
    let link = |index| Link {
        trace_id: trace_id.get(index).and_then(schemas::TraceId::from_slice),
        span_id: span_id.get(index).and_then(SpanId::from_slice),
        trace_state: trace_state.get_owned(index),
        flags: flags.get(index).unwrap_or_default(),
        attributes: json::object(attributes.get(index)),
        dropped_attributes_count: dropped_attributes.get(index).unwrap_or_default(),
    };
    Ok((0..fields.len()).map(link).collect())
}
