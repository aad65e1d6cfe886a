//! Searches over the grammar's tree: every kind of field and test, of words, of groups and of structures.

use std::ops::Bound;

use proptest::{collection::vec, prelude::*, sample::select};
use query::search::{
    Comparison, Expr, Field, FieldTest, FreeText, FreeTextKind, Level, Pattern, Place, Predicate, Regex, Relation, Search, Step, Structure,
    TraceField, Value, Wildcard, WildcardPart,
};
use schemas::Table;

use crate::made_up;

/// What can be asked of a field.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Values, in order too.
    Text(&'static [&'static str]),
    /// Numbers, some of which have names.
    Number(&'static [&'static str]),
    /// Comparisons only.
    Measure(&'static [&'static str]),
    Id(&'static [&'static str]),
    /// Only whether there is one.
    Existence,
}

type Fields = &'static [(&'static str, Kind)];

const TEXTS: &[&str] =
    &["web", "pay", "库存", "prod", "front", "http", "GET", "POST", "u-1", "5001", "lock lost", "pay.local", "exception", "a \"b\"\\"];
const NUMBERS: &[&str] = &["0", "3", "3.5", "7", "20", "200", "403.5", "500", "-1", "1e3", "5001"];
const TYPED: &[&str] = &["3", "5001", "true", "False", "4KiB", "5kb", "1500ms", "1m", "2026-09-21T14:13:20Z", "20.0", "many"];
const DURATIONS: &[&str] = &["0ns", "1ms", "0.25ms", "150ms", "1.5s", "1m", "-1us", "1000000"];
const TIMES: &[&str] = &["2026-09-21T14:13:25Z", "2026-09-21T14:14:00.5Z", "2026-09-21T16:13:40+02:00"];
const TRACES: &[&str] = &["00000000000000000000000000000001", "00000000000000000000000000000007", "ffffffffffffffffffffffffffffffff"];
const SPANS: &[&str] = &["0000000000000001", "000000000000000a", "FFFFFFFFFFFFFFFF"];

const ANYWHERE: Fields = &[
    ("service", Kind::Text(TEXTS)),
    ("service.name", Kind::Text(TEXTS)),
    ("resource.service.name", Kind::Text(TEXTS)),
    ("env", Kind::Text(TEXTS)),
    ("deployment.environment", Kind::Text(TEXTS)),
    ("k8s.pod.name", Kind::Text(&["pay-1", "web-1"])),
    ("resource.shard", Kind::Text(TYPED)),
    ("shard", Kind::Text(TYPED)),
    ("scope.name", Kind::Text(TEXTS)),
    ("scope.team", Kind::Text(TEXTS)),
    ("team", Kind::Text(TEXTS)),
    ("user.id", Kind::Text(TEXTS)),
    ("cart.items", Kind::Text(TYPED)),
    ("cart.items", Kind::Number(NUMBERS)),
    ("price", Kind::Number(NUMBERS)),
    ("vip", Kind::Text(TYPED)),
    ("size", Kind::Text(TYPED)),
    ("timeout", Kind::Text(TYPED)),
    ("at", Kind::Text(TYPED)),
    ("error_code", Kind::Text(TYPED)),
    ("订单号", Kind::Text(&["5001-1", "5002-7"])),
    ("tags", Kind::Existence),
    ("\"name\"", Kind::Text(&["not the name"])),
    ("exception.type", Kind::Text(&["Timeout"])),
    ("exception.message", Kind::Text(TEXTS)),
    ("unknown", Kind::Text(TEXTS)),
    ("trace_id", Kind::Id(TRACES)),
    ("trace.id", Kind::Id(TRACES)),
    ("span_id", Kind::Id(SPANS)),
    ("time", Kind::Measure(TIMES)),
];

const OF_SPANS: Fields = &[
    ("name", Kind::Text(made_up::NAMES)),
    ("status", Kind::Number(&["error", "ok", "UNSET", "STATUS_CODE_ERROR", "1"])),
    ("kind", Kind::Number(&["server", "client", "SPAN_KIND_CONSUMER", "0", "2"])),
    ("duration", Kind::Measure(DURATIONS)),
    ("start", Kind::Measure(TIMES)),
    ("status_message", Kind::Text(&["the lock", "库存不足"])),
    ("parent", Kind::Id(SPANS)),
    ("events", Kind::Existence),
    ("links", Kind::Existence),
    ("event.name", Kind::Text(TEXTS)),
    ("event.exception.type", Kind::Text(&["Timeout"])),
    ("event.user.id", Kind::Text(TEXTS)),
    ("event.time", Kind::Measure(TIMES)),
    ("span.user.id", Kind::Text(TEXTS)),
    ("http.request.method", Kind::Text(TEXTS)),
    ("http.method", Kind::Text(TEXTS)),
    ("span.http.status_code", Kind::Number(NUMBERS)),
    ("http.response.status_code", Kind::Number(NUMBERS)),
    ("server.address", Kind::Text(TEXTS)),
    ("net.peer.name", Kind::Text(TEXTS)),
    ("net.host.name", Kind::Text(TEXTS)),
];

