//! Columns of every table, after the table's own: when it arrived, from which resource and which scope. Ids 1 to 99.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(1, c::RECEIVED_AT, Kind::Time, "when the request arrived"),
    Column::optional(2, c::SERVICE_NAME, Kind::GroupText, "resource attribute `service.name`"),
    Column::optional(3, c::SERVICE_NAMESPACE, Kind::GroupText, "resource attribute `service.namespace`"),
    Column::optional(4, c::SERVICE_INSTANCE_ID, Kind::GroupText, "resource attribute `service.instance.id`"),
    Column::optional(5, c::SERVICE_VERSION, Kind::GroupText, "resource attribute `service.version`"),
    Column::optional(6, c::DEPLOYMENT_ENVIRONMENT, Kind::GroupText, "resource attribute `deployment.environment.name` or its alias"),
    Column::optional(7, c::K8S_POD_NAME, Kind::GroupText, "resource attribute `k8s.pod.name`"),
    Column::optional(8, c::K8S_NAMESPACE_NAME, Kind::GroupText, "resource attribute `k8s.namespace.name`"),
    Column::optional(9, c::HOST_NAME, Kind::GroupText, "resource attribute `host.name` or its alias"),
    Column::optional(10, c::RESOURCE_ATTRIBUTES, Kind::GroupText, "JSON object of the other resource attributes"),
    Column::optional(11, c::RESOURCE_DROPPED_ATTRIBUTES_COUNT, Kind::U32, "resource attributes the sender dropped; null when 0"),
    Column::optional(12, c::RESOURCE_SCHEMA_URL, Kind::GroupText, "schema URL of the resource"),
    Column::optional(
        13,
        c::RESOURCE_ENTITY_REFS,
        Kind::GroupText,
        "JSON array of the resource's entity references, with the field names of OTLP JSON",
    ),
    Column::optional(
        14,
        c::RESOURCE_RENAMED_KEYS,
        Kind::I64,
        "bit set: which promoted resource columns came from an alias; null when none",
    ),
    Column::optional(15, c::SCOPE_NAME, Kind::GroupText, "instrumentation scope"),
    Column::optional(16, c::SCOPE_VERSION, Kind::GroupText, "version of the instrumentation scope"),
    Column::optional(17, c::SCOPE_ATTRIBUTES, Kind::GroupText, "JSON object of the scope's attributes"),
    Column::optional(18, c::SCOPE_DROPPED_ATTRIBUTES_COUNT, Kind::U32, "scope attributes the sender dropped; null when 0"),
    Column::optional(19, c::SCOPE_SCHEMA_URL, Kind::GroupText, "schema URL of the scope's records"),
];

/// Those that derived tables have too: when and of whom. Whoever needs the rest goes to the record that the row is from.
pub const OF_DERIVED: &[Column] = COLUMNS.split_at(6).0;

/// Those of `operation_minutes`, which adds up all instances of a version.
pub const OF_OPERATION_MINUTES: &[Column] = &[COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[4], COLUMNS[5]];

/// Those of `edge_minutes` and `edge_halves`.
pub const OF_EDGES: &[Column] = &[COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[5]];
