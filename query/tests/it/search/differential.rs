//! Generated searches against an evaluator that knows nothing but rows.

use proptest::{prelude::*, sample::select};
use schemas::Signal;
use serde_json::Value;

use super::span_ids;
use crate::loaded::Loaded;

/// What the evaluator sees of a span.
struct Span {
    id: String,
    service: Option<String>,
    name: String,
    kind: i64,
    status: i64,
    duration_ns: i64,
    levels: [Value; 3],
}

/// One test of a field, as text and as what it means.
type Leaf = (String, Box<dyn Fn(&Span) -> bool>);

#[derive(Debug, Clone)]
enum Tree {
    Leaf(usize),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
}

impl Tree {
    fn text(&self, leaves: &[Leaf]) -> String {
        let join = |parts: &[Self], with: &str| parts.iter().map(|part| part.text(leaves)).collect::<Vec<_>>().join(with);
        match self {
            Self::Leaf(index) => leaves[index % leaves.len()].0.clone(),
            Self::And(parts) => format!("({})", join(parts, " ")),
            Self::Or(parts) => format!("({})", join(parts, " OR ")),
            Self::Not(inner) => format!("NOT ({})", inner.text(leaves)),
        }
    }

    fn holds(&self, leaves: &[Leaf], span: &Span) -> bool {
        match self {
            Self::Leaf(index) => leaves[index % leaves.len()].1(span),
            Self::And(parts) => parts.iter().all(|part| part.holds(leaves, span)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(leaves, span)),
            Self::Not(inner) => !inner.holds(leaves, span),
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    (0..10_000_usize).prop_map(Tree::Leaf).prop_recursive(4, 24, 4, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![parts().prop_map(Tree::And), parts().prop_map(Tree::Or), inner.clone().prop_map(|one| Tree::Not(Box::new(one)))]
    })
}

/// `*` and `?`, by trying every way.
fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        Some(('?', rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((letter, rest)) => text.first() == Some(letter) && glob(rest, &text[1..]),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    glob(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

/// An attribute as text: of the span, else of the resource, else of the scope.
fn attribute(span: &Span, key: &str) -> Option<String> {
    span.levels.iter().find_map(|level| match level.get(key)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    })
}

/// Tests of columns, and of the attributes and values that the spans really have.
fn leaves(spans: &[Span]) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut add = |text: String, holds: Box<dyn Fn(&Span) -> bool>| leaves.push((text, holds));
    for (status, number) in [("unset", 0), ("ok", 1), ("error", 2)] {
        add(format!("status:{status}"), Box::new(move |span| span.status == number));
        add(format!("status<={status}"), Box::new(move |span| span.status <= number));
    }
    for (kind, number) in [("internal", 1), ("server", 2), ("client", 3)] {
        add(format!("kind!={kind}"), Box::new(move |span| span.kind != number));
    }
    for span in spans.iter().step_by(37) {
        let (duration, name) = (span.duration_ns, span.name.clone());
        add(format!("duration>{duration}ns"), Box::new(move |span| span.duration_ns > duration));
        add(format!("duration:[* TO {duration}]"), Box::new(move |span| span.duration_ns <= duration));
        let service = span.service.clone().unwrap_or_default();
        let pattern = format!("{}*{}", &service[..1], &service[service.len() - 1..]);
        add(format!("service:\"{service}\""), Box::new(move |span| span.service.as_ref() == Some(&service)));
        add(format!("service:{pattern}"), Box::new(move |span| span.service.as_ref().is_some_and(|service| like(&pattern, service))));
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        add(format!("name:\"{quoted}\""), Box::new(move |span| span.name == name));
        for (key, value) in span.levels.iter().filter_map(Value::as_object).flatten() {
            let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
            if !plain || !promoted_nowhere(key) {
                continue;
            }
            let of = key.clone();
            add(format!("has:\"{key}\""), Box::new(move |span| attribute(span, &of).is_some()));
            if let Some(text) =
                value.as_str().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            {
                let (of, wanted) = (key.clone(), text.to_owned());
                let equals = move |found: &str| match (found.parse::<f64>(), wanted.parse::<f64>()) {
                    (Ok(found), Ok(wanted)) => found == wanted,
                    _ => found.eq_ignore_ascii_case(&wanted) && (found == wanted || ["true", "false"].contains(&wanted.as_str())),
                };
                add(format!("\"{key}\":\"{text}\""), Box::new(move |span| attribute(span, &of).is_some_and(|found| equals(&found))));
            }
            let (of, number) = (key.clone(), value.as_f64());
            if let Some(number) = number {
                let (of, equals) = (key.clone(), move |found: &str| found.parse::<f64>() == Ok(number));
                add(format!("\"{key}\":{number}"), Box::new(move |span| attribute(span, &of).is_some_and(|found| equals(&found))));
            }
            if let Some(number) = number {
                let parsed = move |span: &Span, key: &str| attribute(span, key)?.parse::<f64>().ok();
                add(format!("\"{key}\">={number}"), Box::new(move |span| parsed(span, &of).is_some_and(|found| found >= number)));
            }
            if let Some(text) = value.as_str().filter(|text| text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())) {
                let (of, wanted) = (key.clone(), text.to_owned());
                add(format!("\"{key}\"!={text}"), Box::new(move |span| attribute(span, &of).is_some_and(|found| !found.eq(&wanted))));
                let (of, pattern) = (key.clone(), format!("*{}?", &text[..text.len().saturating_sub(1)]));
                add(format!("\"{key}\":{pattern}"), Box::new(move |span| attribute(span, &of).is_some_and(|found| like(&pattern, &found))));
            }
        }
    }
    leaves
}

/// Whether the rows' JSON has all there is of a key.
fn promoted_nowhere(key: &str) -> bool {
    let all = schemas::promoted::SPAN.iter().chain(schemas::promoted::RESOURCE);
    all.into_iter().all(|promoted| promoted.key != key && promoted.aliases.iter().all(|alias| alias.key != key))
}

async fn spans(loaded: &Loaded) -> Vec<Span> {
    let columns = "span_id, service_name, name, kind, status_code, duration_ns, attributes, resource_attributes, scope_attributes";
    let answer = loaded.sql(&format!("SELECT {columns} FROM spans")).await;
    let json = |value: &Value| value.as_str().map_or(Value::Null, |text| serde_json::from_str(text).expect("attributes are JSON"));
    let span = |row: &Value| Span {
        id: row[0].to_string(),
        service: row[1].as_str().map(str::to_owned),
        name: row[2].as_str().expect("a name").to_owned(),
        kind: row[3].as_i64().expect("a number"),
        status: row[4].as_i64().expect("a number"),
        duration_ns: row[5].as_i64().expect("a number"),
        levels: [json(&row[6]), json(&row[7]), json(&row[8])],
    };
    answer["rows"].as_array().expect("rows").iter().map(span).collect()
}

#[test]
fn generated_searches_find_what_an_evaluator_finds() {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let requests = testkit::captures::requests(testkit::captures::OTEL_DEMO_SLICE).expect("always there");
    let loaded = Loaded::empty();
    for (index, body) in requests.iter().enumerate() {
        loaded.send(Signal::Traces, body.clone());
        if index == requests.len() / 2 {
            loaded.store.flush().expect("a working disk");
        }
    }
    let spans = runtime.block_on(spans(&loaded));
    let leaves = leaves(&spans);
    assert!(spans.len() == 805 && leaves.len() > 200, "{} spans, {} leaves", spans.len(), leaves.len());

    let config = ProptestConfig { cases: 200, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    proptest!(config, |(tree in tree(), flush in select(vec![0, 0, 0, 1]))| {
        if flush == 1 {
            loaded.store.flush().expect("a working disk");
        }
        let text = tree.text(&leaves);
        let mut expected: Vec<String> = spans.iter().filter(|span| tree.holds(&leaves, span)).map(|span| span.id.clone()).collect();
        expected.sort();
        prop_assert_eq!(runtime.block_on(span_ids(&loaded, &text)), expected, "{}", text);
    });
}
