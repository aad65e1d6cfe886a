//! What a filter of Jaeger's can name of a span, and what that is compared with.

use super::super::condition::quoted;
use crate::search::Readings;

const STATUS: &[&str] = &["unset", "ok", "error"];
const KIND: &[&str] = &["unspecified", "internal", "server", "client", "producer", "consumer"];

/// The fields of a search of which any may hold the value.
#[derive(Debug)]
pub(super) struct Reference {
    name: String,
    fields: Vec<String>,
    holds: Holds,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Holds {
    /// An attribute, of whatever type it was sent.
    Anything,
    Text,
    /// Hex digits: equal or not, without an order.
    Id,
    Duration,
    Time,
    OneOf(&'static [&'static str]),
}

impl Reference {
    /// Without a level it is one of the span or its resource.
    pub(super) fn attribute(level: &str, key: &str) -> Result<Self, String> {
        let levels: &[&str] = match level {
            "" => &["span", "resource"],
            "span" => &["span"],
            "resource" => &["resource"],
            "scope" => &["scope"],
            "event" => &["event"],
            "link" => return Err("links of spans are not searched".to_owned()),
            other => return Err(format!("{other:?} is no level")),
        };
        let fields = levels.iter().map(|level| format!("{level}.{}", quoted(key))).collect();
        Ok(Self { name: key.to_owned(), fields, holds: Holds::Anything })
    }

    /// A field that the data model defines.
    pub(super) fn built_in(level: &str, name: &str) -> Result<Self, String> {
        let (field, holds) = match (level, name) {
            ("span", "traceID") => ("trace_id", Holds::Id),
            ("span", "spanID") => ("span_id", Holds::Id),
            ("span", "parentSpanID") => ("parent_span_id", Holds::Id),
            ("span", "traceState") => ("trace_state", Holds::Text),
            ("span", "name") => ("operation", Holds::Text),
            ("span", "kind") => ("kind", Holds::OneOf(KIND)),
            ("span", "startTime") => ("start_time", Holds::Time),
            ("span", "status") => ("status", Holds::OneOf(STATUS)),
            ("span", "statusMessage") => ("status_message", Holds::Text),
            ("span", "duration") => ("duration", Holds::Duration),
            ("resource", "service") => ("service", Holds::Text),
            ("resource", "schemaURL") => ("resource.schema_url", Holds::Text),
            ("scope", "name") => ("scope.name", Holds::Text),
            ("scope", "version") => ("scope.version", Holds::Text),
            ("scope", "schemaURL") => ("scope.schema_url", Holds::Text),
            ("event", "name") => ("event.name", Holds::Text),
            ("event", "time") => ("event.time", Holds::Time),
            ("span", "endTime") | ("event", "timeSinceStart") => return Err(format!("{name} of a span cannot be searched")),
            ("link", _) => return Err("links of spans are not searched".to_owned()),
            ("span" | "resource" | "scope" | "event", _) => return Err(format!("a {level} has no field {name:?}")),
            _ => return Err(format!("{level:?} is no level")),
        };
        Ok(Self { name: name.to_owned(), fields: vec![field.to_owned()], holds })
    }

    pub(super) fn exists(&self) -> String {
        any(self.fields.iter().map(|field| format!("has:{field}")))
    }

    /// It has a value, and this does not hold of any.
    pub(super) fn and_not(&self, test: &str) -> String {
        format!("({} AND -{test})", self.exists())
    }

    /// Some value is so; `literal` is a [constant](Self::constant), or a quoted pattern of `=~`.
    pub(super) fn test(&self, sign: &str, literal: &str) -> Result<String, String> {
        let name = &self.name;
        match (sign, self.holds) {
            ("=~", Holds::Duration | Holds::Time | Holds::Id | Holds::OneOf(_)) => {
                return Err(format!("{name} is no text to match a pattern"));
            }
            ("=" | "=~", _) => {}
            (_, Holds::Id | Holds::OneOf(_)) => return Err(format!("{name} has no order")),
            _ => {}
        }
        Ok(any(self.fields.iter().map(|field| format!("{field}{sign}{literal}"))))
    }

    /// A constant of this type (empty: any) as a literal of the search.
    pub(super) fn constant(&self, value: &str, kind: &str) -> Result<String, String> {
        let readings = Readings::of(value);
        let is_of_kind = match kind {
            "" | "string" => true,
            "int" => value.parse::<i64>().is_ok(),
            "double" => value.parse::<f64>().is_ok(),
            "bool" => matches!(value, "true" | "false"),
            other => return Err(format!("{other:?} is no type; there are string, int, double and bool")),
        };
        if !is_of_kind {
            return Err(format!("{value:?} is not of type {kind}"));
        }
        match self.holds {
            Holds::Duration => {
                let duration = readings.duration_ns.filter(|_| kind.is_empty() || kind == "string");
                duration.map(|ns| format!("{ns}ns")).ok_or_else(|| format!("{value:?} is not a duration; write 2s or 50us"))
            }
            Holds::Time if value.contains('T') && readings.time.is_some() => Ok(quoted(value)),
            Holds::Time => Err(format!("{value:?} is not a time; use RFC 3339")),
            Holds::OneOf(words) if !words.contains(&value) => Err(format!("{} is one of {}, not {value:?}", self.name, words.join(", "))),
            Holds::Id => Ok(quoted(&value.to_ascii_lowercase())),
            Holds::Anything | Holds::Text | Holds::OneOf(_) => Ok(quoted(value)),
        }
    }
}

fn any(tests: impl ExactSizeIterator<Item = String>) -> String {
    let is_one = tests.len() == 1;
    let joined = tests.collect::<Vec<_>>().join(" OR ");
    if is_one { joined } else { format!("({joined})") }
}
