//! What Loki's agents push: streams of lines under labels.
//!
//! | Loki | OpenTelemetry |
//! |---|---|
//! | labels of a stream | attributes of the resource, as they are called |
//! | the first of `service_name`, `service.name`, `service`, `app`, … (as Loki names a service itself) | `service.name` besides |
//! | timestamp | time, in ns |
//! | line | body |
//! | structured metadata | attributes of the record |
//! | `trace_id`, `span_id` in metadata; else those that the line names | trace and span id |
//! | `severity_text`, `detected_level`, `level`, … in metadata or labels | severity |
//!
//! ```text
//! json, protobuf   the two ways a push is written
//! labels           the text {a="b"} in which protobuf has labels
//! record           a stream and its lines as OTLP
//! ```

mod json;
mod labels;
mod protobuf;
mod record;

pub(super) use json::translate as translate_json;
pub(super) use protobuf::translate as translate_protobuf;

const FORMAT: &str = "Loki";
