//! Error codes of services against a naive recount: quarters of an hour that are over are kept, and windows cut them anywhere.

use std::collections::BTreeMap;

use governance::{
    facts::{Amount, Facts, Source},
    tables::to_batches,
};
use schemas::UnixNanos;
use serde_json::Value;

use crate::{
    loaded::Loaded,
    made_spans::{MIN, S, START_NS, ask, loaded, made},
    overview::errors,
};

/// Within an hour and a half from 14:13:20 on, in no order.
fn mixed(seed: i64) -> Facts {
    let mut facts = Facts::default();
    for nth in 0..200_i64 {
        let pick = (nth * 7919 + seed * 104_729) % 1000;
        let mut error = errors(["5001003", "4002001", "9920001"][(pick % 3) as usize], 0, 1, S).errors.remove(0);
        error.time = UnixNanos(START_NS + (pick * 90 * MIN / 1000) + nth);
        error.emitter.service = ["pay", "order"][(pick % 2) as usize].to_owned();
        error.emitter.environment = ["prod", "staging"][(pick / 4 % 2) as usize].to_owned();
        // Logs tell of some of the same errors, and a weight of several.
        error.evidence.source = if pick % 5 == 0 { Source::Log } else { Source::Span };
        error.amount = Amount::Count(if pick % 7 == 0 { 4.0 } else { 1.0 });
        if pick % 11 == 0 {
            error.reason = std::mem::take(&mut error.code);
        }
        facts.errors.push(error);
    }
    facts
}

/// Of each service the codes of a window, by the kind of record that tells most of each, the commonest first.
fn recount(facts: &[Facts], (start, end): (i64, i64), environment: &str) -> BTreeMap<String, Vec<(String, f64)>> {
    let mut kinds: BTreeMap<(String, String), BTreeMap<Source, f64>> = BTreeMap::new();
    let within = |time: i64| (START_NS + start..START_NS + end).contains(&time);
    for error in facts.iter().flat_map(|facts| &facts.errors).filter(|error| within(error.time.0)) {
        if environment.is_empty() || error.emitter.environment == environment {
            let code = if error.code.is_empty() { &error.reason } else { &error.code };
            let Amount::Count(count) = error.amount else { panic!("all are counted") };
            let of = kinds.entry((error.emitter.service.clone(), code.clone())).or_default();
            *of.entry(error.evidence.source).or_default() += count;
        }
    }
    let mut services: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    for ((service, code), kinds) in kinds {
        let most = kinds.into_values().fold(0.0, f64::max);
        services.entry(service).or_default().push((code, most));
    }
    for codes in services.values_mut() {
        codes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
    services
}

fn told(answer: &Value) -> BTreeMap<String, Vec<(String, f64)>> {
    let of = |row: &Value| {
        let codes = row["top_codes"].as_array().expect("codes").iter();
        let codes = codes.map(|code| (code["code"].as_str().expect("a code").to_owned(), code["count"].as_f64().expect("a number")));
        (row["name"].as_str().expect("a name").to_owned(), codes.collect::<Vec<_>>())
    };
    answer["services"].as_array().expect("services").iter().map(of).filter(|(_, codes)| !codes.is_empty()).collect()
}

async fn check(loaded: &Loaded, facts: &[Facts]) -> u64 {
    let mut rows = 0;
    // In minutes after 14:13:20: over quarters, within one, over an edge of one by nanoseconds.
    for (start, end) in
        [(0, 90 * MIN), (MIN, 61 * MIN), (17 * MIN, 19 * MIN), (31 * MIN + 40 * S - 5, 31 * MIN + 40 * S + 5), (89 * MIN, 90 * MIN)]
    {
        for environment in ["", "prod", "staging"] {
            let filter = if environment.is_empty() { String::new() } else { format!("&environment={environment}") };
            let answer = ask(loaded, &format!("/api/v1/services?start={}&end={}{filter}", START_NS + start, START_NS + end)).await;
            assert_eq!(told(&answer), recount(facts, (start, end), environment), "{start} to {end} of {environment:?}");
            rows += answer["meta"]["scanned_rows"].as_u64().expect("a number");
        }
    }
    rows
}

#[tokio::test]
async fn are_the_same_wherever_a_window_begins() {
    let spans = (0..180).flat_map(|half: u64| {
        let one = |id: u64, service| made(id, id, 0, service, 2, half as i64 * MIN / 2, 1_000_000);
        let in_staging = |id, service| crate::made_spans::Made { environment: "staging", ..one(id, service) };
        [one(half * 4 + 1, "pay"), one(half * 4 + 2, "order"), in_staging(half * 4 + 3, "pay"), in_staging(half * 4 + 4, "order")]
    });
    let loaded = loaded(&spans.collect::<Vec<_>>());
    let mut facts = vec![mixed(1)];
    let keep = |facts: &Facts| loaded.append(to_batches(facts, UnixNanos(START_NS)));
    keep(&facts[0]);
    check(&loaded, &facts).await;
    loaded.store.flush().expect("a working disk");
    let (read, known) = (check(&loaded, &facts).await, check(&loaded, &facts).await);
    assert!(known < read, "{known} rows, {read} before");
    // What comes late is counted, in memory and in a block of its own.
    facts.push(mixed(2));
    keep(&facts[1]);
    check(&loaded, &facts).await;
    loaded.store.flush().expect("a working disk");
    check(&loaded, &facts).await;
}
