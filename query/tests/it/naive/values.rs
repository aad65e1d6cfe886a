//! What a record has under the name of a field.

use query::search::{Field, FieldName, Level, TraceField};

use super::{Record, World};
use crate::records::{Any, Attributes, Source};

#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// With the words that stand for numbers, and the ranges they stand for.
    Number {
        number: i64,
        names: Names,
    },
    Duration(i64),
    Time(i64),
    Id(String),
    List,
}

type Names = &'static [(&'static str, i64, i64)];

const STATUS: Names = &[("unset", 0, 0), ("ok", 1, 1), ("error", 2, 2)];
const KIND: Names =
    &[("unspecified", 0, 0), ("internal", 1, 1), ("server", 2, 2), ("client", 3, 3), ("producer", 4, 4), ("consumer", 5, 5)];
const SEVERITY: Names = &[
    ("unspecified", 0, 0),
    ("trace", 1, 4),
    ("debug", 5, 8),
    ("info", 9, 12),
    ("warn", 13, 16),
    ("error", 17, 20),
    ("fatal", 21, 24),
    ("warning", 13, 16),
    ("critical", 21, 24),
];

/// Keys of one meaning: the canonical one first; with each the kinds of spans in which it means the same, and whether numbers are meant.
const PROMOTED: &[(&[(&str, Kinds)], bool)] = &[
    (&[("http.request.method", ALL), ("http.method", ALL)], false),
    (&[("http.response.status_code", ALL), ("http.status_code", ALL)], true),
    (&[("server.address", ALL), ("net.peer.name", CALLER), ("net.host.name", CALLEE)], false),
    (&[("exception.type", ALL)], false),
    (&[("exception.message", ALL)], false),
];
const OF_RESOURCES: &[(&[(&str, Kinds)], bool)] = &[
    (&[("service.name", ALL)], false),
    (&[("deployment.environment.name", ALL), ("deployment.environment", ALL)], false),
    (&[("k8s.pod.name", ALL)], false),
];
type Kinds = &'static [i32];
const ALL: Kinds = &[0, 1, 2, 3, 4, 5];
const CALLER: Kinds = &[3, 4];
const CALLEE: Kinds = &[2, 5];

/// Several for the parts of events, otherwise at most one.
pub(super) fn values(world: &World<'_>, record: Record<'_>, field: &Field) -> Vec<Value> {
    let (level, key) = match &field.name {
        FieldName::Trace(field) => return of_trace(world, record, *field).into_iter().collect(),
        FieldName::Key { level, key } => (*level, key),
    };
    if let (Some(Level::Event), Record::Span(span)) = (level, record) {
        let of_event = |event: &crate::records::Event| match key.text() {
            "name" if !key.is_quoted() => Some(Value::Text(event.name.clone())),
            "time" if !key.is_quoted() => Some(Value::Time(event.time_ns)),
            key => attribute(&event.attributes, key),
        };
        return span.events.iter().filter_map(of_event).collect();
    }
    let own = if key.is_quoted() { None } else { column(record, level, key.text()) };
    own.unwrap_or_else(|| of_levels(record, level, key.text())).into_iter().collect()
}

/// `Some` when the name is that of a column, be there a value or not.
fn column(record: Record<'_>, level: Option<Level>, name: &str) -> Option<Option<Value>> {
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let id = |id: Option<String>| id.map(Value::Id);
    let (Record::Span(crate::records::Span { source, .. }) | Record::Log(crate::records::Log { source, .. })) = record;
    match (level, name) {
        (None, "service") => return Some(promoted(&source.resource, &OF_RESOURCES[0], None, 0)),
        (None, "env") => return Some(promoted(&source.resource, &OF_RESOURCES[1], None, 0)),
        (Some(Level::Scope), "name") => return Some(text(&source.scope_name)),
        (Some(Level::Scope), "version") => return Some(text(&source.scope_version)),
        _ => {}
    }
    let named = |number: i32, names| Some(Value::Number { number: number.into(), names });
    match record {
        Record::Span(span) if matches!(level, None | Some(Level::Span)) => Some(match name {
            "name" | "operation" => Some(Value::Text(span.name.clone())),
            "status" | "status_code" => named(span.status, STATUS),
            "kind" => named(span.kind, KIND),
            "duration" | "duration_ns" => Some(Value::Duration(span.duration_ns)),
            "start" | "time" => Some(Value::Time(span.start_ns)),
            "status_message" => text(&span.status_message),
            "trace_id" => id(Some(format!("{:032x}", span.trace))),
            "span_id" => id(Some(format!("{:016x}", span.id))),
            "parent" => id(span.parent.map(|parent| format!("{parent:016x}"))),
            "events" => (!span.events.is_empty()).then_some(Value::List),
            "links" => (!span.links.is_empty()).then_some(Value::List),
            _ => return None,
        }),
        Record::Log(log) if matches!(level, None | Some(Level::Log)) => Some(match name {
            "level" | "severity" => named(log.severity, SEVERITY),
            "severity_text" => text(&log.severity_text),
            "body" | "message" => log.body.as_ref().and_then(text_of).map(Value::Text),
            "event_name" => text(&log.event_name),
            "trace_id" => id(log.trace.map(|trace| format!("{trace:032x}"))),
            "span_id" => id(log.span.map(|span| format!("{span:016x}"))),
            "time" => Some(Value::Time(log.time_ns)),
            _ => return None,
        }),
        _ => None,
    }
}

