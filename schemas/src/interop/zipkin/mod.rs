//! Zipkin's JSON, version 2, and the protobuf that says the same.
//!
//! | OpenTelemetry | Zipkin |
//! |---|---|
//! | trace, span, parent id | `traceId`, `id`, `parentId`; a trace id of 64 bits is padded with zeros on the left |
//! | resource | `service.name` is `localEndpoint.serviceName`, the rest tags |
//! | scope | tags `otel.scope.name`, `otel.scope.version` and their older names; its attributes are tags |
//! | name, start, duration | `name`, `timestamp` and `duration` in µs |
//! | kind | `kind`; internal and unspecified have none, which is read as internal |
//! | status | tag `otel.status_code`, and `error` with the message |
//! | attributes | `tags`, all of them texts; lists and maps are JSON |
//! | events | `annotations`, with attributes as `"name": {…}` |
//! | `peer.service`, `network.peer.address`, … | `remoteEndpoint`, by the specification's ranking |
//! | `network.local.address`, `network.local.port` | address of `localEndpoint` |
//!
//! In Zipkin client and server may share one span. The server's half (`shared`) becomes a span of its own below the client's, with
//! an id made of both ids, so that it is the same in every document; what the server's service did under the shared id moves below it.
//!
//! Lost on the way out: nanoseconds, types of attributes, links, trace state, flags, schema URLs, which attributes were the resource's.

mod annotation;
mod document;
mod endpoint;
mod protobuf;
mod read;
mod write;

pub use protobuf::read_protobuf;
pub use read::read;
pub use write::span_json;

const FORMAT: &str = "Zipkin";
