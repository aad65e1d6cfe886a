//! The levels above a record: its resource and its scope, and the walk down to it.
//!
//! ```text
//! request -> resource group (resource, schema_url) -> scope group (scope, schema_url) -> record
//! ```
//!
//! A group becomes a dictionary value only when its first record is accepted, so empty groups cost nothing.

#![deny(clippy::indexing_slicing)]

use arrow::datatypes::UInt32Type;

use super::{
    arrays::{BatchBuilder, GroupKeys, NumberColumn, TextColumn},
    attributes::{Attributes, JsonObject, PromotedColumns},
    entity, keys, series, text,
    wire::{Reader, Value, WireError},
};
use crate::{UnixNanos, promoted};

/// Calls `record` with every record message of a request, in order. `groups` knows its resource and scope by then,
/// wherever in their message they come.
pub(crate) fn for_each_record<'a>(
    body: &'a [u8],
    groups: &mut Groups<'a>,
    mut record: impl FnMut(&mut Groups<'a>, &'a [u8]) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut request = Reader::new(body);
    while let Some(field) = request.field()? {
        let (1, Value::Bytes(group)) = field else { continue };
        groups.resource = Some(Header::read(group)?);
        let mut resource_group = Reader::new(group);
        while let Some(field) = resource_group.field()? {
            let (2, Value::Bytes(group)) = field else { continue };
            groups.scope = Some(Header::read(group)?);
            let mut scope_group = Reader::new(group);
            while let Some(field) = scope_group.field()? {
                if let (2, Value::Bytes(message)) = field {
                    record(groups, message)?;
                }
            }
        }
    }
    Ok(())
}

/// The part of a resource group or scope group that holds for all below it.
#[derive(Debug, Clone, Copy, Default)]
struct Header<'a> {
    message: &'a [u8],
    schema_url: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(group: &'a [u8]) -> Result<Self, WireError> {
        let mut header = Self::default();
        let mut reader = Reader::new(group);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Bytes(message)) => header.message = message,
                (3, Value::Bytes(schema_url)) => header.schema_url = schema_url,
                _ => {}
            }
        }
        Ok(header)
    }
}

/// The columns of [`common`](crate::common) under construction.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    /// Not yet written, because it has no row yet.
    resource: Option<Header<'a>>,
    scope: Option<Header<'a>>,
    /// Of the row pushed last.
    current: (Header<'a>, Header<'a>),

    resource_keys: GroupKeys,
    resource_attributes: Attributes<'a>,
    resource_promoted: PromotedColumns,
    resource_remainder: TextColumn,
    resource_dropped_attributes: NumberColumn<UInt32Type>,
    resource_schema_urls: TextColumn,
    resource_entity_refs: TextColumn,

    scope_keys: GroupKeys,
    scope_attributes: JsonObject,
    scope_names: TextColumn,
    scope_versions: TextColumn,
    scope_remainder: TextColumn,
    scope_dropped_attributes: NumberColumn<UInt32Type>,
    scope_schema_urls: TextColumn,

    pub repaired: u64,
}

impl<'a> Groups<'a> {
    pub fn new() -> Self {
        Self {
            resource: None,
            scope: None,
            current: Default::default(),
            resource_keys: GroupKeys::default(),
            resource_attributes: Attributes::new(&keys::RESOURCE),
            resource_promoted: PromotedColumns::new(promoted::RESOURCE),
            resource_remainder: TextColumn::default(),
            resource_dropped_attributes: NumberColumn::default(),
            resource_schema_urls: TextColumn::default(),
            resource_entity_refs: TextColumn::default(),
            scope_keys: GroupKeys::default(),
            scope_attributes: JsonObject::default(),
            scope_names: TextColumn::default(),
            scope_versions: TextColumn::default(),
            scope_remainder: TextColumn::default(),
            scope_dropped_attributes: NumberColumn::default(),
            scope_schema_urls: TextColumn::default(),
            repaired: 0,
        }
    }

