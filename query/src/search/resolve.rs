//! Where a field of a table lives. Total: what is no column is an attribute, and an attribute nobody sent is just not found.

use schemas::{
    Table,
    column::Column,
    columns as c, every_table,
    promoted::{self, Promoted, Side},
    spans,
};

use super::{
    aliases::{aliased, record_level},
    field::{self, Field, FieldName, Level, TraceField},
};

/// The home of a field.
#[derive(Debug, Clone)]
pub enum Target {
    /// Exactly this column.
    Column(&'static Column),
    /// The value of the first holder that has one.
    Held(Vec<Holder>),
    /// A column or attribute of any event of the span.
    Event(EventPart),
    /// A property of the record's trace.
    Trace(TraceField),
}

/// One place where an attribute may be, in spans on the given side only.
#[derive(Debug, Clone)]
pub struct Holder {
    pub place: HolderPlace,
    pub side: Side,
}

#[derive(Debug, Clone)]
pub enum HolderPlace {
    Column(&'static Column),
    /// A key in a column of JSON: attributes without a column of their own, and values of another type than their column has.
    Attribute {
        json: &'static Column,
        key: String,
    },
}

#[derive(Debug, Clone)]
pub enum EventPart {
    /// A column of [`spans::EVENT`].
    Column(&'static Column),
    /// A key in the attributes of events.
    Attribute(String),
}

/// Columns that governance fills. Until it does, or where it does not, an attribute of that name says the same.
const DERIVED: [&str; 4] = [c::ERROR_CODE, c::ERROR_REASON, c::REJECTION_KIND, c::BREAKER_NAME];

/// Where `field` lives in `table`.
///
/// 1. A quoted key is an attribute. Every other key may be an alias, which means its column and nothing else, or the name of a column.
/// 2. A promoted attribute has its column first, then its keys, canonical and older, in the JSON of its level.
/// 3. Without a level: the record's attributes, then those of the resource, then those of the scope; but a key that only resources
///    have a column for (`service.name`) is looked for there first.
/// 4. `log.` and `span.` are also how some attributes begin (`log.file.path`): the whole key comes behind the key without it.
pub fn resolve(field: &Field, table: Table) -> Target {
    let (level, key) = match &field.name {
        FieldName::Trace(field) => return Target::Trace(*field),
        FieldName::Key { level, key } => (*level, key),
    };
    let of_events = level == Some(Level::Event) && table == Table::Spans;
    if key.is_quoted() {
        return if of_events {
            Target::Event(EventPart::Attribute(key.text().to_owned()))
        } else {
            Target::Held(holders(table, level, key.text()))
        };
    }
    let key = key.text();
    if of_events {
        let column = spans::EVENT.iter().find(|column| column.name == key);
        return Target::Event(column.map_or_else(|| EventPart::Attribute(key.to_owned()), EventPart::Column));
    }
    if let Some(column) = aliased(table, level, key).and_then(|name| column(table, name)) {
        return typed(column, table, level, key);
    }
    if let Some(column) = named(table, level, key) {
        return match promoted_to(table, column) {
            Some(promoted) => Target::Held(holders(table, level, promoted.key)),
            None => typed(column, table, level, key),
        };
    }
    let mut holders = holders(table, level, key);
    if level.is_some() && level == record_level(table) && is_unpromoted(&holders) {
        holders.extend(record_holders(table, &whole_key(level, key)));
    }
    Target::Held(holders)
}

fn typed(column: &'static Column, table: Table, level: Option<Level>, key: &str) -> Target {
    if !DERIVED.contains(&column.name) {
        return Target::Column(column);
    }
    let own = Holder { place: HolderPlace::Column(column), side: Side::Any };
    Target::Held(std::iter::once(own).chain(holders(table, level, key)).collect())
}

fn column(table: Table, name: &str) -> Option<&'static Column> {
    table.columns().find(|column| column.name == name)
}

/// The column of that name; behind the level of the records only one that speaks about the record itself.
fn named(table: Table, level: Option<Level>, name: &str) -> Option<&'static Column> {
    let in_every_table = |column: &Column| every_table::COLUMNS.iter().any(|other| other.name == column.name);
    column(table, name).filter(|column| level.is_none() || level == record_level(table) && !in_every_table(column))
}

fn promoted_to(table: Table, column: &Column) -> Option<&'static Promoted> {
    table.promoted().iter().chain(promoted::RESOURCE).find(|promoted| promoted.column == column.name)
}

