//! Whatever was flushed, compacted or read from the log again before, and wherever a window begins and ends.

use schemas::UnixNanos;
use serde_json::Value;

use super::{durations, row};
use crate::{
    loaded::Loaded,
    made_spans::{MIN, Made, START_NS, about, ask, made, quantile, send},
};

/// A minute begins so long after [`START_NS`].
const MINUTE: i64 = 40 * 1_000_000_000;

/// `spread`: spans and windows lie so many times as far apart.
struct Random {
    state: u64,
    spread: i64,
}

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn span(&mut self, nth: u64) -> Made {
        let (service, kind) = [("pay", 2), ("pay", 3), ("order", 2), ("batch", 1)][self.below(4) as usize];
        let at_ns = match self.below(4) {
            // The first and the last of a minute.
            0 => MINUTE + self.below(8) as i64 * MIN * self.spread - self.below(2) as i64,
            _ => self.below(9 * 60_000) as i64 * 1_000_000 * self.spread,
        };
        let name = ["charge", "refund", "SELECT"][self.below(3) as usize];
        let duration_ns = (1_000 << self.below(20)) + self.below(999) as i64;
        Made { name, failed: self.below(5) == 0, ..made(nth, nth, 0, service, kind, at_ns, duration_ns) }
    }

    fn window(&mut self) -> (i64, i64) {
        let mut end = || match self.below(3) {
            0 => MINUTE + self.below(9) as i64 * MIN * self.spread,
            1 => MINUTE + self.below(9) as i64 * MIN * self.spread + self.below(3) as i64 - 1,
            _ => self.below(10 * 60_000) as i64 * 1_000_000 * self.spread,
        };
        let (one, other) = (end(), end());
        (one.min(other), one.max(other) + 1)
    }
}

async fn check(loaded: &Loaded, spans: &[Made], (from, to): (i64, i64), when: &str) {
    let window = format!("start={}&end={}", START_NS + from, START_NS + to);
    let when = format!("{when}, {window}");
    let answer = ask(loaded, &format!("/api/v1/services?{window}&sort=name")).await;
    let all: Vec<&Made> = spans.iter().filter(|span| (from..to).contains(&span.at_ns)).collect();
    let mut names: Vec<&str> = all.iter().map(|span| span.service).collect();
    names.sort_unstable();
    names.dedup();
    let told: Vec<&str> =
        answer["services"].as_array().expect("services").iter().map(|row| row["name"].as_str().expect("a name")).collect();
    assert_eq!(told, names, "{when}");
    for name in names {
        let own: Vec<&Made> = all.iter().copied().filter(|span| span.service == name).collect();
        let entries: Vec<&Made> = own.iter().copied().filter(|span| span.kind == 2).collect();
        let calls = if entries.is_empty() { own.clone() } else { entries };
        let row = row(&answer, name);
        told_right(row, "calls", &calls, &format!("{when}, {name}"));
        assert_eq!(row["spans"].as_f64(), Some(own.len() as f64), "{when}, {name}");
        let trend: f64 = row["trend"]["count"].as_array().expect("a trend").iter().map(|count| count.as_f64().expect("a number")).sum();
        assert_eq!(trend, calls.len() as f64, "{when}, {name}");
    }
    let map = ask(loaded, &format!("/api/v1/heatmap?{window}&kind=server&buckets=20")).await;
    let cells =
        |name: &str| map["cells"][name].as_array().expect("cells").iter().map(|count| count.as_f64().expect("a number")).sum::<f64>();
    let entries = all.iter().filter(|span| span.kind == 2);
    let failed = entries.clone().filter(|span| span.failed).count();
    assert_eq!((cells("spans"), cells("errors")), (entries.count() as f64, failed as f64), "{when}");
    let answer = ask(loaded, &format!("/api/v1/services/pay/operations?{window}")).await;
    for operation in answer["operations"].as_array().expect("operations") {
        let kind = if operation["kind"] == "server" { 2 } else { 3 };
        let own = all.iter().copied().filter(|span| span.service == "pay" && operation["name"] == span.name && span.kind == kind);
        told_right(operation, "count", &own.collect::<Vec<_>>(), &format!("{when}, {}", operation["name"]));
    }
}

fn told_right(row: &Value, count: &str, spans: &[&Made], when: &str) {
    let failed = spans.iter().filter(|span| span.failed).count();
    assert_eq!((row[count].as_f64(), row["errors"].as_f64()), (Some(spans.len() as f64), Some(failed as f64)), "{when}");
    assert_eq!(row["sum_ns"], durations(spans).iter().sum::<i64>(), "{when}");
    assert!(about(&row["p95_ns"], quantile(durations(spans), 0.95)), "{when}");
}

#[tokio::test]
async fn answers_are_those_of_a_naive_recount() {
    // With the wide ones whole half hours are kept from window to window.
    for (seed, spread) in [(1, 1), (2, 1), (3, 60), (4, 60), (5, 200)] {
        let (mut random, mut loaded, mut spans) = (Random { state: seed, spread }, Loaded::empty(), Vec::new());
        let mut done = String::new();
        for _ in 0..12 {
            let sent: Vec<Made> = (0..=random.below(30)).map(|nth| random.span(spans.len() as u64 + nth + 1)).collect();
            send(&loaded, &sent);
            spans.extend(sent);
            let step = match random.below(8) {
                0 | 1 => {
                    loaded.store.flush().expect("a working disk");
                    " flush"
                }
                2 => {
                    loaded.store.flush().expect("a working disk");
                    loaded.store.compact(UnixNanos(i64::MAX)).expect("a working disk");
                    " compact"
                }
                3 => {
                    loaded = loaded.restarted();
                    " restart"
                }
                _ => " send",
            };
            done += step;
            for _ in 0..2 {
                let window = random.window();
                check(&loaded, &spans, window, &format!("seed {seed}:{done}")).await;
            }
        }
    }
}
