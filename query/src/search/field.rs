//! The name in front of an operator: a property of the record's trace, or a key with or without its level.
//!
//! ```text
//! service            a key without a level; what it means in a table is the matter of `resolve`
//! resource.host.id   level `resource`, key `host.id`
//! "host.id"          quoted: an attribute of exactly this key, never an alias, a column or a level
//! resource."a key"   a level before a quoted key
//! trace.duration     a property of the whole trace
//! ```

use super::{
    mistake::{Mistake, excerpt},
    place::Place,
    scan,
    token::RawField,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: FieldName,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    Trace(TraceField),
    Key { level: Option<Level>, key: Key },
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Resource,
    Scope,
    Span,
    Log,
    /// An event of a span; in the table of logs, the log record.
    Event,
}

/// A property of a whole trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceField {
    Id,
    /// `service_name` of the root span.
    RootService,
    /// Name of the root span.
    RootName,
    StartTime,
    /// From the earliest start to the latest end.
    Duration,
    /// Number of spans.
    Spans,
    /// Number of spans with status error.
    Errors,
    /// Number of different services.
    Services,
}

/// The text of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    text: String,
    quoted: bool,
}

impl Level {
    pub const ALL: [Self; 5] = [Self::Resource, Self::Scope, Self::Span, Self::Log, Self::Event];

    pub fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Span => "span",
            Self::Log => "log",
            Self::Event => "event",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl TraceField {
    pub const ALL: [Self; 8] =
        [Self::Id, Self::RootService, Self::RootName, Self::StartTime, Self::Duration, Self::Spans, Self::Errors, Self::Services];

    /// As it is written after `trace.`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::RootService => "root.service",
            Self::RootName => "root.name",
            Self::StartTime => "start",
            Self::Duration => "duration",
            Self::Spans => "spans",
            Self::Errors => "errors",
            Self::Services => "services",
        }
    }

    /// Reads what other tools and our own columns call it: `rootServiceName`, `root_name`, `span_count`, `duration_ns`.
    pub fn from_name(name: &str) -> Option<Self> {
        let letters: String = name.chars().filter(|c| !matches!(c, '.' | '_')).flat_map(char::to_lowercase).collect();
        match letters.as_str() {
            "id" | "traceid" => Some(Self::Id),
            "rootservice" | "rootservicename" => Some(Self::RootService),
            "root" | "rootname" | "rootspanname" => Some(Self::RootName),
            "start" | "starttime" => Some(Self::StartTime),
            "duration" | "durationns" => Some(Self::Duration),
            "spans" | "spancount" => Some(Self::Spans),
            "errors" | "errorcount" => Some(Self::Errors),
            "services" | "servicecount" => Some(Self::Services),
            _ => None,
        }
    }
}

impl Key {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Written in quotes, or it would have been read as something else: an attribute key, taken literally.
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }
}

impl Field {
    pub fn trace(field: TraceField) -> Self {
        Self { name: FieldName::Trace(field), place: Place::default() }
    }

    /// A key as people type it; what cannot be typed so (`odd key`, without a level also `log.file.path`) is quoted.
    pub fn key(level: Option<Level>, text: &str) -> Self {
        let bare = RawField { bare: format!("{}{text}", prefix(level)), quoted: None };
        let typed = scan::is_key(&bare.bare) && !RESERVED.contains(&bare.bare.as_str());
        match Self::read(bare, Place::default()) {
            Ok(field) if typed && matches!(&field.name, FieldName::Key { level: read, .. } if *read == level) => field,
            _ => Self::attribute(level, text),
        }
    }

    /// The attribute of exactly this key, whatever else has its name.
    pub fn attribute(level: Option<Level>, text: &str) -> Self {
        let key = Key { text: text.to_owned(), quoted: true };
        Self { name: FieldName::Key { level, key }, place: Place::default() }
    }

    /// # Errors
    /// [`Mistake::UnknownTraceField`] after `trace.`.
    pub(super) fn read(raw: RawField, place: Place) -> Result<Self, Mistake> {
        let key = |level, text: &str, quoted| FieldName::Key { level, key: Key { text: text.to_owned(), quoted } };
        let bare = raw.bare.as_str();
        // `has:` asks whether there is a field, and `a->b` is an arrow: before an operator such keys need their quotes.
        let needs_quotes = bare == "has" || bare.ends_with('-');
        let name = match (&raw.quoted, bare.split_once('.')) {
            (Some(quoted), Some(("trace", _))) => return Err(Mistake::UnknownTraceField { name: excerpt(quoted) }),
            (Some(quoted), level) => key(level.and_then(|(level, _)| Level::from_name(level)), quoted, true),
            (None, Some(("trace", name))) if !name.is_empty() => {
                FieldName::Trace(TraceField::from_name(name).ok_or_else(|| Mistake::UnknownTraceField { name: excerpt(name) })?)
            }
            (None, Some((first, rest))) if !rest.is_empty() => match Level::from_name(first) {
                Some(level) => key(Some(level), rest, needs_quotes),
                None => key(None, bare, needs_quotes),
            },
            (None, _) => key(None, bare, needs_quotes),
        };
        Ok(Self { name, place })
    }
}

/// Words that are no field where a term begins.
const RESERVED: [&str; 4] = ["AND", "OR", "NOT", "has"];

/// What stands before a key of this level.
pub(super) fn prefix(level: Option<Level>) -> String {
    level.map(|level| format!("{}.", level.name())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &Field, expected: &str) {
        assert_eq!(field.to_string(), expected);
    }

    #[test]
    fn fields_are_written_as_they_are_typed() {
        check(&Field::key(None, "service"), "service");
        check(&Field::key(None, "http.request.header.x-id"), "http.request.header.x-id");
        check(&Field::key(None, "订单号"), "订单号");
        check(&Field::key(Some(Level::Resource), "k8s.pod.name"), "resource.k8s.pod.name");
        check(&Field::key(Some(Level::Event), "9"), "event.9");
        check(&Field::trace(TraceField::RootService), "trace.root.service");
    }

    #[test]
    fn what_would_be_read_otherwise_is_quoted() {
        check(&Field::key(None, "log.file.path"), r#""log.file.path""#);
        check(&Field::key(None, "trace.flags"), r#""trace.flags""#);
        check(&Field::key(None, "has"), r#""has""#);
        check(&Field::key(None, "AND"), r#""AND""#);
        check(&Field::key(None, "odd \"key\""), r#""odd \"key\"""#);
        check(&Field::key(None, ""), r#""""#);
        check(&Field::key(None, "9lives"), r#""9lives""#);
        check(&Field::key(Some(Level::Scope), "odd key"), r#"scope."odd key""#);
        check(&Field::attribute(None, "service"), r#""service""#);
    }

    #[test]
    fn trace_fields_have_many_names() {
        for field in TraceField::ALL {
            assert_eq!(TraceField::from_name(field.name()), Some(field));
        }
        let check = |name: &str, expected: Option<TraceField>| assert_eq!(TraceField::from_name(name), expected, "{name}");
        check("rootServiceName", Some(TraceField::RootService));
        check("root_name", Some(TraceField::RootName));
        check("span_count", Some(TraceField::Spans));
        check("state", None);
        check("", None);
    }
}
