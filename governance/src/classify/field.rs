//! What rules can look at.

use schemas::{Table, attribute::AttributeKey};

/// A field of a record, by its name in rule files.
#[derive(Debug, Clone)]
pub(super) enum Field {
    ScopeName,
    ServiceName,
    Resource(AttributeKey),
    /// What the `framework` entries say about the record.
    Framework,
    /// Of a span: its name.
    Name,
    /// `client`, `server`, `internal`, `producer`, `consumer`, `unspecified`.
    Kind,
    /// `unset`, `ok` or `error`.
    Status,
    /// Status message, exception message, body: each text of the record in turn.
    Text,
    /// All attributes that have no column, as JSON.
    Attributes,
    Attribute(Attribute),
    /// Of a span event, or the event name of a log record.
    EventName,
    EventAttribute(AttributeKey),
    HttpStatus,
    /// `UNAVAILABLE`.
    GrpcStatus,
    DurationNs,
    SeverityNumber,
    ExceptionType,
    /// As sent.
    MetricName,
    /// Of a point.
    Value,
    /// What the rule says the operation is; else the name of the span.
    Operation,
    /// A named group of a regex of the rule.
    Group(String),
    /// One part of what `split` cuts.
    Part,
}

/// An attribute of the record: in the JSON remainder, in a column of its own, or a member of a JSON body.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub key: String,
    pub json: AttributeKey,
    /// Position of its column in [`Table::Spans`].
    pub span_column: Option<usize>,
    pub log_column: Option<usize>,
}

impl Attribute {
    pub fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            json: AttributeKey::new(key),
            span_column: promoted(Table::Spans, key),
            log_column: promoted(Table::Logs, key),
        }
    }
}

fn promoted(table: Table, key: &str) -> Option<usize> {
    let is_of = |promoted: &&schemas::promoted::Promoted| promoted.key == key || promoted.aliases.iter().any(|alias| alias.key == key);
    let column = table.promoted().iter().find(is_of)?.column;
    table.schema().index_of(column).ok()
}

impl Field {
    /// The field of this name.
    pub fn parse(name: &str) -> Result<Self, String> {
        Ok(match name {
            "scope.name" => Self::ScopeName,
            "service.name" => Self::ServiceName,
            "framework" => Self::Framework,
            "name" => Self::Name,
            "kind" => Self::Kind,
            "status" => Self::Status,
            "text" => Self::Text,
            "attributes" => Self::Attributes,
            "event.name" => Self::EventName,
            "http_status" => Self::HttpStatus,
            "grpc_status" => Self::GrpcStatus,
            "duration_ns" => Self::DurationNs,
            "severity_number" => Self::SeverityNumber,
            "exception.type" => Self::ExceptionType,
            "metric.name" => Self::MetricName,
            "value" => Self::Value,
            "operation" => Self::Operation,
            "part" => Self::Part,
            _ => {
                let (level, key) = name.split_once('.').unwrap_or((name, ""));
                match level {
                    _ if key.is_empty() => return Err(unknown(name)),
                    "attr" => Self::Attribute(Attribute::new(key)),
                    "event_attr" => Self::EventAttribute(AttributeKey::new(key)),
                    "resource" => Self::Resource(AttributeKey::new(key)),
                    "re" => Self::Group(key.to_owned()),
                    _ => return Err(unknown(name)),
                }
            }
        })
    }
}

fn unknown(name: &str) -> String {
    format!(
        "unknown field {name:?}; known are scope.name, service.name, resource.<key>, framework, name, kind, status, text, attributes, \
         attr.<key>, event.name, event_attr.<key>, http_status, grpc_status, duration_ns, severity_number, exception.type, metric.name, \
         value, operation, part and re.<group>"
    )
}