/// An attribute of the level, or of the first level that has it.
fn of_levels(record: Record<'_>, level: Option<Level>, key: &str) -> Option<Value> {
    let (attributes, source, kind): (&Attributes, &Source, i32) = match record {
        Record::Span(span) => (&span.attributes, &span.source, span.kind),
        Record::Log(log) => (&log.attributes, &log.source, 0),
    };
    // The keys of spans that are not those of logs have no column there, and need none.
    let of_record = || at(attributes, PROMOTED, key, kind);
    let of_resource = || at(&source.resource, OF_RESOURCES, key, kind);
    let of_scope = || attribute(&source.scope, key);
    match level {
        Some(Level::Resource) => of_resource(),
        Some(Level::Scope) => of_scope(),
        Some(_) => of_record(),
        None if OF_RESOURCES.iter().any(|(keys, _)| keys.iter().any(|(known, _)| *known == key)) => {
            of_resource().or_else(of_record).or_else(of_scope)
        }
        None => of_record().or_else(of_resource).or_else(of_scope),
    }
}

fn at(attributes: &Attributes, table: &'static [(&'static [(&'static str, Kinds)], bool)], key: &str, kind: i32) -> Option<Value> {
    match table.iter().find(|(keys, _)| keys.iter().any(|(known, _)| *known == key)) {
        Some(meaning) => promoted(attributes, meaning, Some(key), kind),
        None => attribute(attributes, key),
    }
}

/// The value of the right type under the first of the keys that means it here; else a value of another type. With `asked` that key
/// counts everywhere, and the others only where it means the same.
fn promoted(attributes: &Attributes, (keys, numbers): &(&[(&str, Kinds)], bool), asked: Option<&str>, kind: i32) -> Option<Value> {
    let means = |kinds: Kinds| kinds.contains(&kind) || kinds == ALL;
    let right_type = |value: &Any| matches!((value, numbers), (Any::Text(_), false) | (Any::Int(_), true));
    let asked_means = asked.is_none_or(|asked| keys.iter().any(|(key, kinds)| *key == asked && means(kinds)));
    let find = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let in_column = keys.iter().filter(|(_, kinds)| means(kinds)).find_map(|(key, _)| find(key).filter(|value| right_type(value)));
    if let (true, Some(value)) = (asked_means, in_column) {
        return match value {
            Any::Int(number) => Some(Value::Number { number: *number, names: &[] }),
            other => text_of(other).map(Value::Text),
        };
    }
    let asked = asked?;
    let counts = |key: &str, kinds: Kinds| key == asked || asked_means && means(kinds);
    keys.iter().filter(|(key, kinds)| counts(key, kinds)).find_map(|(key, _)| find(key).and_then(text_of)).map(Value::Text)
}

fn attribute(attributes: &Attributes, key: &str) -> Option<Value> {
    attributes.iter().find(|(name, _)| name == key).and_then(|(_, value)| text_of(value)).map(Value::Text)
}

/// As text; nothing for an empty value.
pub(super) fn text_of(value: &Any) -> Option<String> {
    match value {
        Any::Text(text) => Some(text.clone()),
        Any::Empty => None,
        other => Some(json(other)),
    }
}

fn json(value: &Any) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("a text");
    match value {
        Any::Text(text) => quoted(text),
        Any::Int(integer) => integer.to_string(),
        Any::Double(double) => format!("{double:?}"),
        Any::Bool(boolean) => boolean.to_string(),
        Any::List(values) => format!("[{}]", values.iter().map(json).collect::<Vec<_>>().join(",")),
        Any::Map(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{}:{}", quoted(key), json(value))).collect();
            format!("{{{}}}", pairs.join(","))
        }
        Any::Empty => r#"{"$empty":true}"#.to_owned(),
    }
}

fn of_trace(world: &World<'_>, record: Record<'_>, field: TraceField) -> Option<Value> {
    let trace = record.trace()?;
    if field == TraceField::Id {
        return Some(Value::Id(format!("{trace:032x}")));
    }
    let summary = world.traces.get(&trace)?;
    let number = |count: usize| Some(Value::Number { number: count as i64, names: &[] });
    match field {
        TraceField::Id => None,
        TraceField::RootService => summary.root.as_ref()?.service.clone().map(Value::Text),
        TraceField::RootName => Some(Value::Text(summary.root.as_ref()?.name.clone())),
        TraceField::StartTime => Some(Value::Time(summary.start_ns)),
        TraceField::Duration => Some(Value::Duration(summary.end_ns - summary.start_ns)),
        TraceField::Spans => number(summary.spans),
        TraceField::Errors => number(summary.errors),
        TraceField::Services => number(summary.services.len()),
    }
}

pub(super) fn service(source: &Source) -> Option<String> {
    match source.resource.iter().find(|(key, _)| key == "service.name") {
        Some((_, Any::Text(service))) => Some(service.clone()),
        _ => None,
    }
}
