//! Whatever was flushed, joined or read from the log again before, and wherever a window begins and ends.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::UnixNanos;
use serde_json::Value;

use super::edges;
use crate::{
    loaded::Loaded,
    made_spans::{MIN, Made, START_NS, ask, made, send},
};

/// A minute begins so long after [`START_NS`].
const MINUTE: i64 = 40 * 1_000_000_000;

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// Spans of one request, in pieces that come together.
    fn request(&mut self, trace: u64) -> Vec<Vec<Made>> {
        let begin = match self.below(3) {
            // Around the turn of a minute.
            0 => MINUTE + self.below(8) as i64 * MIN - self.below(5) as i64,
            _ => self.below(9 * 60_000) as i64 * 1_000_000,
        };
        let span = |id: u64, parent: u64, service: &'static str, kind: i32| {
            let parent = if parent == 0 { 0 } else { trace * 100 + parent };
            let failed = (trace + id).is_multiple_of(4);
            Made { failed, ..made(trace, trace * 100 + id, parent, service, kind, begin + id as i64, 1_000 * id as i64 + trace as i64) }
        };
        let with = |made: Made, attributes: &[(&'static str, &'static str)]| Made { attributes: attributes.to_vec(), ..made };
        let db = |id: u64, parent: u64| with(span(id, parent, "pay", 3), &[("db.system.name", "redis"), ("server.address", "cache-1")]);
        match self.below(6) {
            0 => vec![vec![span(1, 0, "web", 2)], vec![span(2, 1, "web", 3)], vec![span(3, 2, "pay", 2)], vec![db(4, 3)]],
            1 => vec![vec![span(1, 0, "web", 3)], vec![span(2, 1, "web", 1), span(3, 2, "web", 3)], vec![span(4, 3, "pay", 2)]],
            2 => vec![vec![span(1, 0, "web", 3)], vec![span(2, 1, "web", 1), span(3, 2, "pay", 2)]],
            3 => vec![
                vec![with(span(1, 0, "web", 4), &[("messaging.system", "kafka"), ("messaging.destination.name", "mails")])],
                vec![span(2, 1, "mail", 5)],
                vec![span(3, 1, "stock", 5)],
            ],
            4 => vec![vec![span(2, 99, "pay", 2)], vec![span(3, 2, "pay", 3)]],
            _ => vec![vec![with(span(1, 0, "web", 3), &[("server.address", "tax.example")])], vec![span(2, 0, "batch", 1)]],
        }
    }

    fn window(&mut self) -> (i64, i64) {
        let mut end = || match self.below(3) {
            0 => MINUTE + self.below(9) as i64 * MIN,
            1 => MINUTE + self.below(9) as i64 * MIN + self.below(5) as i64 - 2,
            _ => self.below(10 * 60_000) as i64 * 1_000_000,
        };
        let (one, other) = (end(), end());
        (one.min(other), one.max(other) + 1)
    }
}

/// Calls, failed ones, the sum of durations, and those of which one half is known.
type Calls = BTreeMap<(String, String), (f64, f64, i64, f64)>;

/// With calls that reach nobody known, and calls of nobody known.
fn recounted(spans: &[Made], (from, to): (i64, i64)) -> (Calls, f64, f64) {
    let by_id: HashMap<u64, &Made> = spans.iter().map(|span| (span.span, span)).collect();
    let calls_somebody = |span: &Made| matches!(span.kind, 3 | 4);
    let is_entry = |span: &Made| matches!(span.kind, 2 | 5);
    let above = |span: &Made| {
        let mut here = Some(span);
        while let Some(one) = here.filter(|one| one.service == span.service && !is_entry(one)) {
            if calls_somebody(one) {
                return Some(one.span);
            }
            here = by_id.get(&one.parent).copied();
        }
        None
    };
    let counts = |span: &Made| (from..to).contains(&span.at_ns);
    let (mut calls, mut unlinked, mut orphans) = (Calls::new(), 0.0, 0.0);
    let mut add = |from: &str, to: String, span: &Made, failed: bool, one_sided: f64| {
        let sum = calls.entry((format!("service:{from}"), to)).or_default();
        *sum = (sum.0 + 1.0, sum.1 + f64::from(u8::from(failed)), sum.2 + span.duration_ns, sum.3 + one_sided);
    };
    let mut answered: HashSet<u64> = HashSet::new();
    for span in spans {
        let Some(parent) = by_id.get(&span.parent) else {
            orphans += f64::from(u8::from(counts(span) && is_entry(span) && span.parent > 0));
            continue;
        };
        if parent.service != span.service || calls_somebody(span) {
            answered.extend(above(parent));
        }
        if parent.service != span.service && counts(span) {
            let waits = parent.kind == 3;
            let seen = if waits { parent } else { span };
            add(parent.service, format!("service:{}", span.service), seen, span.failed || (waits && parent.failed), 0.0);
        }
    }
    for span in spans.iter().filter(|span| counts(span) && calls_somebody(span) && !answered.contains(&span.span)) {
        let said = |key: &str| span.attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        let to = match (said("db.system.name"), said("messaging.destination.name"), said("server.address")) {
            (Some(_), _, Some(address)) => format!("database:{address}"),
            (_, Some(topic), _) => format!("queue:{topic}"),
            (_, _, Some(address)) => format!("external:{address}"),
            _ => {
                unlinked += 1.0;
                continue;
            }
        };
        add(span.service, to, span, span.failed, 1.0);
    }
    (calls, unlinked, orphans)
}

