//! Records under their scope, and scopes under their resource.
//!
//! Rows know their resource and scope only as columns. Rows whose columns are equal belong together, whichever request or
//! block they came from: a group is found by its head, which is everything of it but the records, mostly as protobuf bytes.

use std::{collections::HashMap, hash::Hash};

use arrow::{
    array::{Int64Array, RecordBatch, UInt32Array},
    datatypes::{Int64Type, UInt32Type},
};

use super::{
    ExportError,
    attributes::{AttributeColumns, Level},
    columns::{Columns, GroupText, number},
    value,
};
use crate::{
    Table, columns as c,
    otlp::{
        attributes_json::{Value, read_value},
        encoder::Encoder,
    },
};

/// Groups in the order of their first row, found by their head.
#[derive(Debug)]
pub(super) struct Groups<H, T> {
    places: HashMap<H, usize>,
    groups: Vec<(H, T)>,
}

impl<H, T> Default for Groups<H, T> {
    fn default() -> Self {
        Self { places: HashMap::new(), groups: Vec::new() }
    }
}

impl<H: Clone + Eq + Hash, T: Default> Groups<H, T> {
    /// The place of the group with this head.
    pub fn place(&mut self, head: H) -> usize {
        if let Some(place) = self.places.get(&head) {
            return *place;
        }
        let place = self.groups.len();
        self.groups.push((head.clone(), T::default()));
        self.places.insert(head, place);
        place
    }

    pub fn at(&mut self, place: usize) -> &mut T {
        &mut self.groups[place].1
    }

    pub fn into_groups(self) -> impl Iterator<Item = (H, T)> {
        self.groups.into_iter()
    }
}

/// Records of a scope, under the scopes of a resource.
pub(super) type Resources<R> = Groups<Vec<u8>, Groups<Vec<u8>, R>>;

/// Writes every resource (field 1) with its scopes (field 2), and each scope's records as `write_records` does.
pub(super) fn write_resources<R: Default>(resources: Resources<R>, write_records: impl Fn(&mut Encoder, R)) -> Vec<u8> {
    let mut out = Encoder::default();
    for (head, scopes) in resources.into_groups() {
        let resource = out.open(1);
        out.append(&head);
        for (head, records) in scopes.into_groups() {
            let scope = out.open(2);
            out.append(&head);
            write_records(&mut out, records);
            out.close(scope);
        }
        out.close(resource);
    }
    out.into_bytes()
}

/// Finds the resource and scope of the rows of one batch.
pub(super) struct RowGroups<'a> {
    texts: Vec<GroupText<'a>>,
    resource: ResourceColumns<'a>,
    scope: ScopeColumns<'a>,
    /// Places by the identity of a row's group columns: heads are built once per group, not per row.
    known: HashMap<Vec<i64>, (usize, usize)>,
    identity: Vec<i64>,
}

struct ResourceColumns<'a> {
    attributes: AttributeColumns<'a>,
    renamed_keys: &'a Int64Array,
    dropped_attributes_count: &'a UInt32Array,
    entity_refs: GroupText<'a>,
    schema_url: GroupText<'a>,
}

struct ScopeColumns<'a> {
    attributes: AttributeColumns<'a>,
    name: GroupText<'a>,
    version: GroupText<'a>,
    dropped_attributes_count: &'a UInt32Array,
    schema_url: GroupText<'a>,
}

