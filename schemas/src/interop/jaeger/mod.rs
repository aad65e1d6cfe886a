//! Jaeger's JSON, as its UI saves it and its API answers it, and the thrift in which its clients say the same.
//!
//! | OpenTelemetry | Jaeger |
//! |---|---|
//! | trace, span, parent id | `traceID`, `spanID`, the reference `CHILD_OF`, which stands first |
//! | resource | `processes`: `service.name` is `serviceName`, the rest its `tags` |
//! | scope | tags `otel.scope.name`, `otel.scope.version` and their older names; its attributes are tags |
//! | name, start, duration | `operationName`, `startTime` and `duration` in µs |
//! | kind | tag `span.kind`; internal and unspecified have none, which is read as internal |
//! | status | tags `otel.status_code`, `otel.status_description`, and `error` = true |
//! | attributes | `tags` of types string, bool, int64, float64, binary; lists and maps are JSON in a string |
//! | events | `logs`, the name as the field `event`; a log without one is the event `log` |
//! | links | references `FOLLOWS_FROM`; a second `CHILD_OF` becomes a link with `opentracing.ref_type` = `child_of` |
//! | trace state, sampled flag | tag `w3c.tracestate`, `flags` |
//!
//! Lost on the way out: nanoseconds, attributes of links, schema URLs, the other flags, which attributes were the scope's.

mod batch;
mod document;
mod interpret;
mod read;
mod write;

pub(super) use batch::Batch;
pub use read::read;
pub use write::TraceJson;

const FORMAT: &str = "Jaeger";

/// Says of a link which reference it was (OpenTracing compatibility of the specification).
const REF_TYPE: &str = "opentracing.ref_type";
const CHILD_OF: &str = "CHILD_OF";
const FOLLOWS_FROM: &str = "FOLLOWS_FROM";

/// The field of a log that is the name of its event.
const EVENT: &str = "event";
/// The event of a log that names none.
const LOG: &str = "log";

/// Beyond it a reader in JavaScript loses digits; Jaeger writes such numbers as texts.
const SAFE_INTEGER_MAX: u64 = (1 << 53) - 1;