const OF_LOGS: Fields = &[
    ("body", Kind::Text(made_up::BODIES)),
    ("level", Kind::Number(&["error", "warn", "INFO", "fatal", "debug", "9", "16"])),
    ("severity_text", Kind::Text(&["INFO", "error", "警告"])),
    ("event_name", Kind::Text(&["login", "logout"])),
    ("log.user.id", Kind::Text(TEXTS)),
];

const OF_TRACES: Fields = &[
    ("trace.root.service", Kind::Text(made_up::SERVICES)),
    ("trace.root.name", Kind::Text(made_up::NAMES)),
    ("trace.duration", Kind::Measure(DURATIONS)),
    ("trace.start", Kind::Measure(TIMES)),
    ("trace.spans", Kind::Number(NUMBERS)),
    ("trace.errors", Kind::Number(&["0", "1", "2.5"])),
    ("trace.services", Kind::Number(&["1", "3", "4"])),
];

const WORDS: &[&str] = &[
    "lock",
    "LOST",
    "timeout",
    "timeouts",
    "order-42",
    "库存",
    "库存不足",
    "熔断器",
    "登录失败",
    "失败",
    "库",
    "card",
    "user_id",
    "3",
    "get",
    "5001-1",
    "nothing",
    "--",
    "00000000000000000000000000000003",
];
const PHRASES: &[&str] = &["lock lost", "登录 失败", "the lock", "order 42", "不足 订单", "was lost after", "订单order", "失败", "user id"];
const PATTERNS: &[&str] = &[r"(?i)lock\s(was\s)?lost", "[0-9]+", "^(GET|POST)", "失败$", "^.{4}$", "不足|card", "^$"];

/// A field as it is typed.
fn field(name: &str) -> Field {
    if let Some(trace) = name.strip_prefix("trace.") {
        return Field::trace(TraceField::from_name(trace).expect("a field of traces"));
    }
    if let Some(quoted) = name.strip_prefix('"') {
        return Field::attribute(None, quoted.trim_end_matches('"'));
    }
    match name.split_once('.').and_then(|(level, key)| Some((Level::from_name(level)?, key))) {
        Some((level, key)) => Field::key(Some(level), key),
        None => Field::key(None, name),
    }
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    select(vec![Equal, NotEqual, Greater, GreaterOrEqual, Less, LessOrEqual])
}

/// A text with some of it replaced.
fn wildcard(texts: &'static [&'static str]) -> impl Strategy<Value = Wildcard> {
    (select(texts), 0..4_u8, any::<prop::sample::Index>()).prop_map(|(text, shape, index)| {
        let letters: Vec<char> = text.chars().collect();
        let at = if letters.is_empty() { 0 } else { index.index(letters.len()) };
        let part = |letters: &[char]| WildcardPart::Text(letters.iter().collect());
        let (before, after) = (part(&letters[..at]), part(&letters[(at + 1).min(letters.len())..]));
        let parts = match shape {
            0 => vec![before, WildcardPart::Any],
            1 => vec![WildcardPart::Any, after],
            2 => vec![before, WildcardPart::One, after],
            _ => vec![before, WildcardPart::Any, after, WildcardPart::Any],
        };
        Wildcard::new(parts).expect("it has a wildcard")
    })
}

fn regex() -> impl Strategy<Value = Regex> {
    select(PATTERNS).prop_map(|pattern| Regex::new(pattern).expect("it parses"))
}

fn between(values: &'static [&'static str]) -> impl Strategy<Value = Predicate> {
    let bound = move || {
        (select(values), 0..3_u8).prop_map(|(value, kind)| match kind {
            0 => Bound::Included(Value::new(value)),
            1 => Bound::Excluded(Value::new(value)),
            _ => Bound::Unbounded,
        })
    };
    let bounded = |(from, to): &(Bound<Value>, Bound<Value>)| !matches!((from, to), (Bound::Unbounded, Bound::Unbounded));
    (bound(), bound()).prop_filter("bounded on a side", bounded).prop_map(|(from, to)| Predicate::Between(from, to))
}