async fn check(loaded: &Loaded, spans: &[Made], window: (i64, i64), when: &str) {
    let (start, end) = (START_NS + window.0, START_NS + window.1);
    let graph = ask(loaded, &format!("/api/v1/graph?start={start}&end={end}")).await;
    let when = format!("{when}, {window:?}");
    let number = |edge: &Value, field: &str| edge[field].as_f64().expect("a number");
    let told: Calls = edges(&graph)
        .into_iter()
        .map(|(between, edge)| {
            (between, (number(edge, "calls"), number(edge, "errors"), edge["sum_ns"].as_i64().expect("a sum"), number(edge, "one_sided")))
        })
        .collect();
    let (calls, unlinked, orphans) = recounted(spans, window);
    assert_eq!(told, calls, "{when}");
    assert_eq!((number(&graph, "unlinked"), number(&graph, "orphans")), (unlinked, orphans), "{when}");
    let nodes: BTreeMap<&str, f64> =
        graph["nodes"].as_array().expect("nodes").iter().map(|node| (node["id"].as_str().expect("an id"), number(node, "spans"))).collect();
    for service in ["web", "pay", "mail", "stock", "batch"] {
        let own = spans.iter().filter(|span| span.service == service && (window.0..window.1).contains(&span.at_ns)).count();
        assert_eq!(nodes.get(format!("service:{service}").as_str()).copied().unwrap_or_default(), own as f64, "{when}, {service}");
    }
}

#[tokio::test]
async fn answers_are_those_of_a_naive_recount() {
    for seed in 1..=3 {
        let (mut random, mut loaded) = (Random(seed), Loaded::empty());
        let mut pieces: Vec<Vec<Made>> = (1..=60).flat_map(|trace| random.request(trace)).collect();
        for place in 0..pieces.len() {
            let other = random.below(pieces.len() as u64) as usize;
            pieces.swap(place, other);
        }
        let (mut sent, mut done) = (Vec::new(), String::new());
        while !pieces.is_empty() {
            let some = pieces.len().min(1 + random.below(24) as usize);
            let spans: Vec<Made> = pieces.drain(..some).flatten().collect();
            send(&loaded, &spans);
            sent.extend(spans);
            let step = match random.below(6) {
                0..=2 => {
                    loaded.store.flush().expect("a working disk");
                    " flush"
                }
                3 => {
                    // Halves that find each other become one, none has waited long enough.
                    loaded.store.compact(UnixNanos(START_NS)).expect("a working disk");
                    " join"
                }
                4 => {
                    loaded = loaded.restarted();
                    " restart"
                }
                _ => " send",
            };
            done += step;
            for _ in 0..2 {
                let window = random.window();
                check(&loaded, &sent, window, &format!("seed {seed}:{done}")).await;
            }
        }
        loaded.store.flush().expect("a working disk");
        loaded.store.compact(UnixNanos(i64::MAX)).expect("a working disk");
        for _ in 0..4 {
            let window = random.window();
            check(&loaded, &sent, window, &format!("seed {seed}: all settled")).await;
        }
    }
}