/// Where the attribute may be, in the order of [`resolve`].
fn holders(table: Table, level: Option<Level>, key: &str) -> Vec<Holder> {
    match level {
        Some(Level::Resource) => resource_holders(table, key),
        Some(Level::Scope) => scope_holders(table, key),
        Some(_) if level == record_level(table) => record_holders(table, key),
        Some(_) => holders(table, None, &whole_key(level, key)),
        None => {
            let (record, resource) = (record_holders(table, key), resource_holders(table, key));
            let resource_first = is_unpromoted(&record) && !is_unpromoted(&resource);
            let (first, second) = if resource_first { (resource, record) } else { (record, resource) };
            first.into_iter().chain(second).chain(scope_holders(table, key)).collect()
        }
    }
}

fn record_holders(table: Table, key: &str) -> Vec<Holder> {
    of_level(table, table.promoted(), c::ATTRIBUTES, key)
}

fn resource_holders(table: Table, key: &str) -> Vec<Holder> {
    of_level(table, promoted::RESOURCE, c::RESOURCE_ATTRIBUTES, key)
}

fn scope_holders(table: Table, key: &str) -> Vec<Holder> {
    of_level(table, &[], c::SCOPE_ATTRIBUTES, key)
}

/// The column of a promoted key, then every key of the same meaning in the JSON column of the level.
///
/// An alias that means the same only on one side (`net.peer.name` is the server as its caller sees it) counts there only; asked for
/// by its own name it counts everywhere.
fn of_level(table: Table, level: &'static [Promoted], json: &str, key: &str) -> Vec<Holder> {
    let json = column(table, json).expect("every table has a JSON column per level");
    let attribute = |key: &str, side| Holder { place: HolderPlace::Attribute { json, key: key.to_owned() }, side };
    let Some((promoted, asked_side)) = level.iter().find_map(|promoted| Some((promoted, side_of(promoted, key)?))) else {
        return vec![attribute(key, Side::Any)];
    };
    let typed = column(table, promoted.column).expect("a promoted column is a column");
    let keys = std::iter::once((promoted.key, Side::Any)).chain(promoted.aliases.iter().map(|alias| (alias.key, alias.side)));
    let attributes = keys.filter_map(|(other, side)| {
        let side = if other == key { Some(Side::Any) } else { common_side(asked_side, side) };
        side.map(|side| attribute(other, side))
    });
    std::iter::once(Holder { place: HolderPlace::Column(typed), side: asked_side }).chain(attributes).collect()
}

/// On which side `key` means what the promoted column holds; `None` when it is another key.
fn side_of(promoted: &Promoted, key: &str) -> Option<Side> {
    if promoted.key == key {
        return Some(Side::Any);
    }
    promoted.aliases.iter().find(|alias| alias.key == key).map(|alias| alias.side)
}

fn common_side(one: Side, other: Side) -> Option<Side> {
    match (one, other) {
        (Side::Any, side) | (side, Side::Any) => Some(side),
        (one, other) => (one == other).then_some(one),
    }
}

fn is_unpromoted(holders: &[Holder]) -> bool {
    holders.iter().all(|holder| matches!(holder.place, HolderPlace::Attribute { .. }))
}