/// `field:*` is how existence is asked for.
fn is(pattern: Pattern) -> Predicate {
    match &pattern {
        Pattern::Wildcard(wildcard) if wildcard.parts() == [WildcardPart::Any] => Predicate::Exists,
        _ => Predicate::Is(pattern),
    }
}

fn predicate(kind: Kind) -> BoxedStrategy<Predicate> {
    let value = |values| select(values).prop_map(|value: &str| Pattern::Value(Value::new(value)));
    let pattern = move |values: &'static [&'static str]| prop_oneof![3 => value(values), 1 => wildcard(values).prop_map(Pattern::Wildcard)];
    let compare = |values| (comparison(), select(values)).prop_map(|(how, value): (_, &str)| Predicate::Compare(how, Value::new(value)));
    match kind {
        Kind::Text(values) | Kind::Number(values) => prop_oneof![
            1 => Just(Predicate::Exists),
            3 => pattern(values).prop_map(is),
            2 => vec(pattern(values), 2..4).prop_map(Predicate::AnyOf),
            3 => compare(values),
            2 => between(values),
            1 => regex().prop_map(Predicate::Matches),
            1 => regex().prop_map(Predicate::MatchesNot),
        ]
        .boxed(),
        Kind::Measure(values) => prop_oneof![
            1 => Just(Predicate::Exists),
            3 => compare(values),
            2 => between(values),
            1 => vec(value(values), 2..4).prop_map(Predicate::AnyOf),
        ]
        .boxed(),
        Kind::Id(values) => prop_oneof![
            1 => Just(Predicate::Exists),
            2 => pattern(values).prop_map(is),
            1 => select(values).prop_map(|id| Predicate::Compare(Comparison::NotEqual, Value::new(id))),
            1 => regex().prop_map(Predicate::MatchesNot),
        ]
        .boxed(),
        Kind::Existence => Just(Predicate::Exists).boxed(),
    }
}

fn test(fields: Vec<(&'static str, Kind)>) -> impl Strategy<Value = Expr> {
    select(fields).prop_flat_map(|(name, kind)| {
        predicate(kind)
            .prop_map(move |predicate| Expr::Field(Box::new(FieldTest { field: field(name), predicate, place: Place::default() })))
    })
}

fn words() -> impl Strategy<Value = Expr> {
    let kind = prop_oneof![
        4 => select(WORDS).prop_map(|word| FreeTextKind::Word(word.to_owned())),
        2 => select(PHRASES).prop_map(|phrase| FreeTextKind::Phrase(phrase.to_owned())),
        2 => wildcard(&["timeouts", "lock", "order", "失败", "库存不足", "user_id"])
            .prop_filter("some text", |wildcard| wildcard.parts().iter().any(|part| matches!(part, WildcardPart::Text(_))))
            .prop_map(FreeTextKind::Wildcard),
        1 => regex().prop_map(FreeTextKind::Regex),
    ];
    kind.prop_map(|kind| Expr::Text(FreeText { kind, place: Place::default() }))
}

fn grouped(leaf: impl Strategy<Value = Expr> + 'static) -> impl Strategy<Value = Expr> {
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 2..4).prop_map(|parts| Expr::and(parts).expect("some")),
            2 => vec(inner.clone(), 2..4).prop_map(|parts| Expr::or(parts).expect("some")),
            1 => inner.prop_map(Expr::negated),
        ]
    })
}

fn fields_of(table: Table) -> Vec<(&'static str, Kind)> {
    let own = if table == Table::Spans { OF_SPANS } else { OF_LOGS };
    let anywhere = ANYWHERE.iter().filter(|(name, _)| *name != "trace.id");
    anywhere.chain(own).copied().collect()
}

fn of_traces() -> impl Strategy<Value = Expr> {
    test([OF_TRACES, &[("trace.id", Kind::Id(TRACES))]].concat())
}

/// Of spans or logs, without braces.
pub(super) fn records(table: Table) -> impl Strategy<Value = Search> {
    grouped(prop_oneof![5 => test(fields_of(table)), 3 => words(), 1 => of_traces()]).prop_map(Search::Records)
}

/// Spans below spans.
pub(super) fn structures() -> impl Strategy<Value = Search> {
    let spans = || grouped(prop_oneof![5 => test(fields_of(Table::Spans)), 1 => words()]);
    let relation = || select(vec![Relation::Child, Relation::Descendant]);
    let step = (relation(), spans()).prop_map(|(relation, spans)| Step { relation, spans });
    let traces = prop::option::weighted(0.3, grouped(of_traces()));
    (spans(), vec(step, 1..3), traces).prop_map(|(first, steps, traces)| Search::Structure(Structure { first, steps, traces }))
}