    /// Adds an accepted row below the current resource and scope.
    #[inline]
    pub fn push_row(&mut self) -> Result<(), WireError> {
        if let Some(resource) = self.resource.take() {
            self.current.0 = resource;
            self.push_resource(resource)?;
        }
        if let Some(scope) = self.scope.take() {
            self.current.1 = scope;
            self.push_scope(scope)?;
        }
        self.resource_keys.push_row();
        self.scope_keys.push_row();
        Ok(())
    }

    /// The ordinal of the scope of the row pushed last.
    pub fn scope(&self) -> usize {
        self.scope_keys.last()
    }

    /// A hash of the resource and scope of the row pushed last, whatever the order of their attributes.
    pub fn series(&self) -> Result<u64, WireError> {
        let (resource, scope) = self.current;
        Ok(series::of_parts(&[series::of_resource(resource.message)?, series::of_scope(scope.message)?]))
    }

    pub fn finish(mut self, batch: &mut BatchBuilder, received_at: UnixNanos, rows: usize) {
        let (resources, scopes) = (self.resource_keys.finish(), self.scope_keys.finish());
        batch.push_times(vec![received_at.0; rows]);
        let renamed = self.resource_promoted.take_renamed();
        self.resource_promoted.finish_groups(batch, &resources);
        batch.push_group_text(self.resource_remainder, &resources);
        batch.push_group_numbers(self.resource_dropped_attributes, &resources);
        batch.push_group_text(self.resource_schema_urls, &resources);
        batch.push_group_text(self.resource_entity_refs, &resources);
        batch.push_group_numbers(renamed, &resources);
        batch.push_group_text(self.scope_names, &scopes);
        batch.push_group_text(self.scope_versions, &scopes);
        batch.push_group_text(self.scope_remainder, &scopes);
        batch.push_group_numbers(self.scope_dropped_attributes, &scopes);
        batch.push_group_text(self.scope_schema_urls, &scopes);
    }

    fn push_resource(&mut self, header: Header<'a>) -> Result<(), WireError> {
        let group = self.resource_keys.begin();
        self.resource_attributes.begin(0);
        let mut dropped = 0;
        let mut entity_refs = String::new();
        let mut reader = Reader::new(header.message);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Bytes(attribute)) => self.resource_attributes.push(attribute, &mut self.repaired)?,
                (2, Value::Varint(count)) => dropped = count as u32,
                (3, Value::Bytes(entity_ref)) => entity::write_json(entity_ref, &mut entity_refs, &mut self.repaired)?,
                _ => {}
            }
        }
        self.resource_dropped_attributes.set_unless_zero(group, dropped);
        self.resource_attributes.write(group, &mut self.resource_promoted, &mut self.resource_remainder, &mut self.repaired);
        if !entity_refs.is_empty() {
            entity_refs.push(']');
            self.resource_entity_refs.set(group, &entity_refs);
        }
        self.resource_schema_urls.set_unless_empty(group, &text::utf8(header.schema_url, &mut self.repaired));
        Ok(())
    }

    fn push_scope(&mut self, header: Header<'a>) -> Result<(), WireError> {
        let group = self.scope_keys.begin();
        self.scope_attributes.begin();
        let mut dropped = 0;
        let (mut name, mut version): (&[u8], &[u8]) = (&[], &[]);
        let mut reader = Reader::new(header.message);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Bytes(bytes)) => name = bytes,
                (2, Value::Bytes(bytes)) => version = bytes,
                (3, Value::Bytes(attribute)) => self.scope_attributes.push_message(attribute, &mut self.repaired)?,
                (4, Value::Varint(count)) => dropped = count as u32,
                _ => {}
            }
        }
        self.scope_dropped_attributes.set_unless_zero(group, dropped);
        self.scope_names.set_unless_empty(group, &text::utf8(name, &mut self.repaired));
        self.scope_versions.set_unless_empty(group, &text::utf8(version, &mut self.repaired));
        self.scope_attributes.write(group, &mut self.scope_remainder);
        self.scope_schema_urls.set_unless_empty(group, &text::utf8(header.schema_url, &mut self.repaired));
        Ok(())
    }
}