fn whole_key(level: Option<Level>, key: &str) -> String {
    format!("{}{key}", field::prefix(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns by name, attributes as `column/key`, a side as `@client`; events and traces after a star.
    fn check(table: Table, field: &Field, expected: &str) {
        let side = |side| match side {
            Side::Any => "",
            Side::Caller => "@caller",
            Side::Callee => "@callee",
        };
        let holder = |holder: &Holder| match &holder.place {
            HolderPlace::Column(column) => format!("{}{}", column.name, side(holder.side)),
            HolderPlace::Attribute { json, key } => format!("{}/{key}{}", json.name, side(holder.side)),
        };
        let found = match resolve(field, table) {
            Target::Column(column) => format!("={}", column.name),
            Target::Held(holders) => holders.iter().map(holder).collect::<Vec<_>>().join(" "),
            Target::Event(EventPart::Column(column)) => format!("*{}", column.name),
            Target::Event(EventPart::Attribute(key)) => format!("*attributes/{key}"),
            Target::Trace(field) => format!("*{}", field.name()),
        };
        assert_eq!(found, expected, "{field} in {table}");
    }

    fn check_typed(table: Table, text: &str, expected: &str) {
        let (level, key) = match text.split_once('.').map(|(level, key)| (Level::from_name(level), key)) {
            Some((Some(level), key)) => (Some(level), key),
            _ => (None, text),
        };
        check(table, &Field::key(level, key), expected);
    }

    #[test]
    fn columns_and_their_aliases() {
        for (text, expected) in [
            ("service", "=service_name"),
            ("env", "=deployment_environment"),
            ("status", "=status_code"),
            ("duration", "=duration_ns"),
            ("duration_ns", "=duration_ns"),
            ("name", "=name"),
            ("kind", "=kind"),
            ("trace_id", "=trace_id"),
            ("span.kind", "=kind"),
            ("span.id", "=span_id"),
            ("span.duration", "=duration_ns"),
            ("scope.name", "=scope_name"),
            ("scope.version", "=scope_version"),
            ("resource.schema_url", "=resource_schema_url"),
        ] {
            check_typed(Table::Spans, text, expected);
        }
        check_typed(Table::Logs, "level", "=severity_number");
        check_typed(Table::Logs, "log.body", "=body");
        check_typed(Table::Logs, "event.name", "=event_name");
        check_typed(Table::Logs, "span.id", "=span_id");
        check_typed(Table::Metrics, "metric", "=metric_name");
        check(Table::Spans, &Field::trace(TraceField::Duration), "*duration");
    }

    #[test]
    fn derived_columns_fall_back_to_attributes() {
        let elsewhere = "attributes/error_code resource_attributes/error_code scope_attributes/error_code";
        check_typed(Table::Spans, "error_code", &format!("error_code {elsewhere}"));
        check_typed(Table::Spans, "span.error_code", "error_code attributes/error_code");
        check_typed(Table::Logs, "code", "error_code attributes/code resource_attributes/code scope_attributes/code");
    }

    #[test]
    fn promoted_attributes() {
        let route = "http_route attributes/http.route resource_attributes/http.route scope_attributes/http.route";
        check_typed(Table::Spans, "http.route", route);
        check_typed(Table::Spans, "http_route", route);
        check_typed(Table::Spans, "span.http.route", "http_route attributes/http.route");
        check_typed(Table::Spans, "resource.http.route", "resource_attributes/http.route");
        let method = "http_request_method attributes/http.request.method attributes/http.method";
        check_typed(Table::Spans, "span.http.method", method);
        check_typed(Table::Spans, "span.http.request.method", method);
        check_typed(
            Table::Spans,
            "service.name",
            "service_name resource_attributes/service.name attributes/service.name scope_attributes/service.name",
        );
        check_typed(Table::Spans, "resource.k8s.pod.name", "k8s_pod_name resource_attributes/k8s.pod.name");
        check_typed(
            Table::Logs,
            "resource.deployment.environment",
            "deployment_environment resource_attributes/deployment.environment.name resource_attributes/deployment.environment",
        );
    }

    #[test]
    fn aliases_of_one_side_count_on_that_side() {
        check_typed(
            Table::Spans,
            "span.server.address",
            "server_address attributes/server.address attributes/net.peer.name@caller attributes/net.host.name@callee",
        );
        check_typed(Table::Spans, "span.net.peer.name", "server_address@caller attributes/server.address@caller attributes/net.peer.name");
    }

    #[test]
    fn everything_else_is_an_attribute() {
        let anywhere = |key: &str| format!("attributes/{key} resource_attributes/{key} scope_attributes/{key}");
        check_typed(Table::Spans, "order.id", &anywhere("order.id"));
        check_typed(Table::Metrics, "http.route", &anywhere("http.route"));
        check_typed(Table::Spans, "log.file.path", &anywhere("log.file.path"));
        check_typed(Table::Logs, "log.file.path", "attributes/file.path attributes/log.file.path");
        check_typed(Table::Spans, "span.type", "attributes/type attributes/span.type");
        check_typed(Table::Spans, "scope.team", "scope_attributes/team");
        check_typed(Table::Logs, "event.domain", &anywhere("event.domain"));
        check(Table::Spans, &Field::attribute(None, "name"), &anywhere("name"));
        check(Table::Spans, &Field::attribute(Some(Level::Span), "log.file.path"), "attributes/log.file.path");
    }

    #[test]
    fn events_of_a_span() {
        check_typed(Table::Spans, "event.name", "*name");
        check_typed(Table::Spans, "event.exception.type", "*attributes/exception.type");
        check(Table::Spans, &Field::attribute(Some(Level::Event), "name"), "*attributes/name");
    }
}