impl<'a> RowGroups<'a> {
    pub fn new(table: Table, batch: &'a RecordBatch) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        Ok(Self {
            texts: IDENTITY.iter().map(|column| columns.group_text(column)).collect::<Result<_, _>>()?,
            resource: ResourceColumns {
                attributes: AttributeColumns::new(table, batch, Level::Resource)?,
                renamed_keys: columns.numbers::<Int64Type>(c::RESOURCE_RENAMED_KEYS)?,
                dropped_attributes_count: columns.numbers::<UInt32Type>(c::RESOURCE_DROPPED_ATTRIBUTES_COUNT)?,
                entity_refs: columns.group_text(c::RESOURCE_ENTITY_REFS)?,
                schema_url: columns.group_text(c::RESOURCE_SCHEMA_URL)?,
            },
            scope: ScopeColumns {
                attributes: AttributeColumns::new(table, batch, Level::Scope)?,
                name: columns.group_text(c::SCOPE_NAME)?,
                version: columns.group_text(c::SCOPE_VERSION)?,
                dropped_attributes_count: columns.numbers::<UInt32Type>(c::SCOPE_DROPPED_ATTRIBUTES_COUNT)?,
                schema_url: columns.group_text(c::SCOPE_SCHEMA_URL)?,
            },
            known: HashMap::new(),
            identity: Vec::new(),
        })
    }

    /// The records that `row` belongs to.
    pub fn records<'r, R: Default>(&mut self, resources: &'r mut Resources<R>, row: usize) -> Result<&'r mut R, ExportError> {
        self.identity.clear();
        self.identity.extend(self.texts.iter().map(|texts| texts.group(row)));
        self.identity.extend([
            number(self.resource.renamed_keys, row).unwrap_or(0),
            number(self.resource.dropped_attributes_count, row).map_or(0, i64::from),
            number(self.scope.dropped_attributes_count, row).map_or(0, i64::from),
        ]);
        let (resource, scope) = match self.known.get(&self.identity) {
            Some(places) => *places,
            None => {
                let resource = resources.place(self.resource.head(row)?);
                let scope = resources.at(resource).place(self.scope.head(row)?);
                self.known.insert(self.identity.clone(), (resource, scope));
                (resource, scope)
            }
        };
        Ok(resources.at(resource).at(scope))
    }
}

/// The text columns that tell resources and scopes apart.
const IDENTITY: &[&str] = &[
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_INSTANCE_ID,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::K8S_POD_NAME,
    c::K8S_NAMESPACE_NAME,
    c::HOST_NAME,
    c::RESOURCE_ATTRIBUTES,
    c::RESOURCE_SCHEMA_URL,
    c::RESOURCE_ENTITY_REFS,
    c::SCOPE_NAME,
    c::SCOPE_VERSION,
    c::SCOPE_ATTRIBUTES,
    c::SCOPE_SCHEMA_URL,
];

impl ResourceColumns<'_> {
    /// Fields `resource` and `schema_url` of ResourceSpans, ResourceLogs and ResourceMetrics.
    fn head(&self, row: usize) -> Result<Vec<u8>, ExportError> {
        let mut out = Encoder::default();
        let resource = out.open(1);
        self.attributes.write(&mut out, 1, row)?;
        if let Some(count) = number(self.dropped_attributes_count, row) {
            out.uint64(2, count.into());
        }
        if let Some(json) = self.entity_refs.get(row) {
            write_entity_refs(&mut out, json)?;
        }
        out.close_unless_empty(1, resource);
        if let Some(url) = self.schema_url.get(row) {
            out.string(3, url);
        }
        Ok(out.into_bytes())
    }
}

impl ScopeColumns<'_> {
    /// Fields `scope` and `schema_url` of ScopeSpans, ScopeLogs and ScopeMetrics.
    fn head(&self, row: usize) -> Result<Vec<u8>, ExportError> {
        let mut out = Encoder::default();
        let scope = out.open(1);
        if let Some(name) = self.name.get(row) {
            out.string(1, name);
        }
        if let Some(version) = self.version.get(row) {
            out.string(2, version);
        }
        self.attributes.write(&mut out, 3, row)?;
        if let Some(count) = number(self.dropped_attributes_count, row) {
            out.uint64(4, count.into());
        }
        out.close_unless_empty(1, scope);
        if let Some(url) = self.schema_url.get(row) {
            out.string(3, url);
        }
        Ok(out.into_bytes())
    }
}

/// Writes the JSON array of entity references, which has the field names of OTLP JSON.
fn write_entity_refs(out: &mut Encoder, json: &str) -> Result<(), ExportError> {
    let refs = read_value(json).map_err(|source| ExportError::Attributes { column: c::RESOURCE_ENTITY_REFS, source })?;
    let Value::Array(refs) = refs else {
        return Err(ExportError::Column { column: c::RESOURCE_ENTITY_REFS });
    };
    for entity_ref in refs {
        let Value::Map(fields) = entity_ref else {
            return Err(ExportError::Column { column: c::RESOURCE_ENTITY_REFS });
        };
        let message = out.open(3);
        for (name, value) in fields {
            let number = match name.as_ref() {
                "schemaUrl" => 1,
                "type" => 2,
                "idKeys" => 3,
                "descriptionKeys" => 4,
                _ => return Err(ExportError::Column { column: c::RESOURCE_ENTITY_REFS }),
            };
            value::write_strings(out, number, &value);
        }
        out.close(message);
    }
    Ok(())
}
